"""Every known attack on JWTs, tried on the token endpoint and behind it. None buys a token, none gets a 500.

The signatures here are genuine wherever the attack is elsewhere: a forged one would be refused for that alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from exchange_apps.domain.client_assertion import ClientAssertion
from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.jwk import JWKSet, JWKSetError
from exchange_apps.domain.receipt import Receipt
from exchange_apps.jose import parse_client_assertion, unverified_client_id, verify_client_assertion
from exchange_apps.models import ExchangeApplication
from tests import factories
from tests.conftest import Exchange, Response, mints
from tests.keys import (
    as_octets,
    base64url,
    good_claims,
    jwks,
    private_key,
    public_jwk,
    sign_assertion,
    sign_parts,
    unbase64url,
)

CLIENT = "0123456789abcdef0123"
RS256 = {"alg": "RS256", "kid": "deploy-1"}
ES256 = {"alg": "ES256", "kid": "elliptic-1"}


@pytest.fixture
def both_keys() -> JWKSet:
    return JWKSet.parse({"keys": [public_jwk("deploy-1"), public_jwk("elliptic-1", "ES256")]})


@pytest.fixture
def attack(
    exchange: Exchange, deploy_bot: ExchangeApplication, settings: Settings
) -> Callable[[str | Callable[[dict[str, Any]], str]], Response]:
    """Send an assertion, or one made of good claims of the app; the app has an RSA and a P-256 key."""
    settings.EXCHANGE_FAILURE_LIMIT = 0
    keys = {"keys": [public_jwk("deploy-1"), public_jwk("elliptic-1", "ES256")]}
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(jwks=keys)

    def call(assertion: str | Callable[[dict[str, Any]], str]) -> Response:
        text = assertion if isinstance(assertion, str) else assertion(good_claims(deploy_bot.client_id))
        return exchange(client_assertion=text)

    return call


Attack = Callable[[str | Callable[[dict[str, Any]], str]], Response]


def assert_refused(response: Response) -> None:
    assert response.status_code == 401, response.content
    assert response.json()["error"] == "invalid_client"
    assert not mints()


def unsigned(header: Any, payload: Any, signature: bytes = b"") -> str:
    return ".".join(base64url(as_octets(part)) for part in (header, payload, signature))


def changed_signature(assertion: str, change: Callable[[bytes], bytes]) -> str:
    head, _, signature = assertion.rpartition(".")
    return f"{head}.{base64url(change(unbase64url(signature)))}"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_stage_is_real_an_honest_assertion_buys_a_token(attack: Attack, algorithm: str) -> None:
    key = "deploy-1" if algorithm == "RS256" else "elliptic-1"
    header = {"alg": algorithm, "kid": key}
    assert attack(lambda claims: sign_parts(header, claims, key=key, algorithm=algorithm)).status_code == 200


# --- the algorithm ----------------------------------------------------------------------------------------------------


def spellings(word: str) -> Iterator[str]:
    for bits in range(2 ** len(word)):
        yield "".join(c.upper() if bits >> place & 1 else c for place, c in enumerate(word))


@pytest.mark.parametrize("none", [*spellings("none"), " none", "none ", "none\x00", ""])
@pytest.mark.parametrize("signature", [b"", b"x"], ids=["unsigned", "with a signature"])
def test_no_spelling_of_none_is_an_algorithm(both_keys: JWKSet, none: str, signature: bytes) -> None:
    with pytest.raises(OAuthError):
        verify(unsigned({"alg": none, "kid": "deploy-1"}, good_claims(CLIENT), signature), both_keys)


def test_alg_none_buys_nothing(attack: Attack) -> None:
    assert_refused(attack(lambda claims: unsigned({"alg": "none"}, claims)))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("form", ["PEM", "PEM without the last line end", "DER", "PKCS 1", "modulus", "JWK"])
def test_a_public_key_is_never_an_hmac_secret(attack: Attack, algorithm: str, form: str) -> None:
    public = private_key("deploy-1").public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = {
        "PEM": pem,
        "PEM without the last line end": pem.rstrip(),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "PKCS 1": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "modulus": unbase64url(public_jwk("deploy-1")["n"]),
        "JWK": json.dumps(public_jwk("deploy-1")).encode(),
    }[form]

    def forge(claims: dict[str, Any]) -> str:
        head = unsigned({"alg": algorithm, "kid": "deploy-1"}, claims).rstrip(".")
        digest = getattr(hashlib, f"sha{algorithm[2:]}")
        return f"{head}.{base64url(hmac.new(secret, head.encode(), digest).digest())}"

    assert_refused(attack(forge))


@pytest.mark.parametrize(
    "algorithm",
    [
        *("RS384", "RS512", "PS256", "ES384", "ES256K", "EdDSA", "rs256", "RS256 ", "RSA", "dir", ""),
        *(None, 1, True, 0.5, ["RS256"], [], {}, {"RS256": 1}),
    ],
    ids=repr,
)
def test_only_the_two_algorithms_are_accepted_by_their_exact_names(attack: Attack, algorithm: object) -> None:
    assert_refused(attack(lambda claims: sign_parts({"alg": algorithm, "kid": "deploy-1"}, claims)))


def test_a_header_without_an_algorithm_is_refused(attack: Attack) -> None:
    assert_refused(attack(lambda claims: sign_parts({"kid": "deploy-1"}, claims)))


@pytest.mark.parametrize(
    ("header", "key", "algorithm"),
    [
        ({"alg": "RS256", "kid": "elliptic-1"}, "deploy-1", "RS256"),
        ({"alg": "RS256", "kid": "elliptic-1"}, "elliptic-1", "ES256"),
        ({"alg": "ES256", "kid": "deploy-1"}, "elliptic-1", "ES256"),
        ({"alg": "ES256", "kid": "deploy-1"}, "deploy-1", "RS256"),
        ({"alg": "ES256"}, "deploy-1", "RS256"),
        ({"alg": "RS256"}, "elliptic-1", "ES256"),
    ],
)
def test_the_key_and_not_the_token_says_which_algorithm_is_used(
    attack: Attack, header: dict[str, str], key: str, algorithm: str
) -> None:
    assert_refused(attack(lambda claims: sign_parts(header, claims, key=key, algorithm=algorithm)))


# --- keys that a token brings along -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"jwk": public_jwk("mallory")},
        {"jwk": public_jwk("mallory", kid="deploy-1")},
        {"jku": "http://127.0.0.1:9/jwks.json"},
        {"x5u": "http://127.0.0.1:9/chain.pem"},
        {"x5c": ["MIIB"]},
        {"x5t": "AAAA", "x5t#S256": "AAAA"},
    ],
    ids=lambda members: "+".join(members),
)
def test_a_key_in_the_header_is_never_used(attack: Attack, members: dict[str, Any]) -> None:
    assert_refused(attack(lambda claims: sign_parts(RS256 | members, claims, key="mallory")))
    assert_refused(attack(lambda claims: sign_parts({"alg": "RS256"} | members, claims, key="mallory")))


def test_a_key_in_the_header_does_not_hinder_the_right_one(attack: Attack) -> None:
    header = RS256 | {"jwk": public_jwk("mallory"), "jku": "http://127.0.0.1:9/"}
    assert attack(lambda claims: sign_parts(header, claims)).status_code == 200


@pytest.mark.parametrize(
    "kid",
    [
        "' OR 1=1 --",
        "../../../../dev/null",
        "/dev/null",
        "file:///etc/passwd",
        "deploy-1\x00",
        "deploy-1 ",
        "DEPLOY-1",
        "",
        "\ud800",
        "x" * 10_000,
        "%s%s%s{0.__class__}",
        "$(id)",
    ],
    ids=lambda kid: ascii(kid)[:24],
)
def test_a_key_id_is_only_compared(attack: Attack, kid: str) -> None:
    assert_refused(attack(lambda claims: sign_parts({"alg": "RS256", "kid": kid}, claims)))


@pytest.mark.parametrize("kid", [None, 1, True, 1.5, ["deploy-1"], {"deploy-1": 1}], ids=repr)
def test_a_key_id_that_is_no_string_is_refused(attack: Attack, kid: object) -> None:
    assert_refused(attack(lambda claims: sign_parts({"alg": "RS256", "kid": kid}, claims)))


# --- headers that change the rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"crit": ["exp"], "exp": 4_000_000_000},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"crit": None},
        {"b64": False},
        {"b64": True},
        {"zip": "DEF"},
    ],
    ids=str,
)
def test_a_header_that_demands_an_extension_is_refused(attack: Attack, members: dict[str, Any]) -> None:
    assert_refused(attack(lambda claims: sign_parts(RS256 | members, claims)))


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"RS256","alg":"none","kid":"deploy-1"}',
        '{"alg":"none","alg":"RS256","kid":"deploy-1"}',
        '{"alg":"RS256","kid":"other","kid":"deploy-1"}',
        '{"alg":"RS256","kid":"deploy-1","x":{"a":1,"a":2}}',
        '{"alg":"RS256","kid":"deploy-1","\\u0061lg":"none"}',
    ],
)
def test_a_header_with_two_members_of_one_name_is_refused(attack: Attack, header: str) -> None:
    assert_refused(attack(lambda claims: sign_parts(header, claims)))


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "jti", "extra"])
def test_a_payload_with_two_members_of_one_name_is_refused(attack: Attack, name: str) -> None:
    def twice(claims: dict[str, Any]) -> str:
        value = json.dumps(claims.get(name, 1))
        return sign_parts(RS256, f'{{"{name}":{value},{json.dumps(claims | {name: claims.get(name, 1)})[1:]}')

    assert_refused(attack(twice))


# --- the shape --------------------------------------------------------------------------------------------------------

SHAPES: dict[str, Callable[[str], str]] = {
    "empty": lambda good: "",
    "dots": lambda good: "..",
    "one part": lambda good: good.split(".")[0],
    "two parts": lambda good: good.rpartition(".")[0],
    "no signature": lambda good: good.rpartition(".")[0] + ".",
    "no payload": lambda good: "{0}..{2}".format(*good.split(".")),
    "no header": lambda good: ".{1}.{2}".format(*good.split(".")),
    "a leading dot": lambda good: f".{good}",
    "a trailing dot": lambda good: f"{good}.",
    "four parts": lambda good: f"{good}.x",
    "five parts, a JWE": lambda good: ".".join(
        (base64url(b'{"alg":"dir","enc":"A256GCM"}'), "", "A" * 16, "AAAA", "A" * 22)
    ),
    "flattened JSON": lambda good: json.dumps(
        dict(zip(("protected", "payload", "signature"), good.split("."), strict=True))
    ),
    "general JSON": lambda good: json.dumps({"payload": good.split(".")[1], "signatures": [{"protected": "e30"}]}),
    "quoted": lambda good: f'"{good}"',
    "with a scheme": lambda good: f"Bearer {good}",
    "a leading space": lambda good: f" {good}",
    "a trailing space": lambda good: f"{good} ",
    "a trailing line end": lambda good: f"{good}\n",
    "a space inside": lambda good: good.replace(".", ". ", 1),
    "a NUL": lambda good: good + "\x00",
    "percent escapes": lambda good: good.replace(".", "%2e"),
    "padding": lambda good: good + "=",
    "padding of each part": lambda good: ".".join(part + "=" * (-len(part) % 4) for part in good.split(".")) + "=",
    "a full-width character": lambda good: good.replace("e", "\uff45", 1),
    "an impossible length": lambda good: good[:-1] if len(good.rpartition(".")[2]) % 4 == 2 else good + "AAA",
    "twice": lambda good: f"{good}.{good}",
    "oversized": lambda good: good + "A" * 16384,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_only_the_compact_form_exactly_as_an_encoder_writes_it_is_read(attack: Attack, shape: str) -> None:
    good = sign_assertion_of_app(attack)
    response = attack(SHAPES[shape](good))
    assert response.status_code in (400, 401), response.content  # empty and unprintable ones are no parameters at all
    assert not mints()
    assert attack(good).status_code == 200  # and nothing but the shape was wrong


def sign_assertion_of_app(attack: Attack) -> str:
    return sign_assertion(ExchangeApplication.objects.get(name="deploy-bot").client_id)


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload", "signature"])
def test_unused_bits_of_the_last_character_must_be_zero(both_keys: JWKSet, part: int) -> None:
    """RSA-2048 signatures have 256 octets, so two bits to spare; header and payload are padded until they do too."""
    header, payload = dict(RS256), good_claims(CLIENT)
    while len(as_octets(header)) % 3 != 1:
        header["pad"] = header.get("pad", "") + "x"
    while len(as_octets(payload)) % 3 != 1:
        payload["pad"] = payload.get("pad", "") + "x"
    parts = sign_parts(header, payload).split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    verify(".".join(parts), both_keys)
    parts[part] = parts[part][:-1] + alphabet[alphabet.index(parts[part][-1]) + 1]
    with pytest.raises(OAuthError):
        verify(".".join(parts), both_keys)


def test_the_standard_alphabet_is_not_the_url_alphabet(both_keys: JWKSet) -> None:
    for number in range(100):
        good = sign_assertion(CLIENT, note=number)
        if "-" in good or "_" in good:
            verify(good, both_keys)
            with pytest.raises(OAuthError):
                verify(good.replace("-", "+").replace("_", "/"), both_keys)
            return
    raise AssertionError("no signature with - or _ in a hundred")


# --- signatures -------------------------------------------------------------------------------------------------------

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def rs(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


ES256_SIGNATURES: dict[str, Callable[[bytes], bytes]] = {
    "zero": lambda good: rs(0, 0),
    "r zero": lambda good: rs(0, 1),
    "s zero": lambda good: rs(1, 0),
    "one": lambda good: rs(1, 1),
    "r is the order": lambda good: rs(P256_ORDER, 1),
    "both the order": lambda good: rs(P256_ORDER, P256_ORDER),
    "all ones": lambda good: b"\xff" * 64,
    "DER": lambda good: encode_dss_signature(int.from_bytes(good[:32]), int.from_bytes(good[32:])),
    "short": lambda good: good[:-1],
    "long": lambda good: good + b"\0",
    "a leading zero": lambda good: b"\0" + good,
    "wider halves": lambda good: b"\0" + good[:32] + b"\0" + good[32:],
    "halves exchanged": lambda good: good[32:] + good[:32],
    "r twice": lambda good: good[:32] * 2,
    "one octet": lambda good: b"\0",
}


@pytest.mark.parametrize("name", ES256_SIGNATURES)
def test_a_crooked_es256_signature_is_refused(attack: Attack, name: str) -> None:
    def forge(claims: dict[str, Any]) -> str:
        good = sign_parts(ES256, claims, key="elliptic-1", algorithm="ES256")
        return changed_signature(good, ES256_SIGNATURES[name])

    assert_refused(attack(forge))


RS256_SIGNATURES: dict[str, Callable[[bytes], bytes]] = {
    "zero": lambda good: bytes(256),
    "one": lambda good: bytes(255) + b"\1",
    "one octet": lambda good: b"\0",
    "all ones": lambda good: b"\xff" * 256,
    "short": lambda good: good[:-1],
    "long": lambda good: good + b"\0",
    "a leading zero": lambda good: b"\0" + good,
    "plus the modulus": lambda good: (
        (
            int.from_bytes(good) + private_key("deploy-1").public_key().public_numbers().n  # type: ignore[union-attr]
        ).to_bytes(257)
    ),
    "the digest alone": lambda good: hashlib.sha256(b"x").digest(),
}


@pytest.mark.parametrize("name", RS256_SIGNATURES)
def test_a_crooked_rs256_signature_is_refused(attack: Attack, name: str) -> None:
    assert_refused(attack(lambda claims: changed_signature(sign_parts(RS256, claims), RS256_SIGNATURES[name])))


def test_a_signature_covers_header_and_payload_as_sent(attack: Attack) -> None:
    def recombine(claims: dict[str, Any]) -> str:
        mine, other = sign_parts(RS256, claims).split("."), sign_parts(RS256, claims | {"sub": "other"}).split(".")
        return ".".join((mine[0], mine[1], other[2]))

    assert_refused(attack(recombine))


# --- what JSON can hold -----------------------------------------------------------------------------------------------

PAYLOADS: dict[str, Callable[[str], str]] = {
    "not an object": lambda good: "[]",
    "a string": lambda good: '"x"',
    "null": lambda good: "null",
    "nothing": lambda good: " ",
    "two documents": lambda good: good + good,
    "a trailing comma": lambda good: good[:-1] + ",}",
    "a comment": lambda good: "/**/" + good,
    "NaN": lambda good: good[:-1] + ',"exp2":NaN}',
    "Infinity": lambda good: good[:-1] + ',"exp2":-Infinity}',
    "nested lists": lambda good: good[:-1] + ',"x":' + "[" * 6000 + "]" * 6000 + "}",
    "nested objects": lambda good: good[:-1] + ',"x":' + '{"a":' * 2000 + "1" + "}" * 2000 + "}",
    "nested and never closed": lambda good: "[" * 12000,
    "an int of 5000 digits": lambda good: good[:-1] + ',"x":' + "9" * 5000 + "}",
    "not UTF-8": lambda good: "\udcff" + good,
    "UTF-16": lambda good: "\x00".join(good),
    "a nested assertion": lambda good: sign_parts(RS256, good),
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_that_is_no_plain_json_object_is_refused(attack: Attack, name: str) -> None:
    def crooked(claims: dict[str, Any]) -> str:
        text = PAYLOADS[name](json.dumps(claims))
        return sign_parts(RS256, text.encode("latin-1") if name == "UTF-16" else text)

    assert_refused(attack(crooked))


@pytest.mark.parametrize("digits", [17, 300, 4300])
@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_times_beyond_all_calendars_are_refused_in_words(attack: Attack, name: str, digits: int, sign: str) -> None:
    def far(claims: dict[str, Any]) -> str:
        return sign_parts(RS256, json.dumps(claims | {name: "@"}).replace('"@"', sign + "9" * digits))

    assert_refused(attack(far))


@pytest.mark.parametrize("name", ["aud", "sub", "jti", "iat", "exp", "nbf"])
def test_a_claim_nested_as_deep_as_can_be_read_is_refused_in_words(attack: Attack, name: str) -> None:
    for depth in (50, 400, 800, 880, 900, 920, 940, 960):
        nested = "[" * depth + "]" * depth
        claims = good_claims(ExchangeApplication.objects.get(name="deploy-bot").client_id)
        text = json.dumps(claims | {name: "@"})
        assert_refused(attack(sign_parts(RS256, text.replace('"@"', nested))))


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "jti"])
@pytest.mark.parametrize("value", ["\x00", "a\x00b", "\ud800", "\U0010ffff", "\u202e", "x" * 8000, '"', "\\", "\r\n"])
def test_hostile_text_in_a_claim_is_no_failure_of_ours(attack: Attack, name: str, value: str) -> None:
    response = attack(lambda claims: sign_parts(RS256, json.dumps(claims | {name: value})))
    if name == "jti" and len(value) <= 255:  # a jti may be any text: only its digest is kept
        assert response.status_code == 200
    else:
        assert_refused(response)


@pytest.mark.parametrize("issuer", [None, 1, True, [], {}, ["0" * 20], "", "deploy-bot", "0" * 19, "G" * 20], ids=repr)
def test_an_issuer_that_is_no_client_id_is_nobody(attack: Attack, issuer: object) -> None:
    assert_refused(attack(lambda claims: sign_parts(RS256, claims | {"iss": issuer, "sub": issuer})))


def test_another_apps_key_signs_nothing_for_this_one(attack: Attack, deploy_bot: ExchangeApplication) -> None:
    factories.make_application(deploy_bot.organization, "report-bot", jwks=jwks("report-1"))
    assert_refused(attack(lambda claims: sign_parts({"alg": "RS256", "kid": "report-1"}, claims, key="report-1")))
    assert_refused(attack(lambda claims: sign_parts({"alg": "RS256"}, claims, key="report-1")))


# --- properties -------------------------------------------------------------------------------------------------------


def verify(text: str, keys: JWKSet | None) -> ClientAssertion:
    """What the endpoint does with an assertion until the signature is proven."""
    receipt = Receipt()
    jws = parse_client_assertion(text, receipt)
    unverified_client_id(jws)
    return verify_client_assertion(jws, keys, receipt)


@given(data=st.data(), algorithm=st.sampled_from(["RS256", "ES256"]))
def test_no_changed_character_survives(both_keys: JWKSet, data: st.DataObject, algorithm: str) -> None:
    good = sign_assertion(CLIENT, key="deploy-1" if algorithm == "RS256" else "elliptic-1", algorithm=algorithm)
    verify(good, both_keys)
    place = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.characters(min_codepoint=1, max_codepoint=0x17F).filter(lambda c: c != good[place]))
    with pytest.raises(OAuthError):
        verify(good[:place] + other + good[place + 1 :], both_keys)


@given(data=st.data(), algorithm=st.sampled_from(["RS256", "ES256"]))
def test_no_truncation_insertion_or_exchange_survives(both_keys: JWKSet, data: st.DataObject, algorithm: str) -> None:
    good = sign_assertion(CLIENT, key="deploy-1" if algorithm == "RS256" else "elliptic-1", algorithm=algorithm)
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(good)), st.integers(0, len(good)))))
    middle = data.draw(st.text(st.sampled_from("AZaz09-_.=+/ \n"), max_size=5))
    crooked = good[:start] + middle + good[end:]
    if crooked != good:
        with pytest.raises(OAuthError):
            verify(crooked, both_keys)


@given(st.text(max_size=300) | st.text(st.sampled_from("eyJ.A_-=0{}"), max_size=200))
def test_no_text_raises_anything_but_a_refusal(both_keys: JWKSet, text: str) -> None:
    with pytest.raises(OAuthError):
        verify(text, both_keys)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=10,
)


@given(header=json_values | st.fixed_dictionaries({"alg": json_values, "kid": json_values}), payload=json_values)
def test_no_json_raises_anything_but_a_refusal(both_keys: JWKSet, header: object, payload: object) -> None:
    with pytest.raises(OAuthError):
        verify(unsigned(header, payload, b"signature"), both_keys)
    with pytest.raises(OAuthError):
        verify(unsigned(header, payload, b"signature"), None)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_client_assertion_makes_the_endpoint_fail(attack: Attack, text: str) -> None:
    assert attack(text).status_code in (400, 401)


# --- test vectors of Project Wycheproof -------------------------------------------------------------------------------

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors"
FILES = ("json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json")
HARMLESS = base64url(b'{"iss":"x"}')


def groups(name: str) -> list[dict[str, Any]]:
    path = VECTORS / name
    if not path.is_file():
        pytest.skip(f"the test vectors are not beside this repository: {path.name}")
    found: list[dict[str, Any]] = json.loads(path.read_text())["testGroups"]
    return found


def keys_of(group: dict[str, Any]) -> JWKSet | None:
    """The group's public keys as a customer would register them; None when they are refused."""
    public = group.get("public") or {}
    entries = [dict(key) for key in public.get("keys", [public])]
    for number, key in enumerate(entries):
        key.setdefault("kid", f"key-{number}")
    try:
        return JWKSet.parse({"keys": entries})
    except JWKSetError:
        return None


