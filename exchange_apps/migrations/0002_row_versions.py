"""Triggers that count a row's version up whenever the row changes, by whatever way.

`services/standing.py` keeps what it read of these rows together with their versions; the mint statement compares.
"""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLES = (
    "exchange_apps_user",
    "exchange_apps_organization",
    "exchange_apps_membership",
    "exchange_apps_exchangeapplication",
)

FUNCTION = """
CREATE FUNCTION exchange_apps_count_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.version := OLD.version + 1; RETURN NEW; END $$
"""


def create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(FUNCTION)
        for table in TABLES:
            editor.execute(
                f"CREATE TRIGGER count_version BEFORE UPDATE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION exchange_apps_count_version()"
            )
        return
    for table in TABLES:
        # SQLite does not fire a trigger for what a trigger does (recursive_triggers is off)
        editor.execute(
            f"CREATE TRIGGER {table}_count_version AFTER UPDATE ON {table}"
            f" BEGIN UPDATE {table} SET version = OLD.version + 1 WHERE id = NEW.id; END"
        )


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for table in TABLES:
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER count_version ON {table}")
        else:
            editor.execute(f"DROP TRIGGER {table}_count_version")
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION exchange_apps_count_version()")


class Migration(migrations.Migration):
    dependencies = [("exchange_apps", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
