"""The German catalogue: complete, with every placeholder, and compiled as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client

from audit.actions import SENTENCES

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "de/LC_MESSAGES/django.po"
PLACEHOLDER = re.compile(r"%\([a-z_.]+\)[sd]|%[sd]|\{[a-z_]*\}")


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def test_every_text_is_translated(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []


def test_every_translation_has_the_placeholders_of_its_text(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        for text in [entry.msgstr] if not entry.msgid_plural else [entry.msgstr_plural[1]]:
            source = entry.msgid_plural or entry.msgid
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(source)), entry.msgid


def test_what_is_compiled_is_what_is_written(catalogue: polib.POFile) -> None:
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    assert {entry.msgid: entry.msgstr for entry in compiled} == {entry.msgid: entry.msgstr for entry in catalogue}


def test_every_sentence_of_the_log_is_in_it(catalogue: polib.POFile) -> None:
    known = {entry.msgid for entry in catalogue}
    assert {str(sentence) for sentence in SENTENCES.values()} <= known


@pytest.mark.django_db
def test_a_browser_that_asks_for_german_gets_it(client: Client) -> None:
    page = client.get("/login/", HTTP_ACCEPT_LANGUAGE="de").content.decode()
    assert '<html lang="de"' in page
    assert "Anmelden" in page
