"""Deleted apps can be restored for a while: their row stays, their name is free."""

from django.db import migrations, models

from exchange_apps.migrations._row_versions import restore

_TABLE = "exchange_apps_exchangeapplication"


class Migration(migrations.Migration):
    dependencies = [("exchange_apps", "0007_identity_providers")]
    operations = [
        migrations.RunPython(migrations.RunPython.noop, restore(_TABLE)),
        migrations.RemoveConstraint(model_name="exchangeapplication", name="application_name_unique"),
        migrations.AddField(
            model_name="exchangeapplication",
            name="deleted_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="deleted"),
        ),
        migrations.AddConstraint(
            model_name="exchangeapplication",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)),
                fields=("organization", "name"),
                name="application_name_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="exchangeapplication",
            constraint=models.CheckConstraint(
                condition=models.Q(("deleted_at", None), ("enabled", False), _connector="OR"),
                name="application_deleted_is_disabled",
            ),
        ),
        migrations.RunPython(restore(_TABLE), migrations.RunPython.noop),
    ]
