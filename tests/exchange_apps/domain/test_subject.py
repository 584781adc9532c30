"""For whom a token is asked: an e-mail address or a UUID, normalized, never repeated when refused."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.subject import MOST_CHARACTERS, SubjectToken, SubjectTokenType

EMAIL, UUID = SubjectTokenType.USER_EMAIL, SubjectTokenType.USER_UUID


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (EMAIL, "bob@acme.test", "bob@acme.test"),
        (EMAIL, "BoB@ACME.test", "bob@acme.test"),
        (EMAIL, "bob+ci@acme.test", "bob+ci@acme.test"),
        (EMAIL, '"a@b"@acme.test', '"a@b"@acme.test'),
        (EMAIL, "ünï@acme.test", "ünï@acme.test"),
        (EMAIL, "b" * 310 + "@acme.test", "b" * 310 + "@acme.test"),
        (UUID, "0199AAAA-0000-7000-8000-000000000001", "0199aaaa-0000-7000-8000-000000000001"),
    ],
)
def test_a_subject_is_normalized(kind: SubjectTokenType, text: str, value: str) -> None:
    assert SubjectToken.parse(text, kind) == SubjectToken(kind, value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (EMAIL, ""),
        (EMAIL, "bob"),
        (EMAIL, "@"),
        (EMAIL, "bob@"),
        (EMAIL, "@acme.test"),
        (EMAIL, "bob@acme.test "),
        (EMAIL, "bob\t@acme.test"),
        (EMAIL, "b" * 311 + "@acme.test"),
        (EMAIL, "bktx_secretsecretsecret"),
        (UUID, ""),
        (UUID, "0" * 32),
        (UUID, "0199aaaa-0000-7000-8000-00000000000"),
        (UUID, "{0199aaaa-0000-7000-8000-000000000001}"),
        (UUID, "urn:uuid:0199aaaa-0000-7000-8000-000000000001"),
        (UUID, "0199aaaa-0000-7000-8000-00000000000g"),
        (UUID, "0x99aaaa-0000-7000-8000-000000000001"),
        (UUID, "0_99aaaa-0000-7000-8000-000000000001"),
        (UUID, "０199aaaa-0000-7000-8000-000000000001"),
        (UUID, "bob@acme.test"),
    ],
)
def test_anything_else_is_refused_without_repeating_it(kind: SubjectTokenType, text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the sentence is looked at below
        SubjectToken.parse(text, kind)
    assert not text or text not in str(refused.value)


@given(st.uuids(), st.booleans())
def test_every_uuid_is_read_in_either_case(value: uuid.UUID, upper: bool) -> None:
    text = str(value).upper() if upper else str(value)
    assert SubjectToken.parse(text, UUID).value == str(value)


@given(st.text(max_size=MOST_CHARACTERS + 5), st.sampled_from(SubjectTokenType))
def test_any_text_is_read_or_refused(text: str, kind: SubjectTokenType) -> None:
    try:
        found = SubjectToken.parse(text, kind)
    except ValueError:
        return
    assert found.value == text.lower()
    assert not any(character.isspace() for character in text)
