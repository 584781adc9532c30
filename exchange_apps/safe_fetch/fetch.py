"""The public functions: one URL in, one small document or one clear error out."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from typing import Final

from requests import PreparedRequest, RequestException, Response
from urllib3.exceptions import HTTPError

from exchange_apps.domain.network_addresses import IPNetwork
from exchange_apps.safe_fetch.adapter import ChannelAdapter
from exchange_apps.safe_fetch.answer import check_accepted, read_body
from exchange_apps.safe_fetch.channel import Channel, open_channel
from exchange_apps.safe_fetch.deadline import Deadline
from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchFailed
from exchange_apps.safe_fetch.lookup import Resolve, checked_addresses, system_addresses
from exchange_apps.safe_fetch.request import bearer_get, conditional_get, entity_tag, form_post, message_post
from exchange_apps.safe_fetch.target import Target, parse_target

MAX_BYTES: Final = 65_536
TOTAL_TIMEOUT: Final = 5.0

_AWAITING_ANSWER = "waiting for the whole answer"
# What the HTTP libraries raise for an answer they cannot read; some of it escapes the outermost wrapper.
_UNREADABLE = (RequestException, HTTPError, HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """What a host answered. The header values are its own words: present or not, sane or not."""

    status: int
    """200, or 304 when the caller's entity tag still holds; the body is empty then. Any 2xx for ``safe_post``."""
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
    sent_etag = entity_tag(etag)
    return _fetch(
        url,
        partial(conditional_get, user_agent=user_agent, etag=sent_etag),
        Limits(tuple(allowed_networks), total_timeout, ca_bundle, resolve),
        partial(read_body, conditional=sent_etag is not None, max_bytes=max_bytes),
        sent_etag,
    )


def safe_call(
    url: str,
    *,
    token: str | None = None,
    form: Mapping[str, str] | None = None,
    authorization: str | None = None,
    allowed_networks: Sequence[IPNetwork] = (),
    ca_bundle: str | None = None,
    user_agent: str = "Counterfoil",
) -> FetchedDocument:
    """Call an OIDC provider under the rules of ``safe_fetch``: POST ``form``, or GET as the bearer of ``token``."""
    build = (
        partial(form_post, user_agent=user_agent, form=form, authorization=authorization)
        if form is not None
        else partial(bearer_get, user_agent=user_agent, token=token or "")
    )
    limits = Limits(tuple(allowed_networks), TOTAL_TIMEOUT, ca_bundle, system_addresses)
    return _fetch(url, build, limits, partial(read_body, conditional=False, max_bytes=MAX_BYTES))


def safe_post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    allowed_networks: Sequence[IPNetwork] = (),
    total_timeout: float = TOTAL_TIMEOUT,
    user_agent: str = "Counterfoil",
    ca_bundle: str | None = None,
    resolve: Resolve = system_addresses,
) -> FetchedDocument:
    """POST a message under the rules of ``safe_fetch``: any 2xx accepts it, and of the answer only the head is read."""
    limits = Limits(tuple(allowed_networks), total_timeout, ca_bundle, resolve)
    return _fetch(url, partial(message_post, user_agent=user_agent, body=body, headers=headers), limits, check_accepted)


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a request may lead, and how much time it may take."""

    allowed_networks: tuple[IPNetwork, ...]
    total_timeout: float
    ca_bundle: str | None
    resolve: Resolve


def _fetch(
    url: str,
    build: Callable[[Target], PreparedRequest],
    limits: Limits,
    read: Callable[[Response], bytes],
    sent_etag: str | None = None,
) -> FetchedDocument:
    deadline = Deadline(limits.total_timeout)
    target = parse_target(url)
    request = build(target)
    addresses = checked_addresses(target, limits.allowed_networks, limits.resolve, deadline)
    with open_channel(target, addresses, deadline, limits.ca_bundle) as channel:
        response, body = _exchange(channel, request, deadline, read)
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
    channel: Channel, request: PreparedRequest, deadline: Deadline, read: Callable[[Response], bytes]
) -> tuple[Response, bytes]:
    timeout = deadline.remaining(_AWAITING_ANSWER)
    try:
        with closing(ChannelAdapter(channel.socket).send(request, stream=True, timeout=timeout)) as response:
            body = read(response)
    except _UNREADABLE:
        # Without their cause: the messages of the libraries repeat the path and query of the URL.
        if deadline.passed:
            raise deadline.timed_out(_AWAITING_ANSWER) from None
        raise FetchFailed(FetchErrorCode.BROKEN, "The host broke off its answer, or did not answer in HTTP.") from None
    # A body without a length ends when the connection does, and the deadline ends connections too.
    deadline.remaining(_AWAITING_ANSWER)
    return response, body
