import pickle
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads
from time import monotonic, sleep
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exchange_apps.safe_fetch import (
    FetchedDocument,
    FetchErrorCode,
    FetchFailed,
    FetchRefused,
    safe_fetch,
)
from exchange_apps.safe_fetch.target import parse_target
from tests.certificate_authority import CertificateAuthority
from tests.jwks_host import (
    HOST_NAME,
    LOOPBACK,
    Accept,
    Answer,
    JWKSHost,
    dripping_accept,
    dripping_body_answer,
    dripping_head_answer,
    endless_body_answer,
    endless_head_answer,
    gzip_answer,
    hanging_answer,
    html_answer,
    json_answer,
    raw_answer,
    redirect_answer,
    running_jwks_host,
    silent_accept,
    status_answer,
)

LIMIT = 0.3
"""Seconds given to a host that will not finish."""
SLACK = 0.4
"""Seconds a busy machine may be late; far from the time any of these hosts would take."""


def to_loopback(_host: str) -> Sequence[str]:
    return ["127.0.0.1"]


class Fetch(Protocol):
    def __call__(self, url: str, **options: Any) -> FetchedDocument: ...


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def fetch(authority: CertificateAuthority) -> Fetch:
    """safe_fetch as an operator would run it who allows loopback and trusts the test authority."""

    def run(url: str, **options: Any) -> FetchedDocument:
        usual = {
            "allowed_networks": LOOPBACK,
            "ca_bundle": str(authority.bundle),
            "resolve": to_loopback,
            "total_timeout": 5.0,
        }
        return safe_fetch(url, **{**usual, **options})

    return run


@pytest.fixture(scope="module")
def shared_host(authority: CertificateAuthority) -> Iterator[JWKSHost]:
    with running_jwks_host(authority.server_context(HOST_NAME, "127.0.0.1")) as host:
        yield host


@pytest.fixture
def host(shared_host: JWKSHost) -> JWKSHost:
    shared_host.answer = json_answer({"keys": []})
    shared_host.requests.clear()
    shared_host.visitors.clear()
    return shared_host


@pytest.fixture(scope="module")
def http_host() -> Iterator[JWKSHost]:
    with running_jwks_host() as host:
        yield host


@contextmanager
def failing(code: FetchErrorCode, *, within: float = 2.0) -> Iterator[None]:
    """The block must raise ``FetchFailed`` with ``code`` in less than ``within`` seconds."""
    start = monotonic()
    with pytest.raises(FetchFailed) as caught:
        yield
    assert monotonic() - start < within
    assert caught.value.code is code, caught.value.sentence


@contextmanager
def timing_out(limit: float = LIMIT) -> Iterator[None]:
    """The block must be stopped at ``limit`` seconds: not much later, and not before."""
    start = monotonic()
    with failing(FetchErrorCode.TIMEOUT, within=limit + SLACK):
        yield
    assert monotonic() - start >= limit


@contextmanager
def full_listener(address: str, port: int) -> Iterator[int]:
    """A port whose queue of connections is full and never emptied: the next one waits. Gives the port."""
    with ExitStack() as waiting, socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


# What a fetch brings.


def test_a_document_arrives_with_what_the_host_said_about_it(fetch: Fetch, host: JWKSHost) -> None:
    host.answer = json_answer({"keys": [1]}, etag='W/"a-1"', cache_control="max-age=600")

    document = fetch(host.url("/keys?set=1"))

    assert document.status == 200
    assert document.body == b'{"keys": [1]}'
    assert document.content_type == "application/json"
    assert document.etag == 'W/"a-1"'
    assert document.cache_control == "max-age=600"
    assert document.address == "127.0.0.1"
    assert 0 < document.elapsed < 2


