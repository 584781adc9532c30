"""``python -m tests.benchmarks.pages``: how long the server needs for each page of a large organization.

Uses the database of ``DATABASE_URL``, which must be empty or hold a crowd already. Times are those of the whole request
inside one process: middleware, queries and templates, without the network.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 - needs the settings
from django.db import connection, reset_queries  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from exchange_apps.models import ExchangeApplication, MintedToken, Organization, User  # noqa: E402
from exchange_apps.services.daily_counts import count_days  # noqa: E402
from tests.benchmarks import crowd  # noqa: E402

GOAL = 150.0  # milliseconds
BASE = f"/o/{crowd.SLUG}"
APPS, TOKENS = f"{BASE}/exchange_apps/exchangeapplication/", f"{BASE}/exchange_apps/mintedtoken/"
LOG, MEMBERS = f"{BASE}/audit/auditevent/", f"{BASE}/exchange_apps/membership/"


def pages(organization: Organization) -> Iterator[tuple[str, str, str]]:
    """What is measured: its name, who looks, and the address."""
    apps = ExchangeApplication.objects.filter(organization=organization)
    busy, idle = apps.order_by("name")[0], apps.order_by("-name")[0]
    oldest = MintedToken.objects.filter(organization=organization).order_by("pk")[5]
    yield "overview", "olga", f"{BASE}/"
    yield "overview of a member", "bob", f"{BASE}/"
    yield "apps", "olga", APPS
    yield "apps, searched", "olga", f"{APPS}?q=service-05"
    yield "apps, never used", "olga", f"{APPS}?use=never"
    yield "apps, failing keys", "olga", f"{APPS}?keys=failing"
    yield "app", "olga", f"{APPS}{busy.pk}/change/"
    yield "activity of a busy app", "olga", f"{APPS}{busy.pk}/activity/"
    yield "activity of an idle app", "olga", f"{APPS}{idle.pk}/activity/"
    yield "history of an app", "olga", f"{APPS}{idle.pk}/history/"
    yield "tokens", "olga", TOKENS
    yield "tokens, the last page", "olga", f"{TOKENS}?older={oldest.pk}"
    for state in ("live", "expired", "revoked"):
        yield f"tokens, {state}", "olga", f"{TOKENS}?state={state}"
    yield "tokens of an idle app", "olga", f"{TOKENS}?app={idle.pk}"
    yield "tokens of an idle app, live", "olga", f"{TOKENS}?app={idle.pk}&state=live"
    yield "tokens of a user with three old ones", "olga", f"{TOKENS}?user=bob@{crowd.SLUG}.test"
    yield "tokens of a key that does not exist", "olga", f"{TOKENS}?key_id=none"
    yield "my tokens", "bob", TOKENS
    yield "audit log", "olga", LOG
    yield "members", "olga", MEMBERS


def measure(client: Client, address: str, times: int) -> tuple[int, list[float], int]:
    """Status, milliseconds of each try, and how many queries one needs."""
    client.get(address)
    taken = []
    status = 0
    for _ in range(times):
        before = time.perf_counter()
        status = client.get(address).status_code
        taken.append((time.perf_counter() - before) * 1000)
    reset_queries()
    connection.force_debug_cursor = True
    client.get(address)
    queries = len(connection.queries)
    connection.force_debug_cursor = False
    return status, taken, queries


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="tokens, and events (default: a million each)")
    parser.add_argument("--times", type=int, default=9, help="requests a page (default: 9)")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    organization = Organization.objects.filter(slug=crowd.SLUG).first()
    if organization is None:
        print(f"filling with {options.rows:,} tokens and events…", file=sys.stderr)
        organization = crowd.fill(tokens=options.rows, events=options.rows)
        while count_days(now=timezone.now()):
            pass
    slow = 0
    print(f"| {connection.vendor} | median ms | slowest ms | queries |\n|---|---|---|---|")
    for name, person, address in pages(organization):
        client = Client(headers={"host": "localhost"})
        client.force_login(User.objects.get(email=f"{person}@{crowd.SLUG}.test"))
        status, taken, queries = measure(client, address, options.times)
        slow += statistics.median(taken) > GOAL or status != 200
        mark = "" if status == 200 else f" (status {status})"
        print(f"| {name}{mark} | {statistics.median(taken):.0f} | {max(taken):.0f} | {queries} |", flush=True)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
