"""No part of a private key may come out again: not in a sentence, an exception, or what is kept."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_apps.domain.jwk import JWKSet, JWKSetError, KeyProblemCode, inspect_jwks
from exchange_apps.domain.pem_conversion import pem_to_jwks
from exchange_apps.domain.private_material import PRIVATE_MEMBERS
from tests.exchange_apps.domain.jwk_samples import JWK, ec_jwk, rsa_jwk

MARK = "c2VjcmV0LXZhbHVlLW9mLWEtcHJpdmF0ZS1rZXk"
PRIVATE_PEM = f"-----BEGIN PRIVATE KEY-----\n{MARK}\n-----END PRIVATE KEY-----\n"
OCT: JWK = {"kty": "oct", "kid": "shared", "alg": "HS256", "k": MARK}


def locals_of_our_frames(error: BaseException) -> str:
    found, traceback = [], error.__traceback__
    while traceback:
        frame = traceback.tb_frame
        if frame.f_globals["__name__"].startswith("exchange_apps."):
            found.append(repr(frame.f_locals))
        traceback = traceback.tb_next
    return " ".join(found)


def everything_told_of(document: object) -> str:
    """All that a form, a log, an error page or a debugger could print after a document was judged."""
    inspection = inspect_jwks(document)  # type: ignore[arg-type]
    kept = inspection.usable.as_document() if inspection.usable else None
    told = f"{inspection!r} {kept} {[str(problem) for problem in inspection.all_problems]}"
    try:
        JWKSet.parse(document)  # type: ignore[arg-type]
    except JWKSetError as error:
        told += f"{error.__context__} {error.__cause__}"
        told += f"{error} {error!r} {error.args} {error.problems} {locals_of_our_frames(error)}"
    return told


def codes(document: object) -> set[KeyProblemCode]:
    return {problem.code for problem in inspect_jwks(document).all_problems}  # type: ignore[arg-type]


@pytest.mark.parametrize("member", sorted(PRIVATE_MEMBERS))
@pytest.mark.parametrize("value", [MARK, [{"r": MARK, "d": MARK, "t": MARK}], {"a": MARK}, None, ""])
def test_a_private_member_of_any_name_and_kind_is_refused_without_a_trace(member: str, value: object) -> None:
    for jwk in (rsa_jwk(), ec_jwk()):
        document = {"keys": [jwk | {member: value}]}
        assert codes(document) == {KeyProblemCode.PRIVATE_MATERIAL}
        assert MARK not in everything_told_of(document)
        assert MARK not in everything_told_of(json.dumps(document))


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"keys": [OCT]}, id="shared secret"),
        pytest.param(rsa_jwk(d=MARK), id="a lone private key"),
        pytest.param(OCT, id="a lone shared secret"),
        pytest.param(json.dumps([ec_jwk(), ec_jwk(d=MARK)]), id="a list of keys"),
        pytest.param({"keys": [ec_jwk()], "d": MARK}, id="beside the keys"),
        pytest.param(PRIVATE_PEM, id="PEM"),
        pytest.param(PRIVATE_PEM.encode() + b"\xff", id="PEM in bytes that are no text"),
        pytest.param(PRIVATE_PEM.replace("PRIVATE", "RSA PRIVATE"), id="PEM of PKCS 1"),
        pytest.param(PRIVATE_PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"), id="encrypted PEM"),
        pytest.param(PRIVATE_PEM.replace("PRIVATE", "OPENSSH PRIVATE"), id="PEM of OpenSSH"),
        pytest.param(f"-----BEGIN PUBLIC KEY-----\n{PRIVATE_PEM}", id="PEM behind a public one"),
        pytest.param(json.dumps(PRIVATE_PEM), id="PEM as a JSON string"),
        pytest.param({"keys": [PRIVATE_PEM]}, id="PEM as a key"),
        pytest.param(f'{{"keys": ["{PRIVATE_PEM}"]}}', id="PEM in broken JSON"),
    ],
)
def test_private_material_in_any_place_is_called_leaked(document: object) -> None:
    assert codes(document) == {KeyProblemCode.PRIVATE_MATERIAL}
    told = everything_told_of(document)
    assert "Treat it as leaked" in told
    assert MARK not in told


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(f'{{"keys": [{{"d": "{MARK}",}}]}}', id="broken JSON"),
        pytest.param(f'{{"d": "{MARK}", "d": "{MARK}"}}', id="repeated member"),
        pytest.param(f'{{"{MARK}": 1, "{MARK}": 2}}', id="repeated name that is secret itself"),
        pytest.param(f'{{"d": "{MARK}", "x": NaN}}', id="NaN"),
        pytest.param({"keys": [{"d": MARK, "x": object()}]}, id="parsed value that is no JSON"),
        pytest.param(json.dumps({"keys": [{"d": MARK}] * 51}), id="too many keys"),
        pytest.param(json.dumps({"d": MARK * 2000}), id="too large"),
        pytest.param({"kys": [{"d": MARK}]}, id="no set"),
    ],
)
def test_a_document_refused_as_a_whole_leaves_no_trace_either(document: object) -> None:
    assert codes(document)
    assert MARK not in everything_told_of(document)


def test_only_the_key_id_of_a_private_key_is_shown() -> None:
    (row,) = inspect_jwks({"keys": [rsa_jwk("mine", d=MARK, use=MARK, alg=MARK, kty=MARK)]}).rows
    assert row.kid == "mine"
    assert (row.kty, row.size, row.use, row.alg, row.thumbprint, row.key) == (None,) * 6
    assert MARK not in repr(row)


def test_a_private_key_spoils_only_itself_in_an_inspection() -> None:
    inspection = inspect_jwks({"keys": [rsa_jwk("good"), ec_jwk("bad", d=MARK)]})
    assert inspection.usable
    assert [key.kid for key in inspection.usable.keys] == ["good"]


def test_an_error_survives_pickling_as_it_is() -> None:
    with pytest.raises(JWKSetError) as caught:
        JWKSet.parse({"keys": [rsa_jwk(d=MARK)]})
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 (made one line above)
    assert (str(again), again.problems) == (str(caught.value), caught.value.problems)


def test_private_pem_is_refused_for_conversion_without_a_trace() -> None:
    with pytest.raises(JWKSetError, match="Treat it as leaked") as caught:
        pem_to_jwks(PRIVATE_PEM)
    assert caught.value.__context__ is None
    assert MARK not in f"{caught.value!r} {caught.value.args} {locals_of_our_frames(caught.value)}"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    members=st.sets(st.sampled_from(["d", "p", "q", "k"]), min_size=1),
    position=st.floats(min_value=0, max_value=1, exclude_max=True),
    removed=st.integers(min_value=0, max_value=3),
    inserted=st.text(alphabet='{}[]",:\\ dpknq0é\ud800\x00', max_size=3),
    as_bytes=st.booleans(),
)
def test_damaged_text_with_a_private_key_never_leaks_it(
    members: set[str], position: float, removed: int, inserted: str, as_bytes: bool
) -> None:
    text = json.dumps({"keys": [ec_jwk(), ec_jwk("other") | dict.fromkeys(members, MARK)]})
    start = int(position * len(text))
    damaged = text[:start] + inserted + text[start + removed :]
    # damage inside the mark may leave half of it
    half = MARK[: len(MARK) // 2]
    told = everything_told_of(damaged.encode("utf-8", "surrogatepass") if as_bytes else damaged)
    assert MARK not in told
    assert half not in told
