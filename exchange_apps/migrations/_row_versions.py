"""Version triggers for tables that came after migration 0002, and their return: SQLite drops them when it rebuilds a
table for a new column."""

from __future__ import annotations

from collections.abc import Callable

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def restore(table: str) -> Callable[[StateApps, BaseDatabaseSchemaEditor], None]:
    """For `RunPython`, after columns of `table` came or, backwards, went. The trigger is that of migration 0002."""

    def run(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "sqlite":
            editor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_count_version AFTER UPDATE ON {table}"
                f" BEGIN UPDATE {table} SET version = OLD.version + 1 WHERE id = NEW.id; END"
            )

    return run


def create(table: str) -> Callable[[StateApps, BaseDatabaseSchemaEditor], None]:
    """For `RunPython`, after the table came; it goes with its trigger."""

    def run(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(
                f"CREATE TRIGGER count_version BEFORE UPDATE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION exchange_apps_count_version()"
            )
        restore(table)(apps, editor)

    return run
