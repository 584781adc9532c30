"""Seals, checkpoints and retentions are never changed or deleted either; and the one door of the log's triggers.

A row of `audit_auditretention` names whole sealed spans, and the DELETE triggers of events and seals let exactly those
go. Such a row is accepted only if it begins where the one before it ended, ends where a checkpoint ends, and that
checkpoint is at least 30 days old (`audit/proof/retention.py` has the same figure).
"""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

REFUSED = "audit events are never changed or deleted"
NO_SPAN = "a retention names whole sealed spans, oldest first, 30 days after their checkpoint"
TABLES = ("audit_auditseal", "audit_auditcheckpoint", "audit_auditretention")

POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place audit_auditseal;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- Two steps: an expression may name only columns that the table has
        IF TG_TABLE_NAME = 'audit_auditevent' THEN
            SELECT * INTO place FROM audit_auditseal s WHERE s.event_id = OLD.id;
        ELSIF TG_TABLE_NAME = 'audit_auditseal' THEN
            place := OLD;
        END IF;
        IF EXISTS (SELECT 1 FROM audit_auditretention r
            WHERE r.chain = place.chain AND place.sequence BETWEEN r.first_sequence AND r.last_sequence)
        THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION audit_check_retention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.first_sequence = 1 + coalesce(
            (SELECT max(last_sequence) FROM audit_auditretention WHERE chain = NEW.chain), 0)
        AND EXISTS (SELECT 1 FROM audit_auditcheckpoint WHERE chain = NEW.chain
            AND last_sequence = NEW.last_sequence AND created_at <= now() - interval '30 days')
    THEN RETURN NEW; END IF;
    RAISE EXCEPTION '{NO_SPAN}' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_whole_spans BEFORE INSERT ON audit_auditretention
    FOR EACH ROW EXECUTE FUNCTION audit_check_retention();
""" + "".join(f"""
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
""" for table in TABLES)
POSTGRESQL_REVERSE = "".join(f"""
DROP TRIGGER audit_append_only ON {table};
DROP TRIGGER audit_append_only_truncate ON {table};
""" for table in TABLES) + f"""
DROP TRIGGER audit_whole_spans ON audit_auditretention;
DROP FUNCTION audit_check_retention();
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'restrict_violation';
END $$;
"""

_REFUSE = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
# REPLACE deletes without firing the DELETE trigger: by a key, by a unique pair, or by SQLite's own row number
_COLLISIONS = {
    "audit_auditseal": "event_id = NEW.event_id OR (chain = NEW.chain AND sequence = NEW.sequence)",
    "audit_auditcheckpoint": "id = NEW.id OR (chain = NEW.chain AND first_sequence = NEW.first_sequence)"
    " OR (chain = NEW.chain AND last_sequence = NEW.last_sequence)",
    "audit_auditretention": "id = NEW.id OR (chain = NEW.chain AND last_sequence = NEW.last_sequence)",
}
SQLITE = {
    "audit_append_only_delete": f"""BEFORE DELETE ON audit_auditevent WHEN NOT EXISTS (
        SELECT 1 FROM audit_auditseal s JOIN audit_auditretention r
        ON r.chain = s.chain AND s.sequence BETWEEN r.first_sequence AND r.last_sequence WHERE s.event_id = OLD.id
    ) {_REFUSE}""",
    "audit_auditseal_delete": f"""BEFORE DELETE ON audit_auditseal WHEN NOT EXISTS (
        SELECT 1 FROM audit_auditretention r
        WHERE r.chain = OLD.chain AND OLD.sequence BETWEEN r.first_sequence AND r.last_sequence
    ) {_REFUSE}""",
    "audit_auditcheckpoint_delete": f"BEFORE DELETE ON audit_auditcheckpoint {_REFUSE}",
    "audit_auditretention_delete": f"BEFORE DELETE ON audit_auditretention {_REFUSE}",
    "audit_whole_spans": f"""BEFORE INSERT ON audit_auditretention WHEN NEW.first_sequence <> 1 + coalesce(
        (SELECT max(last_sequence) FROM audit_auditretention WHERE chain = NEW.chain), 0)
    OR NOT EXISTS (SELECT 1 FROM audit_auditcheckpoint WHERE chain = NEW.chain
        AND last_sequence = NEW.last_sequence AND created_at <= datetime('now', '-30 days'))
    BEGIN SELECT RAISE(ABORT, '{NO_SPAN}'); END""",
} | {f"{table}_update": f"BEFORE UPDATE ON {table} {_REFUSE}" for table in TABLES} | {
    f"{table}_replace": f"""BEFORE INSERT ON {table}
    WHEN EXISTS (SELECT 1 FROM {table} WHERE {same} OR rowid = NEW.rowid) {_REFUSE}"""
    for table, same in _COLLISIONS.items()
}


def create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(POSTGRESQL)
        return
    editor.execute("DROP TRIGGER audit_append_only_delete")
    for name, rule in SQLITE.items():
        editor.execute(f"CREATE TRIGGER {name} {rule}")


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(POSTGRESQL_REVERSE)
        return
    for name in SQLITE:
        editor.execute(f"DROP TRIGGER {name}")
    editor.execute(f"CREATE TRIGGER audit_append_only_delete BEFORE DELETE ON audit_auditevent {_REFUSE}")


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_seals")]
    operations = [migrations.RunPython(create, drop)]
