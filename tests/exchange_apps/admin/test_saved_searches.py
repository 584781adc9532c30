"""Saved searches of the log: one's own, and given away by their address."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from exchange_apps.models import SavedSearch
from exchange_apps.services.saved_searches import MOST_SAVED
from tests.exchange_apps.admin.conftest import World
from tests.exchange_apps.admin.portal import LOG, browser

SAVE = "/o/acme/searches/save/"


def saved_by_carol(world: World, **changes: str) -> SavedSearch:
    form = {"name": "Refusals of mine", "query": "outcome:denied"} | changes
    assert browser(world.carol).post(SAVE, form).status_code == 302
    return SavedSearch.objects.latest("id")


def test_an_auditor_saves_the_search_that_is_shown_with_its_range(world: World) -> None:
    saved = saved_by_carol(world)
    assert (saved.owner, saved.organization) == (world.carol, world.acme)
    assert saved.query == "outcome:denied after:30d"
    page = browser(world.carol).get(LOG).content.decode()
    assert "Refusals of mine" in page
    assert f"/o/acme/searches/{saved.pk}/" in page
    assert "Refusals of mine" not in browser(world.olga).get(LOG).content.decode()


def test_all_times_stay_all_times(world: World) -> None:
    saved = saved_by_carol(world, range="all")
    assert saved.query == "outcome:denied"
    shown = browser(world.carol).get(f"/o/acme/searches/{saved.pk}/", follow=True)
    assert "The last 30 days" not in shown.content.decode()


def test_the_address_opens_for_every_reader_of_the_organization_and_for_nobody_else(world: World) -> None:
    saved = saved_by_carol(world)
    address = f"/o/acme/searches/{saved.pk}/"
    for reader in (world.olga, world.alice, world.carol):
        assert browser(reader).get(address)["Location"] == f"{LOG}?query=outcome%3Adenied+after%3A30d&range=all"
    assert browser(world.bob).get(address).status_code == 403
    assert browser(world.mallory).get(address).status_code == 404
    assert browser(world.mallory).get(f"/o/globex/searches/{saved.pk}/").status_code == 404
    assert browser(world.mallory).get(f"/searches/{saved.pk}/").status_code == 403
    assert browser(world.otto).get(f"/searches/{saved.pk}/").status_code == 404


def test_only_its_owner_renames_and_deletes_it(world: World) -> None:
    saved = saved_by_carol(world)
    edit = f"/o/acme/searches/{saved.pk}/edit/"
    for person, status in ((world.olga, 404), (world.bob, 403), (world.mallory, 404)):
        for form in ({"name": "Stolen"}, {"delete": "1"}):
            assert browser(person).post(edit, form).status_code == status
        assert browser(person).get(edit).status_code == status
    client = browser(world.carol)
    assert saved.name in client.get(edit).content.decode()
    client.post(edit, {"name": "  Better   name "})
    saved.refresh_from_db()
    assert saved.name == "Better name"
    client.post(edit, {"delete": "1"})
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\x07b"])
def test_a_name_that_is_none_is_refused_with_a_sentence(world: World, name: str) -> None:
    answer = browser(world.carol).post(SAVE, {"name": name, "query": ""}, follow=True)
    assert "A saved search has a name of 1 to 80 characters." in answer.content.decode()
    assert not SavedSearch.objects.exists()


def test_the_same_name_takes_the_place_of_the_old_search_and_there_is_a_limit(world: World) -> None:
    saved_by_carol(world)
    assert saved_by_carol(world, query="outcome:failed").query == "outcome:failed after:30d"
    assert SavedSearch.objects.count() == 1
    for number in range(MOST_SAVED):
        saved_by_carol(world, name=f"search {number}")
    assert SavedSearch.objects.count() == MOST_SAVED


def test_no_search_is_saved_from_nonsense_nor_by_those_who_do_not_read(world: World) -> None:
    assert browser(world.carol).post(SAVE, {"name": "x", "query": "nonsense:1"}).status_code == 404
    assert browser(world.bob).post(SAVE, {"name": "x", "query": ""}).status_code == 403
    assert browser(world.mallory).post(SAVE, {"name": "x", "query": ""}).status_code == 404
    assert browser(world.mallory).post("/searches/save/", {"name": "x", "query": ""}).status_code == 403
    assert browser(world.carol).get(SAVE).status_code == 405
    assert not SavedSearch.objects.exists()


def test_an_operator_keeps_searches_of_the_whole_log(world: World) -> None:
    before = AuditEvent.objects.count()
    browser(world.otto).post("/searches/save/", {"name": "Everybody’s", "query": "outcome:denied"})
    assert SavedSearch.objects.get().organization is None
    assert "Everybody’s" in browser(world.otto).get("/audit/auditevent/").content.decode()
    assert "Everybody’s" not in browser(world.otto).get(LOG).content.decode()
    assert AuditEvent.objects.count() == before
