"""The periodic jobs. Each is safe to run twice at once and does nothing that an exchange depends on.

Where there is much to do each ends by itself within 45 seconds: Celery enforces no time limit in a pool of threads.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from exchange_apps.services.daily_counts import count_days
from exchange_apps.services.denial_tallies import close_tallies
from exchange_apps.services.key_use import count_key_use
from exchange_apps.services.kill_switch import revoke_late_tokens
from exchange_apps.services.pruning import prune
from exchange_apps.services.remote_keys import refresh_due
from exchange_apps.services.webhooks.rounds import deliver_due


@shared_task(name="exchange_apps.refresh_key_sets")
def refresh_key_sets() -> int:
    return refresh_due(now=timezone.now())


@shared_task(name="exchange_apps.count_key_use")
def count_key_use_task() -> int:
    return count_key_use(now=timezone.now())


@shared_task(name="exchange_apps.count_days")
def count_days_task() -> int:
    return count_days(now=timezone.now())


@shared_task(name="exchange_apps.close_denial_tallies")
def close_denial_tallies() -> int:
    return close_tallies(now=timezone.now())


@shared_task(name="exchange_apps.revoke_late_tokens")
def revoke_late_tokens_task() -> int:
    return revoke_late_tokens(now=timezone.now())


@shared_task(name="exchange_apps.deliver_webhooks")
def deliver_webhooks_task() -> int:
    return deliver_due(now=timezone.now())


@shared_task(name="exchange_apps.prune")
def prune_task() -> dict[str, int]:
    return prune(now=timezone.now())