def test_the_request_says_who_asks_and_nothing_else(fetch: Fetch, host: JWKSHost) -> None:
    fetch(host.url("/keys?set=1"), user_agent="Counterfoil (+https://exchange.example)")

    (request,) = host.requests
    assert (request.method, request.path) == ("GET", "/keys?set=1")
    assert request.headers == {
        "host": f"{HOST_NAME}:{host.port}",
        "user-agent": "Counterfoil (+https://exchange.example)",
        "accept": "application/jwk-set+json, application/json;q=0.9, */*;q=0.1",
        "accept-encoding": "identity",
        "connection": "close",
    }


def test_an_unchanged_document_is_not_sent_again(fetch: Fetch, host: JWKSHost) -> None:
    host.answer = json_answer({"keys": []}, etag='"7"', cache_control="max-age=900")

    document = fetch(host.url(), etag='"7"')

    assert (document.status, document.body, document.etag) == (304, b"", '"7"')
    assert document.cache_control == "max-age=900"
    assert host.requests[0].headers["if-none-match"] == '"7"'


def test_a_304_that_nobody_asked_for_is_a_failure(fetch: Fetch, host: JWKSHost) -> None:
    host.answer = status_answer(304)
    with failing(FetchErrorCode.STATUS):
        fetch(host.url())


@pytest.mark.parametrize("etag", ["unquoted", '"a" "b"', '"\u00e9"', '"' + "x" * 300 + '"'])
def test_an_entity_tag_that_is_none_is_neither_kept_nor_sent(fetch: Fetch, host: JWKSHost, etag: str) -> None:
    host.answer = json_answer({}, headers={"ETag": etag})
    assert fetch(host.url(), etag=etag).etag is None
    assert "if-none-match" not in host.requests[0].headers


def test_html_is_handed_over_as_what_it_is(fetch: Fetch, host: JWKSHost) -> None:
    host.answer = html_answer()
    assert fetch(host.url()).content_type == "text/html"


def test_a_body_of_exactly_the_limit_is_accepted_and_one_byte_more_is_not(fetch: Fetch, host: JWKSHost) -> None:
    host.answer = status_answer(200, body=b"x" * 1000)
    assert len(fetch(host.url(), max_bytes=1000).body) == 1000
    with failing(FetchErrorCode.BODY_TOO_LARGE):
        fetch(host.url(), max_bytes=999)


FRAMINGS = {
    "declared length": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: identity\r\n\r\n{}",
    "no length": b"HTTP/1.1 200 OK\r\n\r\n{}",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n{}",
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;extension=1\r\n{\r\n1\r\n}\r\n0\r\nTrailer: 1\r\n\r\n"
    ),
    "interim answer": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "more than declared": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{} and more than was declared",
}


@pytest.mark.parametrize("answer", FRAMINGS.values(), ids=FRAMINGS.keys())
def test_every_framing_of_http_is_read(fetch: Fetch, host: JWKSHost, answer: bytes) -> None:
    host.answer = raw_answer(answer)
    assert fetch(host.url()).body == b"{}"


def test_every_fetch_has_a_connection_of_its_own(fetch: Fetch, host: JWKSHost) -> None:
    for _ in range(3):
        fetch(host.url())
    assert host.connections == 3


# Nothing from around us.


