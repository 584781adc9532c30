"""What the overview, the list of apps and the list of tokens show."""

from django.db import migrations, models

from exchange_apps.migrations._row_versions import restore


class Migration(migrations.Migration):
    dependencies = [("exchange_apps", "0004_people")]
    operations = [
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner_id", models.UUIDField()),
                ("day", models.DateField(verbose_name="day")),
                ("reason", models.CharField(blank=True, max_length=64, verbose_name="reason")),
                ("count", models.PositiveBigIntegerField(verbose_name="count")),
            ],
            options={
                "verbose_name": "daily count",
                "verbose_name_plural": "daily counts",
                "indexes": [models.Index(fields=["day"], name="daily_count_by_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("owner_id", "day", "reason"), name="daily_count_unique")
                ],
            },
        ),
        migrations.RunPython(migrations.RunPython.noop, restore("exchange_apps_exchangeapplication")),
        migrations.AddField(
            model_name="exchangeapplication",
            name="created_by",
            field=models.CharField(blank=True, editable=False, max_length=320, verbose_name="created by"),
        ),
        migrations.RunPython(restore("exchange_apps_exchangeapplication"), migrations.RunPython.noop),
        migrations.AddField(
            model_name="mintedtoken",
            name="last_used_at",
            field=models.DateTimeField(null=True, verbose_name="last used"),
        ),
        migrations.AddField(
            model_name="mintedtoken",
            name="last_used_ip",
            field=models.GenericIPAddressField(null=True, verbose_name="last used from"),
        ),
        migrations.RemoveIndex(model_name="mintedtoken", name="minted_token_by_application"),
        migrations.AddIndex(
            model_name="mintedtoken",
            index=models.Index(fields=["application", "-id"], name="minted_token_by_app"),
        ),
        migrations.AddIndex(
            model_name="mintedtoken",
            index=models.Index(fields=["user", "-id"], name="minted_token_by_user"),
        ),
        migrations.AddIndex(
            model_name="mintedtoken",
            index=models.Index(
                condition=models.Q(("revoked_at__isnull", False)),
                fields=["organization", "-id"],
                name="minted_token_revoked",
            ),
        ),
    ]
