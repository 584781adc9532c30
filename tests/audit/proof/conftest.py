from __future__ import annotations

import pytest
from django.db import connection

TABLES = ("auditevent", "auditseal", "auditcheckpoint", "auditretention")


@pytest.fixture
def without_triggers(db: None) -> None:
    """The database as somebody has it who owns its tables: nothing refuses. The end of the test takes that back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in TABLES:
                cursor.execute(f"ALTER TABLE audit_{table} DISABLE TRIGGER ALL")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
