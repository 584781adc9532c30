"""What people paste is read as it would be sent."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.pasted_exchange import PastedRequest, parse_pasted

FORM = {"grant_type": "urn:x", "client_assertion": "eyJ.a.b", "subject_token": "bob@acme.test", "scope": "a b"}
PAIRS = tuple(FORM.items())
BODY = urlencode(FORM)
URLENCODED = "Content-Type: application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        f"\n {BODY}\r\n",
        "\n".join(f"{name}={value}" for name, value in FORM.items()),
        BODY.replace("&", "\n&"),
        BODY.replace("&", "&\n"),
        f"POST /oauth/token HTTP/1.1\r\nHost: cf.test\r\n{URLENCODED}\r\n\r\n{BODY}",
        f"POST https://cf.test/oauth/token\n{URLENCODED}; charset=utf-8\n\n{BODY}",
        f"curl https://cf.test/oauth/token -d '{BODY}'",
        f"$ curl -X POST -H '{URLENCODED}' --data='{BODY}' https://cf.test/oauth/token",
        "curl https://cf.test/oauth/token \\\n"
        + " \\\n".join(f"  --data-urlencode '{name}={value}'" for name, value in FORM.items()),
    ],
)
def test_a_whole_request_is_read_however_it_is_wrapped(text: str) -> None:
    assert parse_pasted(text) == PastedRequest(PAIRS)


@pytest.mark.parametrize("text", ["eyJ.a.b", " eyJ.a.b\n", '"eyJ.a.b"', "garbage", "eyJ.a\n.b==", ""])
def test_an_assertion_alone_is_left_as_it_is(text: str) -> None:
    assert parse_pasted(text) == text.strip()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("GET /oauth/token HTTP/1.1\nHost: cf.test\n\n", "method_not_allowed"),
        (f"curl -G https://cf.test -d '{BODY}'", "method_not_allowed"),
        ('{"grant_type": "urn:x"}', "not_a_form"),
        ("POST /oauth/token HTTP/1.1\nContent-Type: application/json\n\n{}", "not_a_form"),
        ("curl https://cf.test --json '{}'", "not_a_form"),
        ("grant_type=%ff&scope=a", "not_a_form"),
        ("scope=" + "a" * 65536, "body_too_large"),
    ],
)
def test_what_the_endpoint_could_not_read_is_refused_for_its_reason(text: str, reason: str) -> None:
    pasted = parse_pasted(text)
    assert isinstance(pasted, PastedRequest)
    with pytest.raises(OAuthError) as refused:
        pasted.sent_form()
    assert refused.value.reason == reason


@pytest.mark.parametrize("credentials", ["-u bot:secret", "-H 'Authorization: Basic x'", "-ubot:secret"])
def test_an_authorization_header_is_noticed(credentials: str) -> None:
    pasted = parse_pasted(f"curl https://cf.test {credentials} -d '{BODY}'")
    assert isinstance(pasted, PastedRequest)
    assert pasted.has_authorization


def test_a_command_whose_quotation_marks_do_not_close_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="do not close") as refused:
        parse_pasted("curl https://cf.test -d 'secret")
    assert "secret" not in str(refused.value)


values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(st.dictionaries(st.sampled_from(["grant_type", "scope", "audience", "client_assertion"]), values, min_size=1))
def test_every_form_comes_back_from_its_encoding(form: dict[str, str]) -> None:
    assert parse_pasted(urlencode(form)) == PastedRequest(tuple(form.items()))


@given(st.sampled_from(["", "curl ", "POST /x HTTP/1.1\n", "scope=", "curl -d "]), st.text(max_size=200))
def test_whatever_is_pasted_it_is_read_or_refused(start: str, text: str) -> None:
    try:
        pasted = parse_pasted(start + text)
    except ValueError:
        return
    assert isinstance(pasted, PastedRequest | str)