def test_proxies_and_credentials_of_the_environment_are_not_used(
    fetch: Fetch, host: JWKSHost, http_host: JWKSHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / ".netrc").write_text(f"machine {HOST_NAME} login someone password something\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))

    for url in (host.url(), http_host.url(host="127.0.0.1")):
        assert fetch(url).status == 200
    assert "authorization" not in host.requests[0].headers


def test_a_cookie_is_never_sent_back(fetch: Fetch, host: JWKSHost) -> None:
    host.answer = json_answer({}, headers={"Set-Cookie": "session=1; Path=/"})
    for _ in range(2):
        fetch(host.url())
    assert all("cookie" not in request.headers for request in host.requests)


# The URL.


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://{name}/", FetchErrorCode.NOT_HTTPS),  # loopback, but not allowed here
        ("ftp://{name}/", FetchErrorCode.NOT_HTTPS),
        ("file:///etc/passwd", FetchErrorCode.NOT_HTTPS),
        ("//{name}/", FetchErrorCode.NOT_HTTPS),
        ("", FetchErrorCode.NOT_HTTPS),
        ("https://", FetchErrorCode.INVALID_URL),
        ("https:///path", FetchErrorCode.INVALID_URL),
        ("https://:443/", FetchErrorCode.INVALID_URL),
        ("https://{name}:0/", FetchErrorCode.INVALID_URL),
        ("https://{name}:65536/", FetchErrorCode.INVALID_URL),
        ("https://{name}:+443/", FetchErrorCode.INVALID_URL),
        ("https://{name}:/", FetchErrorCode.INVALID_URL),
        ("https://{name}/#fragment", FetchErrorCode.INVALID_URL),
        ("https://{name}/a b", FetchErrorCode.INVALID_URL),
        (" https://{name}/", FetchErrorCode.INVALID_URL),
        ("https://{name}/\r\nX-Injected: 1", FetchErrorCode.INVALID_URL),
        ("https://{name}\\@elsewhere.example/", FetchErrorCode.INVALID_URL),
        ("https://{name}%2eexample/", FetchErrorCode.INVALID_URL),
        ("https://{name}../", FetchErrorCode.INVALID_URL),
        ("https://.{name}/", FetchErrorCode.INVALID_URL),
        ("https://-{name}/", FetchErrorCode.INVALID_URL),
        ("https://" + "a" * 64 + ".example/", FetchErrorCode.INVALID_URL),
        ("https://" + "a." * 130 + "example/", FetchErrorCode.INVALID_URL),
        ("https://{name}/" + "a" * 3000, FetchErrorCode.INVALID_URL),
        ("https://b\u00fccher.example/", FetchErrorCode.INVALID_URL),
        ("https://\uff11\uff12\uff17.0.0.1/", FetchErrorCode.INVALID_URL),
        ("https://127\u30020\u30020\u30021/", FetchErrorCode.INVALID_URL),
        ("https://someone:secret@{name}/", FetchErrorCode.USERINFO),
        ("https://someone@{name}/", FetchErrorCode.USERINFO),
        ("https://@{name}/", FetchErrorCode.USERINFO),
        ("https://[::1", FetchErrorCode.INVALID_URL),
        ("https://[::1]elsewhere.example/", FetchErrorCode.INVALID_URL),
        ("https://[fe80::1%25eth0]/", FetchErrorCode.INVALID_URL),
        ("https://[v1.x]/", FetchErrorCode.INVALID_URL),
        ("https://2130706433/", FetchErrorCode.INVALID_URL),
        ("https://0x7f000001/", FetchErrorCode.INVALID_URL),
        ("https://0x7F.1/", FetchErrorCode.INVALID_URL),
        ("https://0177.0.0.1/", FetchErrorCode.INVALID_URL),
        ("https://127.1/", FetchErrorCode.INVALID_URL),
        ("https://127.0.0.01/", FetchErrorCode.INVALID_URL),
        ("https://127.0.0.1.1/", FetchErrorCode.INVALID_URL),
        ("https://127.0.0.256/", FetchErrorCode.INVALID_URL),
        ("https://127.0.0.0x1/", FetchErrorCode.INVALID_URL),
    ],
)
def test_a_url_that_is_not_plain_https_is_refused_before_anything_is_sent(
    http_host: JWKSHost, url: str, code: FetchErrorCode
) -> None:
    http_host.visitors.clear()
    with pytest.raises(FetchRefused) as caught:
        safe_fetch(url.format(name=HOST_NAME), resolve=lambda _host: ["1.1.1.1"], allowed_networks=LOOPBACK)
    assert caught.value.code is code
    assert "secret" not in str(caught.value)
    assert http_host.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "HTTPS://168.63.129.16/",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::FFFF:7F00:1]/",
        "https://[64:ff9b::10.0.0.1]/",
        "https://[2002:7f00:1::]/",
        "https://[fd00:ec2::254]/",
    ],
)
def test_an_address_in_the_url_is_judged_without_a_lookup(url: str) -> None:
    lookups: list[str] = []
    with pytest.raises(FetchRefused) as caught:
        safe_fetch(url, resolve=lambda host: lookups.append(host) or ["1.1.1.1"])  # type: ignore[func-returns-value]
    assert caught.value.code is FetchErrorCode.ADDRESS
    assert lookups == []


