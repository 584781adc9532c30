"""The public function: one URL in, one small document or one clear error out."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from typing import Final

from requests import PreparedRequest, RequestException, Response
from urllib3.exceptions import HTTPError

from exchange_apps.domain.network_addresses import IPNetwork
from exchange_apps.safe_fetch.adapter import ChannelAdapter
from exchange_apps.safe_fetch.answer import read_body
from exchange_apps.safe_fetch.channel import Channel, open_channel
from exchange_apps.safe_fetch.deadline import Deadline
from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchFailed
from exchange_apps.safe_fetch.lookup import Resolve, checked_addresses, system_addresses
from exchange_apps.safe_fetch.request import conditional_get, entity_tag
from exchange_apps.safe_fetch.target import parse_target

MAX_BYTES: Final = 65_536
TOTAL_TIMEOUT: Final = 5.0

_AWAITING_ANSWER = "waiting for the whole answer"
# What the HTTP libraries raise for an answer they cannot read; some of it escapes the outermost wrapper.
_UNREADABLE = (RequestException, HTTPError, HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """What a host answered. The header values are its own words: present or not, sane or not."""

    status: int
    """200, or 304 when the caller's entity tag still holds; the body is empty then."""
    body: bytes
    content_type: str | None
    etag: str | None
    """An entity tag fit to be sent back (RFC 9110, 8.8.3); with a 304, the caller's own if the host gave
    none."""
    cache_control: str | None
    elapsed: float
    """Seconds, from before the name lookup to the last byte."""
    address: str
    """The address that was contacted."""


def safe_fetch(
    url: str,
    *,
    allowed_networks: Sequence[IPNetwork] = (),
    etag: str | None = None,
    max_bytes: int = MAX_BYTES,
    total_timeout: float = TOTAL_TIMEOUT,
    user_agent: str = "Counterfoil",
    ca_bundle: str | None = None,
    resolve: Resolve = system_addresses,
) -> FetchedDocument:
    """GET a URL that a customer chose, without letting it lead anywhere but to a public https host.

    The name is looked up once, every address found is judged, and only those are connected to. Redirects,
    proxies, cookies and compressed answers are not supported. ``total_timeout`` (seconds) covers everything
    from the lookup to the last byte; at most ``max_bytes`` + 1 of the body are read. An address inside
    ``allowed_networks`` is accepted whatever it is; a loopback one of them also over http. ``ca_bundle`` is
    the path of a PEM file to trust instead of the usual authorities, read once per process.

    Raises ``FetchRefused`` when policy forbids it and nothing was sent, ``FetchFailed`` when it was tried
    and did not work out, ``OSError`` when ``ca_bundle`` cannot be read.
    """
    deadline = Deadline(total_timeout)
    target = parse_target(url)
    sent_etag = entity_tag(etag)
    request = conditional_get(target, user_agent=user_agent, etag=sent_etag)
    addresses = checked_addresses(target, allowed_networks, resolve, deadline)
    with open_channel(target, addresses, deadline, ca_bundle) as channel:
        response, body = _exchange(channel, request, deadline, sent_etag is not None, max_bytes)
    return FetchedDocument(
        status=response.status_code,
        body=body,
        content_type=response.headers.get("Content-Type"),
        etag=entity_tag(response.headers.get("ETag")) or (sent_etag if response.status_code == 304 else None),
        cache_control=response.headers.get("Cache-Control"),
        elapsed=deadline.elapsed,
        address=str(channel.address),
    )


def _exchange(
    channel: Channel, request: PreparedRequest, deadline: Deadline, conditional: bool, max_bytes: int
) -> tuple[Response, bytes]:
    timeout = deadline.remaining(_AWAITING_ANSWER)
    try:
        with closing(ChannelAdapter(channel.socket).send(request, stream=True, timeout=timeout)) as response:
            body = read_body(response, conditional=conditional, max_bytes=max_bytes)
    except _UNREADABLE:
        # Without their cause: the messages of the libraries repeat the path and query of the URL.
        if deadline.passed:
            raise deadline.timed_out(_AWAITING_ANSWER) from None
        raise FetchFailed(FetchErrorCode.BROKEN, "The host broke off its answer, or did not answer in HTTP.") from None
    # A body without a length ends when the connection does, and the deadline ends connections too.
    deadline.remaining(_AWAITING_ANSWER)
    return response, body
