"""The search index by places in the chains; what the earlier one held is made again by the job."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_search_index")]

    operations = [
        migrations.DeleteModel("SearchPosting"),
        migrations.DeleteModel("SearchBlock"),
        migrations.CreateModel(
            name="SearchChain",
            fields=[
                ("number", models.AutoField(primary_key=True, serialize=False)),
                ("chain", models.UUIDField(unique=True)),
                ("indexed_to", models.PositiveBigIntegerField(default=0)),
                ("newest_id", models.UUIDField(default=uuid.UUID(int=0))),
                ("gone_to", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="SearchPosting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "chain", "chunk", "term", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("chain", models.PositiveIntegerField()),
                ("chunk", models.PositiveIntegerField()),
                ("term", models.BinaryField(max_length=12)),
                ("places", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchToken",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "chain", "chunk", "token", "place", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("chain", models.PositiveIntegerField()),
                ("chunk", models.PositiveIntegerField()),
                ("token", models.BigIntegerField()),
                ("place", models.PositiveIntegerField()),
            ],
        ),
    ]