@settings(deadline=None)
@given(st.ip_addresses(v=4, network=IPv4Network("127.0.0.0/8")), st.data())
def test_no_spelling_of_a_loopback_address_gets_through(address: Any, data: st.DataObject) -> None:
    a, b, c, d = address.packed
    number = data.draw(st.sampled_from(["{:d}", "{:#x}", "0X{:X}", "0{:o}"])).format
    parts = data.draw(st.sampled_from([(a, b, c, d), (a, b, c << 8 | d), (a, b << 16 | c << 8 | d), (int(address),)]))
    text = ".".join(number(part) for part in parts) + data.draw(st.sampled_from(["", "."]))
    with pytest.raises(FetchRefused):
        # With the system's own resolver, to which most of these spellings are addresses.
        safe_fetch(f"https://{text}/")


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"\Ahttps?://[!-~]{0,40}\Z"))
@example("https://[")
@example("https://a:99999999999999999999/")
def test_any_text_is_read_as_a_target_or_refused(text: str) -> None:
    try:
        target = parse_target(text)
    except FetchRefused:
        return
    assert parse_target(target.url) == target


@pytest.mark.parametrize("spelling", [HOST_NAME.upper(), "Jwks.Example.Test", HOST_NAME + "."])
def test_a_name_in_another_spelling_is_the_same_name(fetch: Fetch, host: JWKSHost, spelling: str) -> None:
    assert fetch(host.url(host=spelling)).status == 200
    assert host.requests[0].headers["host"] == f"{HOST_NAME}:{host.port}"


# The addresses.


@pytest.mark.parametrize(
    "bad", ["10.0.0.1", "169.254.169.254", "::1", "fe80::1%2", "::ffff:192.168.0.1", "64:ff9b::a00:1"]
)
def test_one_bad_address_among_many_refuses_them_all(fetch: Fetch, host: JWKSHost, bad: str) -> None:
    answer = ["127.0.0.1", "1.1.1.1", bad, "127.0.0.1"]
    with pytest.raises(FetchRefused) as caught:
        fetch(host.url(), resolve=lambda _host: answer)
    assert caught.value.code is FetchErrorCode.ADDRESS
    assert bad not in str(caught.value)
    assert host.connections == 0


def test_a_dns_answer_that_changes_after_the_check_changes_nothing(fetch: Fetch, host: JWKSHost) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    document = fetch(host.url(), resolve=lambda _host: next(answers))
    # The name exists nowhere: had anyone else looked it up, there would be no connection at all.
    assert document.address == "127.0.0.1"
    assert next(answers) == ["169.254.169.254"], "the second answer is still unasked"


def test_the_real_resolver_is_judged_too(http_host: JWKSHost) -> None:
    with pytest.raises(FetchRefused) as caught:
        safe_fetch(f"https://localhost:{http_host.port}/")
    assert caught.value.code is FetchErrorCode.ADDRESS
    assert "loopback" in str(caught.value)


def test_the_next_address_is_tried_when_one_does_not_answer(fetch: Fetch, host: JWKSHost) -> None:
    document = fetch(host.url(), resolve=lambda _host: ["127.0.0.2", "127.0.0.1"])
    assert document.address == "127.0.0.1"


