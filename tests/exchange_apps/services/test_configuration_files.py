"""Reading YAML and JSON: the same values from both, and nothing that could surprise or harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.problems import Problems
from exchange_apps.services.configuration.document import MOST_BYTES, UnreadableFile, read_values


def read(text: str | bytes, name: str = "counterfoil.yaml") -> Any:
    problems = Problems()
    value = read_values(text if isinstance(text, bytes) else text.encode(), name, problems)
    assert not problems, list(problems)
    return value


def repeated(text: str, name: str = "counterfoil.yaml") -> list[str]:
    problems = Problems()
    read_values(text.encode(), name, problems)
    return [str(problem) for problem in problems]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"])),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126)), inner)
    ),
    max_leaves=20,
)


@given(json_values)
def test_json_means_the_same_as_json_and_as_yaml(value: Any) -> None:
    assert read(json.dumps(value), "x.json") == value
    assert read(json.dumps(value, ensure_ascii=False), "x.yaml") == value


@pytest.mark.parametrize("word", ["no", "on", "yes", "2024-01-01", "12:30", "0x1F", "1_000", "<<", "=", ".inf"])
def test_plain_words_are_text(word: str) -> None:
    assert read(f"key: {word}") == {"key": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("~", None),
        ("", None),
        ("600", 600),
        ("-1", -1),
        ("1.5", 1.5),
        ("'600'", "600"),
        ("!!str 1", "1"),
    ],
)
def test_plain_values_are_those_of_json(text: str, value: object) -> None:
    assert read(f"key: {text}") == {"key": value}


def test_a_file_without_a_telling_name_is_json_when_it_begins_like_it() -> None:
    assert read('{"a": "\\u00e9"}', "-") == {"a": "é"}
    assert read("a: b", "-") == {"a": "b"}


def test_repeated_keys_are_named_with_their_place() -> None:
    assert repeated("organizations:\n  - slug: a\n    slug: b\n") == [
        "organizations[0].slug: This key stands here twice, again in line 3, column 5."
    ]
    assert repeated('{"a": [{"b": 1, "b": 2}]}', "x.json") == ["a[0].b: This key stands here twice."]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x [1]\nb: *x", "Anchors and aliases (& and *) are not accepted: line 1, column 4."),
        ("a: !!python/object/apply:os.system [x]", "Tags"),
        ("a: !!set {x}", "Tags"),
        ("a: 1\n---\nb: 2", "The file holds more than one YAML document: line 2, column 1."),
        ("? [a]\n: b", "A key must be text: line 1, column 3."),
        ("a: [1", "The file is not YAML: line"),
        ("a: b: c", "The file is not YAML: line 1, column 5:"),
        ("[" * 100 + "]" * 100, "The file is nested too deeply: line 1, column 51."),
        ("a: \x00", "The file is not YAML:"),
        (b"a: \xff", "The file is not UTF-8 text: see byte 3."),
        (b" " * (MOST_BYTES + 1), "The file is larger than 5 MiB."),
    ],
)
def test_yaml_that_is_refused(text: str | bytes, sentence: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(text)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize("text", ["!!map", "a: !!seq [1]", "!x {a: 1}"])
def test_tags_of_lists_and_mappings_are_refused_too(text: str) -> None:
    with pytest.raises(UnreadableFile, match="Tags"):
        read(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": }', "The file is not JSON: line 1, column 7: Expecting value."),
        ('{"a": NaN}', "The file is not JSON: NaN is no JSON value."),
        ("[" * 100_000, "The file is"),
        ("[" * 100 + "]" * 100, "The file is nested too deeply."),
        ("1" * 10_000, "The file holds a number that is too long."),
    ],
)
def test_json_that_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(text, "x.json")
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize("text", ["", "5", "[]", "text"])
@pytest.mark.django_db
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    from tests.configurations import refusals

    assert refusals(text.encode(), name="x.yaml") == {
        "": "The file must be a mapping with the keys version and organizations."
    }


@given(st.text(max_size=200))
def test_whatever_stands_in_it_it_is_read_or_refused(text: str) -> None:
    for name in ("x.yaml", "x.json"):
        try:
            read_values(text.encode("utf-8", "surrogatepass"), name, Problems())
        except UnreadableFile as refused:
            said = str(refused)
        else:
            said = ""
        assert "\n" not in said
