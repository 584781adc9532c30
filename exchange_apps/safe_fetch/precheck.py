"""What can be said of a URL before anything is looked up or sent: for forms and configuration files."""

from collections.abc import Sequence

from exchange_apps.domain.network_addresses import IPNetwork, refusal_reason
from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchRefused
from exchange_apps.safe_fetch.target import parse_target


def check_fetchable(url: str, allowed_networks: Sequence[IPNetwork] = ()) -> None:
    """Raises ``FetchRefused`` for a URL that `safe_fetch` would refuse whatever its host resolves to."""
    target = parse_target(url)
    if target.literal is not None and (reason := refusal_reason(target.literal, allowed_networks)):
        raise FetchRefused(FetchErrorCode.ADDRESS, f"The host {target.host} must not be contacted. {reason}")
    may_be_plain = target.literal is None or target.literal.is_loopback
    if target.scheme == "http" and not (allowed_networks and may_be_plain):
        raise FetchRefused(
            FetchErrorCode.NOT_HTTPS,
            "Only https:// addresses are fetched; http:// is for loopback networks the operator has allowed.",
        )
