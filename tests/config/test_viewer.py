"""Whose time zone and language a page is in: one's own choice, else the browser's, else UTC and English."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polib
import pytest
import time_machine
from django.test import Client
from django.utils import timezone, translation
from django.utils.html import strip_tags

from audit.models import AuditEvent
from audit.moments import exact_moment, moment
from exchange_apps.models import User
from tests.exchange_apps.admin.portal import MEMBERS, browser
from tests.messages import catalogues

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("chosen", "cookie", "shown"),
    [
        ("", "", "2026-07-01 12:00 UTC"),
        ("", "Europe/Berlin", "2026-07-01 14:00 CEST"),
        ("America/New_York", "Europe/Berlin", "2026-07-01 08:00 EDT"),
        ("", "Asia/Riyadh", "2026-07-01 15:00 UTC+03"),
        ("", "../../etc/passwd", "2026-07-01 12:00 UTC"),
        ("Nowhere/Land", "<script>", "2026-07-01 12:00 UTC"),
    ],
)
def test_times_are_shown_in_the_zone_of_whoever_looks(olga: User, chosen: str, cookie: str, shown: str) -> None:
    User.objects.update(time_zone=chosen)
    olga.memberships.update(created_at=LONG_AGO)
    client = browser(olga)
    client.cookies["counterfoil_zone"] = cookie
    assert shown in strip_tags(client.get(MEMBERS).content.decode())
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_time_is_relative_for_a_week_and_always_exact_for_programs_and_on_hover() -> None:
    with time_machine.travel(NOW, tick=False), timezone.override("Europe/Berlin"):
        near, far = moment(NOW - timedelta(minutes=3)), moment(NOW - timedelta(days=7))
        ahead, now = moment(NOW + timedelta(hours=2)), moment(NOW)
        exact = exact_moment(NOW - timedelta(days=30))
    assert 'datetime="2026-11-21T11:57:00.000+00:00" title="2026-11-21 12:57:00 CET"' in near
    assert ">3\xa0minutes ago<" in near
    assert strip_tags(far) == "2026-11-14 13:00 CET"
    assert "ago" not in far
    assert ">in 2\xa0hours<" in ahead
    assert ">just now<" in now
    assert "2026-10-22 14:00:00 CEST" in exact
    assert moment(None) == "–"


def test_a_person_chooses_zone_and_language_and_the_log_tells(olga: User) -> None:
    client = browser(olga)
    page = client.get("/o/acme/profile/").content.decode()
    assert '<option value="Europe/Berlin">Berlin</option>' in page
    assert "Leave Acme Inc" in page
    form = {"name": "Olga Ost", "time_zone": "Europe/Berlin", "language": "de"}
    response = client.post("/o/acme/profile/", form, follow=True)
    assert '<html lang="de"' in response.content.decode()
    olga.refresh_from_db()
    assert (olga.name, olga.time_zone, olga.language) == ("Olga Ost", "Europe/Berlin", "de")
    assert set(AuditEvent.objects.get(type="USER_UPDATED").data["changes"]) == {"name", "time_zone", "language"}
    assert translation.get_language() == "en"


def test_a_zone_that_is_none_is_refused_and_the_input_stays(olga: User) -> None:
    form = {"name": "Typed", "time_zone": "Mars/Olympus", "language": ""}
    page = browser(olga).post("/profile/", form).content.decode()
    assert 'value="Typed"' in page
    assert "Select a valid choice" in page


@pytest.mark.django_db
def test_the_language_is_chosen_before_signing_in_too() -> None:
    client = Client(headers={"accept-language": "fr, de;q=0.5"})
    response = client.get("/login/")
    assert '<html lang="de"' in response.content.decode()
    assert response["Content-Language"] == "de"
    client.post("/language/", {"language": "en", "next": "/login/"})
    assert '<html lang="en"' in client.get("/login/").content.decode()
    assert client.post("/language/", {"language": "en", "next": "https://evil.test/"})["Location"] == "/"


@pytest.mark.django_db
def test_machines_are_answered_in_english() -> None:
    client = Client(headers={"accept-language": "de"})
    assert "Content-Language" not in client.post("/oauth/token")
    assert "Content-Language" not in client.get("/v2/no-such-thing")


@pytest.mark.parametrize("file", catalogues(), ids=lambda file: Path(file).parts[-3])
def test_what_is_translated_is_compiled(file: Path) -> None:
    compiled = {(entry.msgctxt, entry.msgid): entry for entry in polib.mofile(str(file.with_suffix(".mo")))}
    translated = polib.pofile(str(file)).translated_entries()
    assert {(entry.msgctxt, entry.msgid) for entry in translated} == set(compiled)
    for entry in translated:
        assert compiled[entry.msgctxt, entry.msgid].msgstr == entry.msgstr
