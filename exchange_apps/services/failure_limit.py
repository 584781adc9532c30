"""Too many failed exchanges from one address for one client: wait (CONTRACT 9).

The counter is shared by all processes and decides. A process that has seen it full remembers that until the minute is
over, and so refuses the pair before it does any signature work; a process that has not finds out when it writes.
"""

from __future__ import annotations

from django.conf import settings

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import OAuthError, RateLimited
from exchange_apps.domain.ip_ranges import IPAddress
from exchange_apps.domain.receipt import Check, Receipt
from exchange_apps.services import rate_limit
from exchange_apps.services.rate_limit import Window

_blocked_until_ms: dict[str, int] = {}
_MOST_REMEMBERED = 10_000


def failure_key(address: IPAddress | None, client_id: str | None) -> str:
    return f"failures:{address}:{client_id or '-'}"


def find_blocked(key: str, *, now_ms: int) -> Window | None:
    """The failures' window when this process knows the pair to be over its limit."""
    until = _blocked_until_ms.get(key, 0)
    limit = settings.EXCHANGE_FAILURE_LIMIT
    return Window(limit, limit, -(-(until - now_ms) // 1000)) if limit and until > now_ms else None


def count_failure(key: str, *, now_ms: int) -> Window:
    """Count one failure; remembers the pair once the limit is reached."""
    window = rate_limit.spend(key, settings.EXCHANGE_FAILURE_LIMIT, now_ms=now_ms)
    if window.is_full:
        remember_blocked(key, window, now_ms=now_ms)
    return window


def remember_blocked(key: str, window: Window, *, now_ms: int) -> None:
    if len(_blocked_until_ms) >= _MOST_REMEMBERED:
        for old in [old for old, until in _blocked_until_ms.items() if until <= now_ms] or list(_blocked_until_ms):
            del _blocked_until_ms[old]
    _blocked_until_ms[key] = now_ms + window.reset * 1000


def forget_blocked() -> None:
    """For tests: a new process knows of nobody."""
    _blocked_until_ms.clear()


def limit_refusal(reason: DenialReason, window: Window, receipt: Receipt) -> OAuthError:
    """The 429 of a limit, with its row in the receipt."""
    is_failures = reason is DenialReason.FAILURE_LIMIT
    check = Check.FAILURE_LIMIT if is_failures else Check.EXCHANGE_LIMIT
    receipt.add_refused(check, expected=f"at most {window.limit} a minute", seen=str(window.used))
    headers = window.headers("exchange_failures" if is_failures else "exchange")
    return RateLimited(reason, retry_after=window.reset, headers=headers)
