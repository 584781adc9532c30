"""The catalogue of scopes an installation starts with. Operators extend it; nothing here is removed later."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# group: (resource, label, what reading shows, what writing does); an empty text is a scope that does not exist
READ_AND_WRITE = {
    "CI/CD": (
        ("pipelines", "pipelines", "List and read pipelines", "Create, change and delete pipelines"),
        ("builds", "builds", "List and read builds", "Create builds"),
        ("build_logs", "build logs", "Read build logs", "Delete build logs"),
        ("job_env", "job environment", "Read the environment variables of jobs", ""),
        ("artifacts", "artifacts", "Read build artifacts", "Delete build artifacts"),
        ("agents", "agents", "List and read agents", "Stop agents"),
        ("clusters", "clusters", "List and read clusters and queues", "Create, change and delete clusters and queues"),
        ("pipeline_templates", "pipeline templates", "List and read pipeline templates", "Manage pipeline templates"),
        ("rules", "rules", "List and read rules", "Create and delete rules"),
    ),
    "Organization": (
        ("organizations", "organizations", "List and read organizations", "Remove members"),
        ("organization_invitations", "invitations", "List and read invitations", "Create and revoke invitations"),
        ("organization_settings", "organization settings", "Read API security settings", "Change API security settings"),
        ("organization_repository_connections", "repository connections", "Read repository connections", ""),
        ("notification_services", "notification services", "List and read services", "Manage notification services"),
        ("teams", "teams", "List teams", "Manage teams"),
        ("user", "user", "Read basic details of the user", ""),
    ),
    "Audit": (("audit_events", "audit events", "Read the audit log", ""),),
    "Security": (
        ("secrets_details", "secret details", "Read the metadata of secrets", ""),
        ("secrets", "secrets", "", "Manage secrets"),
    ),
    "Test Engine": (
        ("suites", "test suites", "List and read test suites", "Create and change test suites"),
        ("test_plan", "test plans", "Read test plans", "Create test plans"),
    ),
    "Packages": (
        ("registries", "registries", "List and read registries", "Create and change registries"),
        ("packages", "packages", "List and read packages", "Publish packages"),
    ),
    "Portals": (("portals", "portals", "List and read portals", "Create, change and delete portals"),),
}
OTHERS = (
    ("delete_registries", "Packages", "Delete registries", "Delete registries", True),
    ("delete_packages", "Packages", "Delete packages", "Delete packages", True),
    ("graphql", "GraphQL", "GraphQL", "Everything the GraphQL API can do, without limits of scope", True),
)


def catalogue() -> list[tuple[str, str, str, str, bool]]:
    """Rows of name, group, label, description, writes."""
    rows = list(OTHERS)
    for group, resources in READ_AND_WRITE.items():
        for resource, label, reading, writing in resources:
            if reading:
                rows.append((f"read_{resource}", group, f"Read {label}", reading, False))
            if writing:
                rows.append((f"write_{resource}", group, f"Write {label}", writing, True))
    return rows


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    scope = apps.get_model("exchange_apps", "Scope")
    scope.objects.bulk_create(
        scope(name=name, group=group, label=label, description=description, writes=writes)
        for name, group, label, description, writes in catalogue()
    )


class Migration(migrations.Migration):
    dependencies = [("exchange_apps", "0002_row_versions")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
