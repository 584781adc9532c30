"""The history page of an object, out of the log."""

from __future__ import annotations

from html import unescape

from django.utils import timezone

from audit.actions import AuditAction
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from audit.recorder import record_event
from tests.exchange_apps.admin.conftest import World
from tests.exchange_apps.admin.portal import browser, page_of


def test_a_history_is_narrowed_by_outcome_and_type_and_opens_in_the_log(world: World) -> None:
    client = browser(world.alice)
    record_event(
        AuditAction.TOKEN_EXCHANGE_APP_UPDATED,
        occurred_at=timezone.now(),
        organization=world.acme.ref(),
        actor=Party(PartyType.USER, world.alice.pk, world.alice.email),
        subject=Party(PartyType.TOKEN_EXCHANGE_APP, world.deploy_bot.pk, world.deploy_bot.name),
        origin=RequestOrigin(None, "", ""),
    )
    history = page_of(world.deploy_bot, "history")
    page = unescape(client.get(history).content.decode())
    assert "changed the app deploy-bot" in page
    log = f"/o/acme/audit/auditevent/?query=subject%3A{world.deploy_bot.pk}"
    assert log in page
    assert "changed the app deploy-bot" in client.get(log).content.decode()
    fits = client.get(f"{history}?type=TOKEN_EXCHANGE_APP_UPDATED&outcome=success").content.decode()
    assert "changed the app deploy-bot" in fits
    assert "Nothing fits" in client.get(f"{history}?outcome=denied").content.decode()


def test_members_and_strangers_see_no_history(world: World) -> None:
    history = page_of(world.deploy_bot, "history")
    assert browser(world.bob).get(history).status_code in (302, 403)
    assert browser(world.mallory).get(history).status_code == 404