def test_plain_http_is_for_allowed_loopback_only(http_host: JWKSHost) -> None:
    url = http_host.url(host="127.0.0.1")
    assert safe_fetch(url, allowed_networks=LOOPBACK).status == 200
    with pytest.raises(FetchRefused) as caught:
        safe_fetch(url)
    assert caught.value.code is FetchErrorCode.ADDRESS
    with pytest.raises(FetchRefused) as caught:
        safe_fetch("http://10.0.0.1/", allowed_networks=[IPv4Network("10.0.0.0/8")])
    assert caught.value.code is FetchErrorCode.NOT_HTTPS


@pytest.mark.parametrize("answer", [[], ["not an address"]])
def test_a_name_without_addresses_is_a_failure(fetch: Fetch, host: JWKSHost, answer: list[str]) -> None:
    with failing(FetchErrorCode.NAME):
        fetch(host.url(), resolve=lambda _host: answer)


def test_a_name_that_cannot_be_resolved_is_a_failure(fetch: Fetch, host: JWKSHost) -> None:
    def unknown(_host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with failing(FetchErrorCode.NAME):
        fetch(host.url(), resolve=unknown)


def test_a_port_where_nobody_listens_is_a_failure(fetch: Fetch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with failing(FetchErrorCode.CONNECTION):
        fetch(f"https://{HOST_NAME}:{port}/")


# TLS.


def test_the_certificate_is_checked_against_the_name_in_the_url(fetch: Fetch, authority: CertificateAuthority) -> None:
    with (
        running_jwks_host(authority.server_context("other.example.test")) as host,
        failing(FetchErrorCode.CERTIFICATE),
    ):
        fetch(host.url())
    assert host.requests == []


def test_a_name_in_the_subject_of_a_certificate_does_not_count(fetch: Fetch, authority: CertificateAuthority) -> None:
    context = authority.server_context("127.0.0.1", common_name=HOST_NAME)
    with running_jwks_host(context) as host, failing(FetchErrorCode.CERTIFICATE):
        fetch(host.url())


def test_the_name_is_sent_for_the_host_to_choose_its_certificate(fetch: Fetch, authority: CertificateAuthority) -> None:
    asked: list[str] = []
    context = authority.server_context(HOST_NAME)
    context.sni_callback = lambda _connection, name, _context: asked.append(name)
    with running_jwks_host(context) as host:
        fetch(host.url(host=HOST_NAME.upper() + "."))
    assert asked == [HOST_NAME]


def test_an_address_in_the_url_needs_a_certificate_for_that_address(fetch: Fetch, host: JWKSHost) -> None:
    assert fetch(host.url(host="127.0.0.1")).status == 200
    with failing(FetchErrorCode.CERTIFICATE):
        fetch(host.url(host="[::ffff:127.0.0.1]"))


def test_an_expired_certificate_is_refused(fetch: Fetch, authority: CertificateAuthority) -> None:
    context = authority.server_context(HOST_NAME, ends_in=timedelta(hours=-1))
    with running_jwks_host(context) as host, failing(FetchErrorCode.CERTIFICATE):
        fetch(host.url())


def test_an_unknown_authority_is_refused_by_default(fetch: Fetch, host: JWKSHost) -> None:
    with failing(FetchErrorCode.CERTIFICATE):
        fetch(host.url(), ca_bundle=None)


def test_a_missing_bundle_is_the_operators_error_and_not_the_hosts(fetch: Fetch, host: JWKSHost) -> None:
    with pytest.raises(FileNotFoundError):
        fetch(host.url(), ca_bundle="missing.pem")


def test_a_host_that_does_not_speak_tls_is_a_failure(fetch: Fetch) -> None:
    def answer_in_http(connection: socket.socket, _stopping: Event) -> socket.socket:
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        return connection

    with running_jwks_host(accept=answer_in_http) as host, failing(FetchErrorCode.TLS):
        fetch(host.url())


# Answers that are not followed, not unpacked, not believed.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_named_and_not_followed(fetch: Fetch, host: JWKSHost, http_host: JWKSHost, status: int) -> None:
    http_host.visitors.clear()
    host.answer = redirect_answer(http_host.url("/latest/meta-data/", host="127.0.0.1"), status)
    with failing(FetchErrorCode.REDIRECT):
        fetch(host.url())
    assert len(host.requests) == 1
    assert http_host.connections == 0


def test_the_body_of_a_redirect_is_not_read(fetch: Fetch, host: JWKSHost) -> None:
    host.answer = endless_body_answer(302, headers={"Location": "http://169.254.169.254/"})
    with failing(FetchErrorCode.REDIRECT):
        fetch(host.url())


@pytest.mark.parametrize("status", [201, 204, 206, 400, 401, 404, 429, 500, 503, 999])
def test_any_other_status_is_a_failure_that_names_it(fetch: Fetch, host: JWKSHost, status: int) -> None:
    host.answer = status_answer(status, {"Retry-After": "1"})
    with pytest.raises(FetchFailed, match=f"HTTP {status}") as caught:
        fetch(host.url())
    assert caught.value.status == status
    assert len(host.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        gzip_answer({"keys": []}),
        status_answer(200, {"Content-Encoding": "br"}),
        status_answer(200, {"Content-Encoding": "identity, gzip"}),
        raw_answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ],
    ids=["gzip", "br", "several", "transfer"],
)
def test_a_compressed_body_is_not_unpacked(fetch: Fetch, host: JWKSHost, answer: Answer) -> None:
    host.answer = answer
    with failing(FetchErrorCode.ENCODED):
        fetch(host.url())


@pytest.mark.parametrize(
    "answer",
    [
        endless_body_answer(),
        endless_body_answer(chunked=True),
        endless_body_answer(headers={"Content-Length": str(10 * 2**30)}),
    ],
    ids=["no length", "chunked", "10 GB"],
)
def test_a_body_without_end_is_left_at_the_limit(fetch: Fetch, host: JWKSHost, answer: Answer) -> None:
    host.answer = answer
    with failing(FetchErrorCode.BODY_TOO_LARGE, within=0.5):
        fetch(host.url())


@pytest.mark.parametrize(
    "line",
    [b"X-A: " + b"b" * 200 + b"\r\n", b"x" * 1000, b"X-A: b\r\n " + b"b" * 400 + b"\r\n"],
    ids=["lines", "one line", "folded lines"],
)
def test_headers_without_end_are_left_at_the_limit(fetch: Fetch, host: JWKSHost, line: bytes) -> None:
    host.answer = endless_head_answer(line)
    with failing(FetchErrorCode.HEAD_TOO_LARGE, within=0.5):
        fetch(host.url())


def test_trailers_without_end_are_not_read(fetch: Fetch, host: JWKSHost) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    host.answer = lambda visit: visit.flood(b"A: b\r\n" * 100, after=head)
    assert fetch(host.url()).body == b"{}"


def test_interim_answers_without_end_are_left_at_the_limit(fetch: Fetch, host: JWKSHost) -> None:
    host.answer = raw_answer(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000)
    with failing(FetchErrorCode.HEAD_TOO_LARGE):
        fetch(host.url())


BROKEN = {
    "nothing": b"",
    "not HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a header": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
    "a line that is no header": b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Encoding: gzip\r\n\r\n{}",
    "less than declared": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}",
    "two length headers": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
    "absurd length": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
    "two framings": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
    "a chunk without size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_a_failure_without_a_word_of_the_url(
    fetch: Fetch, host: JWKSHost, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    host.answer = raw_answer(answer)
    with pytest.raises(FetchFailed) as caught:
        fetch(host.url("/keys?token=secret"))
    assert caught.value.code is FetchErrorCode.BROKEN
    assert "secret" not in str(caught.value)
    assert "secret" not in caplog.text
    assert caught.value.__suppress_context__, "a traceback would show the library's message, which has the URL"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.binary(max_size=200).map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest)
    | st.binary(max_size=80).map(lambda rest: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
)
def test_whatever_a_host_answers_the_outcome_is_a_document_or_a_failure(http_host: JWKSHost, answer: bytes) -> None:
    http_host.answer = raw_answer(answer)
    try:
        safe_fetch(http_host.url(host="127.0.0.1"), allowed_networks=LOOPBACK)
    except FetchFailed:
        pass
    finally:
        http_host.answer = json_answer({})


