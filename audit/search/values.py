"""The values of a search: each key's one spelling, or what is wrong with what was written."""

from __future__ import annotations

import ipaddress
import re
import uuid

from audit.search import errors
from audit.search.errors import SearchError, nearest
from audit.search.times import canonical_time
from audit.search.vocabulary import Key, known_values

MOST_VALUE_CHARACTERS = 320
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LOOKS_LIKE_A_TOKEN = re.compile(r"[A-Za-z0-9_]*_[0-9A-Za-z]{44}")
_PREFIXES = {4: range(8, 33), 6: (*range(32, 65), 128)}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def canonical(key: Key, value: str, written: str) -> str:
    """The one spelling of `value`; raises SearchError naming `written`."""
    if len(value) > MOST_VALUE_CHARACTERS:
        raise SearchError(errors.LONG_VALUE, term=written[:40] + "…", key=f"{key}:", most=MOST_VALUE_CHARACTERS)
    match key:
        case Key.TYPE | Key.OUTCOME | Key.REASON:
            return _of_the_list(key, value, written)
        case Key.IP:
            return _network(value, written)
        case Key.TOKEN:
            return _token(value, written)
        case Key.AFTER | Key.BEFORE:
            return _time(value, written)
        case Key.KID:
            return value
        case _:
            return canonical_uuid(value) or value


def canonical_uuid(text: str) -> str | None:
    """A UUID in its usual form; None where `text` is none."""
    try:
        return str(uuid.UUID(text)) if len(text) >= 32 else None
    except ValueError:
        return None


def network_of(value: str) -> Network:
    """The network of a canonical `ip` value."""
    return ipaddress.ip_network(value)


def _of_the_list(key: Key, value: str, written: str) -> str:
    known = known_values(key)
    folded = value.upper() if key is Key.TYPE else value.lower()
    if folded not in known:
        meant = nearest(folded, known)
        suggestion = f"{'-' if written.startswith('-') else ''}{key}:{meant}" if meant else ""
        raise SearchError(errors.UNKNOWN_VALUE, term=written, suggestion=suggestion, key=key.value, value=value)
    return folded


def _network(value: str, written: str) -> str:
    try:
        network = ipaddress.ip_network(value.partition("%")[0], strict=False)
    except ValueError:
        raise SearchError(errors.NOT_AN_ADDRESS, term=written, value=value) from None
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        # As the log writes them
        network = ipaddress.ip_network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    if network.prefixlen not in _PREFIXES[network.version]:
        raise SearchError(errors.ODD_NETWORK, term=written, value=value)
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _token(value: str, written: str) -> str:
    folded = value.lower()
    if _SHA256.fullmatch(folded):
        return folded
    if found := canonical_uuid(value):
        return found
    if _LOOKS_LIKE_A_TOKEN.fullmatch(value):  # not repeated, not even as the bad term
        raise SearchError(errors.A_CREDENTIAL, term=f"{Key.TOKEN}:…")
    raise SearchError(errors.NOT_A_TOKEN, term=written)


def _time(value: str, written: str) -> str:
    found = canonical_time(value)
    if found is None:
        raise SearchError(errors.NOT_A_TIME, term=written, value=value)
    return found
