from __future__ import annotations

import json
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from exchange_apps.domain.strict_json import DocumentTooLarge, DuplicateName, StrictJSONError, parse_json

MOST_BYTES = 64 * 1024


def parse(document: object) -> object:
    return parse_json(document, most_bytes=MOST_BYTES)


def circular() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


@pytest.mark.parametrize(
    "document",
    [
        pytest.param('{"a": [1, "ü"]}', id="text"),
        pytest.param('{"a": [1, "ü"]}'.encode(), id="bytes"),
        pytest.param({"a": [1, "ü"]}, id="parsed"),
        pytest.param(MappingProxyType({"a": (1, "ü")}), id="parsed, of other types"),
    ],
)
def test_the_same_value_comes_from_every_form(document: object) -> None:
    assert parse(document) == {"a": [1, "ü"]}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param('{"a": 1,\n  oops}', "line 2, column 3", id="syntax"),
        pytest.param("", "line 1, column 1", id="empty"),
        pytest.param('{"a": NaN}', "NaN", id="NaN"),
        pytest.param('{"a": -Infinity}', "Infinity", id="infinity"),
        pytest.param({"a": float("nan")}, "cannot express", id="parsed NaN"),
        pytest.param("[" * 30_000, "nested too deeply", id="nesting"),
        pytest.param(circular(), "cannot express", id="parsed circle"),
        pytest.param({"a": date(2026, 1, 2)}, "cannot express", id="parsed date"),
        pytest.param(b'"\xff"', "UTF-8", id="not UTF-8"),
        pytest.param("\ufeff{}", "column 1", id="byte order mark"),
        pytest.param(b"\xef\xbb\xbf{}", "column 1", id="byte order mark in bytes"),
        pytest.param("1" * 5_000, "cannot express", id="number beyond every bound"),
    ],
)
def test_what_is_not_strict_json_is_refused_with_the_reason(document: object, words: str) -> None:
    with pytest.raises(StrictJSONError, match=words):
        parse(document)


@pytest.mark.parametrize("document", ['{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]'])
def test_repeated_names_are_refused_at_any_depth_and_in_any_spelling(document: str) -> None:
    with pytest.raises(DuplicateName):
        parse(document)


@pytest.mark.parametrize("letter", ["x", "ü"])
def test_the_limit_counts_bytes(letter: str) -> None:
    fitting = json.dumps(letter * ((MOST_BYTES - 2) // len(letter.encode())), ensure_ascii=False)
    assert len(fitting.encode()) == MOST_BYTES
    assert parse(fitting)
    with pytest.raises(DocumentTooLarge):
        parse(f"{fitting} ")


@pytest.mark.parametrize(
    "document",
    ['{"d": "MARK" oops}', '{"d": "MARK", "d": "MARK"}', '{"d": "MARK", "x": NaN}', b'{"d": "MARK\xff"}'],
)
def test_a_refusal_keeps_nothing_of_the_document(document: str | bytes) -> None:
    with pytest.raises(StrictJSONError) as caught:
        parse(document)
    assert "MARK" not in f"{caught.value} {caught.value!r}"
    assert caught.value.__context__ is None