# The time.


@pytest.mark.parametrize(
    "answer",
    [
        hanging_answer(),
        dripping_head_answer(0.01),
        dripping_body_answer(0.01),
        dripping_body_answer(0.01, with_length=False),
    ],
    ids=["hangs", "drips its head", "drips its body", "drips a body without length"],
)
def test_a_slow_answer_is_stopped_at_the_limit(fetch: Fetch, host: JWKSHost, answer: Answer) -> None:
    host.answer = answer
    with timing_out():
        fetch(host.url(), total_timeout=LIMIT)


@pytest.mark.parametrize("accept", [silent_accept, dripping_accept(0.01)], ids=["silent", "drips"])
def test_a_slow_handshake_is_stopped_at_the_limit(fetch: Fetch, accept: Accept) -> None:
    with running_jwks_host(accept=accept) as host, timing_out():
        fetch(host.url(), total_timeout=LIMIT)


def test_a_flood_of_session_tickets_is_stopped_at_the_limit(fetch: Fetch, authority: CertificateAuthority) -> None:
    # They are read and dropped inside TLS, below any loop of ours that could look at the clock.
    context = authority.server_context(HOST_NAME)
    context.num_tickets = 2**31 - 1
    with running_jwks_host(context) as host, timing_out():
        fetch(host.url(), total_timeout=LIMIT)


