"""What a URL names, read once and strictly (RFC 3986, a narrow part of it)."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import urlsplit

from exchange_apps.domain.network_addresses import IPAddress
from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchRefused

MAX_URL_CHARACTERS: Final = 2048

_PLAIN_ASCII = re.compile(r"[!-~]*")
_AUTHORITY = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send one GET. ``host`` is lower-case ASCII without brackets or a trailing dot."""

    scheme: str
    host: str
    port: int
    path: str
    """Path and query, beginning with a slash."""
    literal: IPAddress | None
    """The address when the host is written as one; nothing is looked up then."""

    @property
    def authority(self) -> str:
        """Value of the Host header (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if isinstance(self.literal, IPv6Address) else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL again, rebuilt from its parts, so that no later parser can read something else in it."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_target(url: str) -> Target:
    """Read ``url``; raises ``FetchRefused`` for anything but a plain absolute https (or http) URL.

    Characters that parsers disagree about (spaces, controls, backslashes, anything outside ASCII) are
    refused, not repaired: which host is checked and which is contacted must not depend on who reads the
    text.
    """
    if len(url) > MAX_URL_CHARACTERS:
        raise _invalid(f"it is longer than {MAX_URL_CHARACTERS} characters")
    if not _PLAIN_ASCII.fullmatch(url) or "\\" in url:
        raise _invalid("it holds a space, a backslash or a character outside ASCII (write such a host as xn--...)")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _invalid("it cannot be read as a URL") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise FetchRefused(FetchErrorCode.NOT_HTTPS, "Only https:// addresses are fetched.")
    if "@" in parts.netloc:
        raise FetchRefused(FetchErrorCode.USERINFO, "The URL must not hold a user name or password.")
    if "#" in url:
        raise _invalid("it has a fragment (#...), which is never sent to a host")
    authority = _AUTHORITY.fullmatch(parts.netloc.lower())
    if authority is None:
        raise _invalid("its host or port is missing or not in the usual form")
    port = int(authority["port"] or _DEFAULT_PORTS[parts.scheme])
    if not 0 < port < 65536:
        raise _invalid("its port is not between 1 and 65535")
    host, literal = _parse_ipv6(authority["ipv6"]) if authority["ipv6"] else _parse_name(authority["name"])
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, literal)


def _parse_ipv6(text: str) -> tuple[str, IPAddress]:
    try:
        address = IPv6Address(text)
    except ValueError:
        raise _invalid("the part in brackets is not an IPv6 address") from None
    return str(address), address


def _parse_name(text: str) -> tuple[str, IPAddress | None]:
    host = text.removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _invalid("its host name is not valid")
    if not _NUMBER.fullmatch(labels[-1]):
        return host, None
    # 127.1, 0177.0.0.1, 0x7f000001 and 2130706433 are addresses to some resolvers and names to others.
    try:
        return host, IPv4Address(host)
    except ValueError:
        raise _invalid("an IPv4 address must be written as four decimal numbers") from None


def _invalid(why: str) -> FetchRefused:
    return FetchRefused(FetchErrorCode.INVALID_URL, f"The URL cannot be used: {why}.")