def is_verified(text: str, keys: JWKSet) -> bool:
    """Whether header and signature hold for whatever octets are signed, be they JSON or not."""
    header, payload, signature = text.split(".")
    try:
        jws = parse_client_assertion(f"{header}.{HARMLESS}.{signature}", Receipt())
        as_sent = replace(jws, signing_input=f"{header}.{payload}".encode())
        verify_client_assertion(as_sent, keys, Receipt())
    except OAuthError:
        return False
    return True


def is_ours(text: str) -> bool:
    """Signed with one of the two algorithms, without extensions."""
    header = json.loads(unbase64url(text.split(".")[0]))
    return header.get("alg") in ("RS256", "ES256") and not {"crit", "b64", "zip"} & set(header)


@pytest.mark.parametrize("name", FILES)
def test_every_vector_is_judged_as_its_authors_say(name: str, record_property: Callable[[str, object], None]) -> None:
    ran: Counter[str] = Counter()
    wrong = []
    for group in groups(name):
        keys = keys_of(group) if group.get("public") else None
        for test in group["tests"]:
            label, text = f"{test['tcId']} {test['comment']}", test["jws"] if "jws" in test else test["jwe"]
            if not isinstance(text, str):
                text = json.dumps(text)
            accepted = is_accepted(text, keys)
            if test["result"] == "invalid":
                ran["invalid, refused"] += 1
                if accepted or (keys and text.count(".") == 2 and plain(text) and is_verified(text, keys)):
                    wrong.append(f"{label}: accepted")
            elif keys is None or not is_ours(text):
                ran["valid, but not of our algorithms or keys, refused"] += 1
                if accepted:
                    wrong.append(f"{label}: accepted")
            else:
                ran["valid, signature verified"] += 1
                if not is_verified(text, keys):
                    wrong.append(f"{label}: refused")
    assert not wrong
    assert ran["invalid, refused"] > 0
    assert sum(ran.values()) == sum(len(group["tests"]) for group in groups(name))
    record_property("vectors", dict(ran))


def is_accepted(text: str, keys: JWKSet | None) -> bool:
    try:
        verify(text, keys)
    except OAuthError:
        return False
    return True


def plain(text: str) -> bool:
    """Whether the payload is decent base64url, so that nothing but the signature can be wrong."""
    payload = text.split(".")[1]
    try:
        return base64url(unbase64url(payload)) == payload
    except ValueError:
        return False


def test_the_vectors_hold_enough_of_both_kinds_to_mean_something() -> None:
    valid = invalid = 0
    for name in FILES:
        for group in groups(name):
            keys = keys_of(group) if group.get("public") else None
            for test in group["tests"]:
                invalid += test["result"] == "invalid"
                valid += bool(test["result"] == "valid" and keys and is_ours(test["jws"]))
    assert valid >= 10
    assert invalid >= 400