def test_a_host_that_does_not_take_connections_is_stopped_at_the_limit(fetch: Fetch) -> None:
    with full_listener("127.0.0.1", 0) as port, timing_out():
        fetch(f"https://{HOST_NAME}:{port}/", total_timeout=LIMIT)


def test_a_dead_address_leaves_time_for_the_next_one(fetch: Fetch, host: JWKSHost) -> None:
    with full_listener("127.0.0.2", host.port):
        document = fetch(host.url(), resolve=lambda _host: ["127.0.0.2", "127.0.0.1"], total_timeout=2 * LIMIT)
    assert document.address == "127.0.0.1"
    assert document.elapsed >= LIMIT


def test_a_lookup_that_hangs_is_stopped_at_the_limit(fetch: Fetch, host: JWKSHost) -> None:
    answered = Event()

    def hang(_host: str) -> Sequence[str]:
        answered.wait(5)
        return ["127.0.0.1"]

    with timing_out():
        fetch(host.url(), resolve=hang, total_timeout=LIMIT)
    answered.set()
    assert host.connections == 0


def test_the_stages_share_one_limit(fetch: Fetch, host: JWKSHost) -> None:
    def slow(_host: str) -> Sequence[str]:
        sleep(LIMIT * 0.7)
        return ["127.0.0.1"]

    host.answer = hanging_answer()
    with timing_out():
        fetch(host.url(), resolve=slow, total_timeout=LIMIT)


def test_nothing_is_left_running_after_a_slow_host(fetch: Fetch, host: JWKSHost) -> None:
    host.answer = hanging_answer()
    fetch_threads = {"Timer", "safe-fetch-lookup"}
    with timing_out():
        fetch(host.url(), total_timeout=LIMIT)
    assert not [thread for thread in enumerate_threads() if thread.name in fetch_threads]


# The errors.


def test_an_error_survives_the_way_between_processes() -> None:
    error = FetchFailed(FetchErrorCode.STATUS, "The host answered HTTP 503 instead of 200.", 503)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(copy), copy.code, copy.status, str(copy)) == (
        FetchFailed,
        error.code,
        503,
        error.sentence,
    )
