"""From where a request came. The address decides what an allow-list allows, so nobody may choose his own."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from ipaddress import ip_address, ip_network
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from audit.origin import RequestOrigin, client_ip, parsed_address
from exchange_apps.models import ExchangeApplication, User
from tests.conftest import Exchange, good_form, mints, running_server

STRANGER, PROXY, OUTER_PROXY = "203.0.113.9", "10.0.0.1", "10.0.0.2"
CLIENT = "198.51.100.4"


@pytest.fixture
def proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def seen(peer: str, forwarded: str | None = None, **headers: str) -> str | None:
    found = client_ip(request(peer, forwarded, **headers))
    return None if found is None else str(found)


def request(peer: str, forwarded: str | None = None, **headers: str) -> HttpRequest:
    if forwarded is not None:
        headers["HTTP_X_FORWARDED_FOR"] = forwarded
    return RequestFactory().get("/", REMOTE_ADDR=peer, **headers)  # type: ignore[arg-type]


# --- nobody is trusted ------------------------------------------------------------------------------------------------

OTHER_HEADERS = {
    "HTTP_X_REAL_IP": CLIENT,
    "HTTP_CF_CONNECTING_IP": CLIENT,
    "HTTP_TRUE_CLIENT_IP": CLIENT,
    "HTTP_X_CLIENT_IP": CLIENT,
    "HTTP_FORWARDED": f"for={CLIENT}",
    "HTTP_X_FORWARDED": CLIENT,
    "HTTP_FORWARDED_FOR": CLIENT,
    "HTTP_VIA": CLIENT,
}


def test_without_trusted_proxies_no_header_is_believed() -> None:
    assert seen(STRANGER, CLIENT, **OTHER_HEADERS) == STRANGER
    assert seen("127.0.0.1", CLIENT, **OTHER_HEADERS) == "127.0.0.1"


def test_a_stranger_who_forges_the_header_stays_who_he_is(proxies: None) -> None:
    assert seen(STRANGER, CLIENT) == STRANGER
    assert seen(STRANGER, f"{CLIENT}, {PROXY}") == STRANGER
    assert seen("11.0.0.1", CLIENT) == "11.0.0.1"


def test_of_a_trusted_proxy_only_the_one_header_is_believed(proxies: None) -> None:
    assert seen(PROXY, None, **OTHER_HEADERS) == PROXY


# --- the chain is walked from the right -------------------------------------------------------------------------------

CHAINS: dict[str, tuple[str, str | None]] = {
    "one proxy": (CLIENT, CLIENT),
    "a forged entry before what the proxy wrote": (f"1.2.3.4, {CLIENT}", CLIENT),
    "many forged entries": (f"1.2.3.4, 127.0.0.1, 10.9.9.9, {CLIENT}", CLIENT),
    "two proxies": (f"{CLIENT}, {OUTER_PROXY}", CLIENT),
    "two proxies and a forged entry": (f"1.2.3.4, {CLIENT}, {OUTER_PROXY}", CLIENT),
    "five proxies": (f"{CLIENT}, 10.0.0.5, 10.0.0.4, 10.0.0.3, {OUTER_PROXY}", CLIENT),
    "a forged proxy behind the client": (f"10.0.0.7, {CLIENT}, {OUTER_PROXY}", CLIENT),
    "no spaces": (f"1.2.3.4,{CLIENT},{OUTER_PROXY}", CLIENT),
    "many spaces": (f"  1.2.3.4  ,   {CLIENT}  ,  {OUTER_PROXY}  ", CLIENT),
    "nobody but proxies: the outermost": (f"10.0.0.9, {OUTER_PROXY}", "10.0.0.9"),
    "IPv6": ("2001:db8::1", "2001:db8::1"),
    "IPv6 in capitals and long": ("2001:0DB8:0:0:0:0:0:0001", "2001:db8::1"),
    "IPv6 behind an IPv6 proxy": ("2001:db8::1, fd00::1", "2001:db8::1"),
    "IPv4-mapped is IPv4": (f"::ffff:{CLIENT}", CLIENT),
    "IPv4-mapped proxy": (f"{CLIENT}, ::ffff:{OUTER_PROXY}", CLIENT),
    "IPv4 with a port": (f"{CLIENT}:51234", CLIENT),
    "IPv6 with a port": ("[2001:db8::1]:51234", "2001:db8::1"),
    "IPv6 in brackets": ("[2001:db8::1]", "2001:db8::1"),
    "a proxy with a port": (f"{CLIENT}, {OUTER_PROXY}:443", CLIENT),
    "junk before the client": (f"unknown, {CLIENT}", CLIENT),
    "a forged quotation mark": (f'1.2.3.4, x, 1.2.3.4", {CLIENT}', CLIENT),
    "forged quotation marks": (f'"1.2.3.4, 10.0.0.9", {CLIENT}, {OUTER_PROXY}', CLIENT),
    "a forged backslash": (f'1.2.3.4, \\", {CLIENT}', CLIENT),
    "a forged header inside the header": (f"for=1.2.3.4;by=10.0.0.1, {CLIENT}", CLIENT),
    "junk of all kinds before the client": (f"<script>, '; --, \t, {CLIENT}", CLIENT),
    "an empty entry before the client": (f", {CLIENT}", CLIENT),
    "junk where the client should be": (f"1.2.3.4, unknown, {OUTER_PROXY}", None),
    "junk last": (f"{CLIENT}, unknown", None),
    "an empty entry last": (f"{CLIENT},", None),
    "only junk": ("unknown", None),
    "a port without an address": (":80", None),
    "a port that is none": (f"{CLIENT}:http", None),
    "a bracket that never closes": ("[2001:db8::1", None),
    "too many digits": ("198.51.100.0004", None),
    "an octal address": ("0306.063.0144.04", None),
    "a network": ("198.51.100.0/24", None),
    "a name": ("client.acme.test", None),
    "several with a semicolon": (f"{CLIENT}; 1.2.3.4", None),
    "full-width digits": ("１９８.51.100.4", None),
}


@pytest.mark.parametrize("name", CHAINS)
def test_the_last_address_that_is_no_proxy_of_ours_is_the_client(proxies: None, name: str) -> None:
    header, expected = CHAINS[name]
    assert seen(PROXY, header) == expected


@pytest.mark.parametrize("header", ["", " ", None])
def test_without_an_entry_the_proxy_itself_is_the_client(proxies: None, header: str | None) -> None:
    assert seen(PROXY, header) == PROXY


def test_a_proxy_over_ipv6_or_a_mapped_address_is_the_same_proxy(proxies: None) -> None:
    assert seen("fd00::5", CLIENT) == CLIENT
    assert seen(f"::ffff:{PROXY}", CLIENT) == CLIENT


@pytest.mark.parametrize("peer", ["", "unix:", "localhost", "@", "unknown"])
def test_a_peer_without_an_address_is_unknown_and_never_trusted(proxies: None, peer: str) -> None:
    assert seen(peer, CLIENT) is None


def test_a_zone_of_an_address_is_dropped(proxies: None) -> None:
    """It means something on one machine only, may be any text, and no database column takes it."""
    assert seen("fe80::1%eth0") == "fe80::1"
    assert seen(PROXY, "fe80::1%'; --") == "fe80::1"


@given(st.text(st.sampled_from("0123456789abcdef.:,[]% x\t"), max_size=60) | st.text(max_size=40))
def test_no_header_fails_and_every_answer_is_an_address_or_nothing(settings: Settings, header: str) -> None:
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"),)
    found = seen(PROXY, header)
    assert found is None or str(ip_address(found)) == found


forged_entries = (
    st.ip_addresses().map(str)
    | st.sampled_from(['"', '"1.2.3.4', '1.2.3.4"', '\\"', "[", "for=1.2.3.4"])
    | st.text(max_size=10)
)


@given(st.lists(forged_entries, max_size=6))
def test_whatever_a_client_writes_before_it_the_proxys_entry_decides(settings: Settings, forged: list[str]) -> None:
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"),)
    assert seen(PROXY, ", ".join([*forged, CLIENT])) == CLIENT


# --- the rest of an origin --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        ("::1", "::1"),
        ("2001:db8::", "2001:db8::"),
        ("", None),
        (" 192.0.2.1", None),
        ("192.0.2", None),
        ("256.0.0.1", None),
        ("1", None),
    ],
)
def test_an_address_is_read_strictly(text: str, address: str | None) -> None:
    found = parsed_address(text)
    assert (None if found is None else str(found)) == address


def test_an_origin_holds_address_agent_and_request() -> None:
    made = request(CLIENT, HTTP_USER_AGENT="curl/8")
    made.request_id = "abc"  # type: ignore[attr-defined]
    assert RequestOrigin.of(made) == RequestOrigin(ip_address(CLIENT), "curl/8", "abc", "WebContext")


def test_the_event_of_a_mint_has_the_clients_address_and_not_the_proxys(proxies: None, exchange: Exchange) -> None:
    extra = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": f"1.2.3.4, {CLIENT}", "HTTP_USER_AGENT": "deploy/1"}
    assert exchange(extra=extra).status_code == 200
    (event,) = mints()
    assert (event.request_ip, event.request_user_agent) == (CLIENT, "deploy/1")


@pytest.mark.servers
@pytest.mark.parametrize(
    "forged",
    [
        pytest.param("X-Forwarded-For", id="the same name"),
        pytest.param(
            "X_Forwarded_For",
            id="the name with underscores",
            marks=pytest.mark.xfail(
                strict=True,
                reason="in WSGI both names are one, and granian lets either win: until that is mended a proxy must "
                "drop header names with underscores, as nginx does by itself",
            ),
        ),
    ],
)
def test_a_line_of_the_client_does_not_hide_the_line_its_proxy_adds(
    shared_database: str, deploy_bot: ExchangeApplication, bob: User, forged: str
) -> None:
    """Some proxies add a line of their own instead of going on in the client's."""
    body = urlencode(good_form(deploy_bot.client_id)).encode()
    lines = [("X-Forwarded-For", CLIENT), (forged, "1.2.3.4")]
    if forged == "X-Forwarded-For":
        lines.reverse()  # the client's line comes first; which of two names counts does not follow the order
    lines += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
    with (
        running_server(shared_database, workers=1, threads=1, TRUSTED_PROXIES="127.0.0.0/8") as address,
        closing(HTTPConnection(address.removeprefix("http://"), timeout=30)) as call,
    ):
        call.putrequest("POST", "/oauth/token")
        for name, value in lines:
            call.putheader(name, value)
        call.endheaders(body)
        assert call.getresponse().status == 200
    assert [event.request_ip for event in mints()] == [CLIENT]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("peer", "sent", "is_secure"),
    [(PROXY, "https", True), (PROXY, "http", False), (PROXY, "gopher", False), ("198.51.100.7", "https", False)],
)
def test_only_a_trusted_proxy_says_that_the_client_used_tls(
    proxies: None, client: Client, peer: str, sent: str, is_secure: bool, settings: Settings
) -> None:
    """Seen from outside: strict transport security is asked for on secure connections alone."""
    settings.SECURE_HSTS_SECONDS = 60
    response = client.get("/login/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO=sent)
    assert ("Strict-Transport-Security" in response) is is_secure
