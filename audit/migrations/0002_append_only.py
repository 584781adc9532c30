"""Triggers behind the append-only model: UPDATE, DELETE and (PostgreSQL) TRUNCATE of an event fail.

There is no door in them. Retention will need one, and brings it along with the rule of what may pass.
"""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

POSTGRESQL = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are never changed or deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_append_only_truncate BEFORE TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""
POSTGRESQL_REVERSE = """
DROP TRIGGER audit_append_only ON audit_auditevent;
DROP TRIGGER audit_append_only_truncate ON audit_auditevent;
DROP FUNCTION audit_refuse_change();
"""

SQLITE = (
    """CREATE TRIGGER audit_append_only_update BEFORE UPDATE ON audit_auditevent
    BEGIN SELECT RAISE(ABORT, 'audit events are never changed or deleted'); END""",
    """CREATE TRIGGER audit_append_only_delete BEFORE DELETE ON audit_auditevent
    BEGIN SELECT RAISE(ABORT, 'audit events are never changed or deleted'); END""",
    # REPLACE deletes without firing the trigger above, by the key or by SQLite's own row number
    """CREATE TRIGGER audit_append_only_replace BEFORE INSERT ON audit_auditevent
    WHEN EXISTS (SELECT 1 FROM audit_auditevent WHERE id = NEW.id OR rowid = NEW.rowid)
    BEGIN SELECT RAISE(ABORT, 'audit events are never changed or deleted'); END""",
)
SQLITE_REVERSE = (
    "DROP TRIGGER audit_append_only_update",
    "DROP TRIGGER audit_append_only_delete",
    "DROP TRIGGER audit_append_only_replace",
)


def create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in (POSTGRESQL,) if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement)


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in (POSTGRESQL_REVERSE,) if editor.connection.vendor == "postgresql" else SQLITE_REVERSE:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
