"""Celery: the broker from the settings, and when each periodic job runs."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("counterfoil")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

SCHEDULE = {  # task: every so many seconds
    "audit.seal": 10,
    "audit.sign_checkpoints": 60,
    "audit.prune_log": 600,
    "audit.index": 10,
    "audit.stream": 5,
    "exchange_apps.refresh_key_sets": 30,
    "exchange_apps.count_key_use": 30,
    "exchange_apps.count_days": 30,
    "exchange_apps.close_denial_tallies": 60,
    "exchange_apps.revoke_late_tokens": 60,
    "exchange_apps.deliver_webhooks": 5,
    "exchange_apps.prune": 60,
    "oidc_issuer.rotate_signing_keys": 300,
    "oidc_issuer.prune_jobs": 300,
}
app.conf.beat_schedule = {
    name: {"task": name, "schedule": seconds, "options": {"expires": seconds}} for name, seconds in SCHEDULE.items()
}


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Django has set up logging already; connecting here stops Celery from doing it again."""
