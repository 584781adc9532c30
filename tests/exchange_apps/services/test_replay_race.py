"""One assertion, one token: whoever asks at the same time, whatever fails between. And the group commit behind it."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from exchange_apps.models import (
    ExchangeApplication,
    Membership,
    MintedToken,
    Organization,
    RateWindow,
    UsedAssertion,
    User,
)
from exchange_apps.services import minting
from exchange_apps.services.minting import MintIntent, MintOutcome
from exchange_apps.services.minting.group_commit import MOST_IN_A_BATCH, GroupCommit
from tests.conftest import Exchange, at_once, denials, good_form, mints, post_form, post_to, reason_of, running_server
from tests.keys import sign_assertion

AT_ONCE = 32


# --- the same assertion, many times at once ---------------------------------------------------------------------------


def assert_one_token(answers: list[tuple[int, dict[str, Any]]]) -> None:
    assert Counter(status for status, _ in answers) == {200: 1, 401: AT_ONCE - 1}
    refusals = [body for status, body in answers if status == 401]
    assert {(body["error"], body["error_description"]) for body in refusals} == {
        ("invalid_client", "JWT has already been used (jti)")
    }
    assert MintedToken.objects.count() == UsedAssertion.objects.count() == len(mints()) == 1
    assert Counter(event.reason for event in denials()) == {"assertion_replayed": AT_ONCE - 1}
    assert {event.request_id for event in denials()} == {body["request_id"] for body in refusals}


@pytest.mark.servers
def test_32_identical_assertions_at_a_real_server_buy_one_token(
    shared_database: str, deploy_bot: ExchangeApplication, bob: User
) -> None:
    form = good_form(deploy_bot.client_id)

    def ask(number: int) -> tuple[int, dict[str, Any]]:
        status, body, _ = post_to(f"{address}/oauth/token", form)
        return status, json.loads(body)

    with running_server(shared_database, workers=2, threads=8) as address:
        assert_one_token(at_once(AT_ONCE, ask))


def test_32_identical_assertions_in_one_process_buy_one_token(
    shared_database: str, deploy_bot: ExchangeApplication, bob: User
) -> None:
    form = good_form(deploy_bot.client_id)

    def ask(number: int) -> tuple[int, dict[str, Any]]:
        response = post_form(Client(), "/oauth/token", form)
        return response.status_code, response.json()

    assert_one_token(at_once(AT_ONCE, ask))


def test_32_different_assertions_at_once_buy_32_tokens(
    shared_database: str, deploy_bot: ExchangeApplication, bob: User
) -> None:
    forms = [good_form(deploy_bot.client_id) for _ in range(AT_ONCE)]
    answers = at_once(AT_ONCE, lambda number: post_form(Client(), "/oauth/token", forms[number]).json())
    assert len({answer["access_token"] for answer in answers}) == AT_ONCE
    assert MintedToken.objects.count() == len(mints()) == AT_ONCE


# --- no refusal uses a jti up -----------------------------------------------------------------------------------------

Undo = Callable[[], object]


def switch(model: type[Any], rows: dict[str, Any], **values: Any) -> Undo:
    """Change fields; gives what changes them back."""
    found = model.objects.filter(**rows)
    before = found.values(*values).get()
    found.update(**values)
    return lambda: found.update(**before)


REFUSALS: dict[str, tuple[dict[str, Any], Callable[[], Undo] | None]] = {
    "parameter_malformed": ({"expires_in": "1"}, None),
    "grant_type_unsupported": ({"grant_type": "password"}, None),
    "client_id_mismatch": ({"client_id": "0" * 20}, None),
    "audience_invalid": ({"audience": "globex"}, None),
    "subject_unknown": ({"subject_token": "nobody@acme.test"}, None),
    "scope_malformed": ({"scope": "é"}, None),
    "scope_not_grantable": ({"scope": "write_agents"}, None),
    "application_disabled": ({}, lambda: switch(ExchangeApplication, {"name": "deploy-bot"}, enabled=False)),
    "exchange_disabled": ({}, lambda: switch(Organization, {"slug": "acme"}, token_exchange_enabled=False)),
    "address_not_allowed": (
        {},
        lambda: switch(ExchangeApplication, {"name": "deploy-bot"}, exchange_allowed_ips=["192.0.2.1/32"]),
    ),
    "subject_unverified": ({}, lambda: switch(User, {"email": "bob@acme.test"}, email_verified=False)),
    "subject_suspended": ({}, lambda: switch(Membership, {"user__email": "bob@acme.test"}, active=False)),
    "scope_no_default": ({}, lambda: switch(ExchangeApplication, {"name": "deploy-bot"}, default_scopes=[])),
    "assertion_lifetime": (
        {},
        lambda: switch(ExchangeApplication, {"name": "deploy-bot"}, max_assertion_lifetime=60),
    ),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_refused_assertion_is_still_good_once_its_cause_is_gone(
    exchange: Exchange, deploy_bot: ExchangeApplication, reason: str
) -> None:
    changes, cause = REFUSALS[reason]
    assertion = sign_assertion(deploy_bot.client_id)
    undo = cause() if cause else None
    assert reason_of(exchange(client_assertion=assertion, **changes)) == reason
    assert not UsedAssertion.objects.exists()
    if undo:
        undo()
    assert exchange(client_assertion=assertion).status_code == 200
    assert reason_of(exchange(client_assertion=assertion)) == "assertion_replayed"


def test_an_assertion_whose_mint_could_not_be_written_is_still_good(
    exchange: Exchange, deploy_bot: ExchangeApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    assertion = sign_assertion(deploy_bot.client_id)
    writer = minting.mint_writer()
    real = writer._write

    def write_and_lose(intents: Sequence[MintIntent]) -> list[minting.MintResult]:
        with transaction.atomic():
            real(intents)
            raise OperationalError("the disk went away before the commit")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "_write", write_and_lose)
        assert exchange(client_assertion=assertion).status_code == 503
    assert [model.objects.count() for model in (MintedToken, UsedAssertion, AuditEvent)] == [0, 0, 0]  # type: ignore[attr-defined]
    assert exchange(client_assertion=assertion).status_code == 200


# --- a batch of mints -------------------------------------------------------------------------------------------------


@pytest.fixture
def intent(
    shared_database: str, exchange: Exchange, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., MintIntent]:
    """Real intents of exchanges for Bob, caught before they are written; changes replace their fields."""
    monkeypatch.setattr("exchange_apps.services.failure_limit.settings.EXCHANGE_FAILURE_LIMIT", 0)
    writer = minting.mint_writer()
    real = writer._write

    def make(**changes: Any) -> MintIntent:
        caught: list[MintIntent] = []

        def catch(intents: Sequence[MintIntent]) -> list[minting.MintResult]:
            caught.extend(intents)
            raise OperationalError("caught")

        writer._write = catch
        try:
            assert exchange().status_code == 503
        finally:
            writer._write = real
        (made,) = caught
        return replace(made, **changes)

    return make


def write(intents: list[MintIntent]) -> list[MintOutcome]:
    return [result.outcome for result in minting.mint_writer()._write(intents)]


def test_a_batch_of_every_outcome_settles_each_by_itself(intent: Callable[..., MintIntent]) -> None:
    good, twin, stale = intent(), intent(), intent()
    twin = replace(twin, jti_digest=good.jti_digest)
    assert stale.user is not None
    stale = replace(stale, user=(stale.user[0], stale.user[1] + 1))
    spent = [intent(budget_key="exchanges:small", budget_limit=2) for _ in range(3)]
    no_jti = [intent(jti_digest=None) for _ in range(2)]
    outcomes = write([good, twin, stale, *spent, *no_jti])
    assert [str(outcome) for outcome in outcomes] == [
        *("minted", "replayed", "stale"),
        *("minted", "minted", "over_limit"),
        *("minted", "minted"),
    ]
    minted = {made.token["id"] for made in (good, *spent[:2], *no_jti)}
    assert set(MintedToken.objects.values_list("id", flat=True)) == minted
    assert {event.subject_id for event in mints()} == minted
    assert set(UsedAssertion.objects.values_list("token_id", flat=True)) == minted - {i.token["id"] for i in no_jti}


@pytest.mark.parametrize("whose", ["application", "organization", "membership", "user"])
@pytest.mark.parametrize("change", ["another version", "another row"])
def test_a_mint_on_any_old_row_is_stale_and_leaves_nothing(
    intent: Callable[..., MintIntent], whose: str, change: str
) -> None:
    made = intent()
    row, version = getattr(made, whose)
    old = (row, version - 1) if change == "another version" else (uuid.uuid4(), version)
    assert write([replace(made, **{whose: old})]) == [MintOutcome.STALE]
    assert [MintedToken.objects.count(), UsedAssertion.objects.count(), len(mints())] == [0, 0, 0]


def test_a_mint_over_the_failure_limit_is_blocked_and_spends_nothing(intent: Callable[..., MintIntent]) -> None:
    made = intent(failure_key="failures:test", failure_limit=2, budget_limit=5)
    RateWindow.objects.create(key="failures:test", started_ms=made.now_ms, used=2)
    assert write([made]) == [MintOutcome.BLOCKED]
    assert not RateWindow.objects.filter(key=made.budget_key).exists()
    RateWindow.objects.filter(key="failures:test").update(started_ms=made.now_ms - 60_000)
    assert write([made]) == [MintOutcome.MINTED]


def test_a_jti_whose_time_is_over_is_free_again(intent: Callable[..., MintIntent]) -> None:
    first = intent()
    later = replace(intent(), jti_digest=first.jti_digest)
    assert write([first]) == [MintOutcome.MINTED]
    assert write([later]) == [MintOutcome.REPLAYED]
    ended = timezone.now() - timedelta(seconds=1)
    UsedAssertion.objects.update(expires_at=ended)
    assert write([later]) == [MintOutcome.MINTED]
    assert UsedAssertion.objects.get().token_id == later.token["id"]


def test_one_row_that_cannot_be_stored_does_not_fail_its_neighbours(intent: Callable[..., MintIntent]) -> None:
    neighbours = [intent() for _ in range(3)]
    poisoned = intent()
    poisoned = replace(poisoned, token=poisoned.token | {"digest": neighbours[0].token["digest"]})
    batch = [neighbours[0], neighbours[1], poisoned, neighbours[2]]
    results, errors = gathered(GroupCommit(minting.mint_writer()._write), batch)
    assert [result and str(result.outcome) for result in results] == ["minted", "minted", None, "minted"]
    assert isinstance(errors[2], IntegrityError)
    assert MintedToken.objects.count() == len(mints()) == 3
    assert not UsedAssertion.objects.filter(digest=poisoned.jti_digest).exists()


# --- group commit -----------------------------------------------------------------------------------------------------


def gathered(commit: GroupCommit[Any, Any], items: Sequence[Any]) -> tuple[list[Any], list[BaseException | None]]:
    """Submit all items while a write is held up before them, so that they wait together and form batches."""
    entered, may_go = threading.Event(), threading.Event()
    real = commit._write

    def write_held(batch: Sequence[Any]) -> Sequence[Any]:
        if batch == [OPENING]:
            entered.set()
            assert may_go.wait(30)
            return [OPENING]
        return real(batch)

    commit._write = write_held
    results: list[Any] = [None] * len(items)
    errors: list[BaseException | None] = [None] * len(items)

    def submit(place: int) -> None:
        try:
            results[place] = commit.submit(items[place])
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            errors[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=commit.submit, args=(OPENING,))]
    threads[0].start()
    assert entered.wait(30)
    for place in range(len(items)):
        threads.append(threading.Thread(target=submit, args=(place,)))
        threads[-1].start()
        while len(commit._waiting) <= place:
            time.sleep(0.0005)
    may_go.set()
    for thread in threads:
        thread.join(30)
    return results, errors


OPENING = "the write that is held up"


def test_a_lone_item_is_written_at_once() -> None:
    commit: GroupCommit[int, int] = GroupCommit(lambda batch: [item * 2 for item in batch])
    assert commit.submit(21) == 42


def test_those_who_wait_are_written_together_and_each_gets_its_own_result() -> None:
    batches: list[list[int]] = []

    def write_batch(batch: Sequence[int]) -> list[int]:
        batches.append(list(batch))
        return [item * 2 for item in batch]

    results, errors = gathered(GroupCommit(write_batch), list(range(10)))
    assert results == [item * 2 for item in range(10)]
    assert errors == [None] * 10
    assert batches == [list(range(10))]


def test_a_batch_has_a_limit() -> None:
    sizes: list[int] = []
    commit: GroupCommit[int, int] = GroupCommit(lambda batch: (sizes.append(len(batch)), list(batch))[1])
    results, _ = gathered(commit, list(range(MOST_IN_A_BATCH + 6)))
    assert results == list(range(MOST_IN_A_BATCH + 6))
    assert sizes == [MOST_IN_A_BATCH, 6]


@pytest.mark.parametrize("error", [OperationalError("locked"), ValueError("a bug"), MemoryError()], ids=repr)
def test_a_failed_write_reaches_every_waiter(error: Exception) -> None:
    def fail(batch: Sequence[int]) -> list[int]:
        raise error

    results, errors = gathered(GroupCommit(fail), list(range(5)))
    assert results == [None] * 5
    assert errors == [error] * 5


@pytest.mark.parametrize("error", [IntegrityError, DataError])
def test_a_poisoned_item_fails_alone(error: type[Exception]) -> None:
    def write_batch(batch: Sequence[int]) -> list[int]:
        if 3 in batch:
            raise error("three")
        return list(batch)

    results, errors = gathered(GroupCommit(write_batch), list(range(5)))
    assert results == [0, 1, 2, None, 4]
    assert [type(found) for found in errors] == [type(None)] * 3 + [error, type(None)]


def test_a_write_that_answers_too_few_fails_everybody_rather_than_nobody() -> None:
    commit: GroupCommit[int, int] = GroupCommit(lambda batch: [1][: len(batch) - 1])
    with pytest.raises(ValueError, match="shorter"):
        commit.submit(1)


def test_after_a_failure_the_next_write_goes_through() -> None:
    answers: list[Any] = [OperationalError("once"), [7]]

    def write_batch(batch: Sequence[int]) -> list[int]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return list(answer)

    commit: GroupCommit[int, int] = GroupCommit(write_batch)
    with pytest.raises(OperationalError):
        commit.submit(1)
    assert commit.submit(1) == 7


def test_many_threads_lose_nothing_and_get_nothing_twice(settings: Settings) -> None:
    written: list[int] = []
    commit: GroupCommit[int, int] = GroupCommit(lambda batch: (written.extend(batch), list(batch))[1])
    results = at_once(20, lambda number: [commit.submit(number * 100 + turn) for turn in range(20)])
    assert sorted(written) == sorted(number for row in results for number in row)
    assert len(set(written)) == 400
