from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_apps.domain.jwk import JWKSet, JWKSetError, KeyProblemCode
from exchange_apps.domain.pem_conversion import pem_to_jwks
from tests.exchange_apps.domain.jwk_samples import ec_jwk, ec_private_key, rsa_jwk, rsa_private_key

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def public_pem(key: PrivateKey, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return key.public_key().public_bytes(Encoding.PEM, form).decode()


def certificate_pem(key: PrivateKey, name: str, *, issuer: str | None = None, signer: PrivateKey | None = None) -> str:
    """Of `key` under `name`; self-signed unless an issuer is given."""

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer or name))
    builder = builder.public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=1))
    return builder.sign(signer or key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def refusal_codes(text: str, kid: str | None = None) -> list[KeyProblemCode]:
    with pytest.raises(JWKSetError) as caught:
        pem_to_jwks(text, kid)
    return [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(lambda: public_pem(rsa_private_key()), id="SPKI"),
        pytest.param(lambda: public_pem(rsa_private_key(), PublicFormat.PKCS1), id="PKCS 1"),
        pytest.param(lambda: certificate_pem(rsa_private_key(), "app"), id="certificate"),
        pytest.param(lambda: f"my key:\r\n{public_pem(rsa_private_key())}\nthanks", id="words around it"),
    ],
)
def test_an_rsa_key_comes_out_the_same_from_every_form(pem: object) -> None:
    converted = pem_to_jwks(pem(), kid="mine")  # type: ignore[operator]
    assert converted == JWKSet.parse({"keys": [rsa_jwk("mine", alg=None)]})


def test_an_ec_key_is_converted() -> None:
    assert pem_to_jwks(public_pem(ec_private_key()), "mine") == JWKSet.parse({"keys": [ec_jwk("mine", alg=None)]})


def test_a_key_is_named_by_its_thumbprint_when_nobody_names_it() -> None:
    (key,) = pem_to_jwks(public_pem(ec_private_key())).keys
    assert key.kid == key.thumbprint


def test_several_keys_make_one_set_and_equal_ones_count_once() -> None:
    rsa_pem, ec_pem = public_pem(rsa_private_key()), public_pem(ec_private_key())
    keys = pem_to_jwks(rsa_pem + ec_pem + certificate_pem(rsa_private_key(), "app")).keys
    assert [key.label() for key in keys] == ["RSA 2048-bit", "EC P-256"]


def test_one_name_cannot_be_given_to_two_keys() -> None:
    two = public_pem(ec_private_key()) + public_pem(ec_private_key(1))
    assert refusal_codes(two, kid="mine") == [KeyProblemCode.KID_DUPLICATE]


def test_a_certificate_chain_is_refused_so_that_no_authority_becomes_a_signer() -> None:
    leaf = certificate_pem(ec_private_key(), "app", issuer="authority", signer=ec_private_key(1))
    authority = certificate_pem(ec_private_key(1), "authority")
    assert refusal_codes(leaf + authority) == [KeyProblemCode.PEM]
    assert len(pem_to_jwks(leaf).keys) == 1


def test_two_self_signed_certificates_of_one_name_are_no_chain() -> None:
    pair = certificate_pem(ec_private_key(), "app") + certificate_pem(ec_private_key(1), "app")
    assert len(pem_to_jwks(pair).keys) == 2


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        pytest.param(lambda: "", KeyProblemCode.PEM, id="nothing"),
        pytest.param(lambda: '{"keys": []}', KeyProblemCode.PEM, id="JSON"),
        pytest.param(lambda: "-----BEGIN PUBLIC KEY-----\nAAAA", KeyProblemCode.ENCODING, id="cut short"),
        pytest.param(
            lambda: public_pem(rsa_private_key()).replace("PUBLIC KEY", "CERTIFICATE"),
            KeyProblemCode.ENCODING,
            id="wrong label",
        ),
        pytest.param(lambda: " " * 65_537, KeyProblemCode.TOO_LARGE, id="too large"),
        pytest.param(lambda: public_pem(rsa_private_key(0, 1024)), KeyProblemCode.RSA_TOO_SMALL, id="short RSA"),
        pytest.param(lambda: public_pem(ec.generate_private_key(ec.SECP384R1())), KeyProblemCode.CURVE, id="P-384"),
        pytest.param(
            lambda: public_pem(ed25519.Ed25519PrivateKey.generate()),  # type: ignore[arg-type]
            KeyProblemCode.KEY_TYPE,
            id="Ed25519",
        ),
        pytest.param(
            lambda: (
                ec_private_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
            ),
            KeyProblemCode.PRIVATE_MATERIAL,
            id="private key",
        ),
    ],
)
def test_what_is_no_public_key_for_signatures_is_refused(pem: object, code: KeyProblemCode) -> None:
    assert refusal_codes(pem()) == [code]  # type: ignore[operator]


@settings(deadline=None)
@given(st.text(alphabet="ABEGINPUBLICKEY -\n=é\ud800", max_size=80), st.integers(min_value=0, max_value=178))
def test_no_damaged_pem_raises_anything_but_a_refusal(noise: str, position: int) -> None:
    text = public_pem(ec_private_key())
    with suppress(JWKSetError):
        assert pem_to_jwks(text[:position] + noise + text[position:]).keys
