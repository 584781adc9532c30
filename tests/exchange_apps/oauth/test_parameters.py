"""The parameters of a request: what each may say, and what comes of it."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from exchange_apps.models import ExchangeApplication, Membership, MintedToken, Organization, User
from tests import factories
from tests.conftest import Exchange, Response, good_form, mints, reason_of
from tests.keys import ABSENT

UUID_TYPE = "urn:buildkite:params:oauth:token-type:user-uuid"


def minted(response: Response) -> MintedToken:
    assert response.status_code == 200, response.content
    return MintedToken.objects.get(digest=hashlib.sha256(response.json()["access_token"].encode()).digest())


# --- scope ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("read_pipelines", "read_pipelines"),
        ("write_builds read_builds", "read_builds write_builds"),
        ("read_builds read_builds", "read_builds"),
        ("  read_builds   read_pipelines ", "read_builds read_pipelines"),
        ("read_builds read_pipelines write_builds", "read_builds read_pipelines write_builds"),
        ("", "read_builds"),
        (" ", "read_builds"),
        (ABSENT, "read_builds"),
    ],
    ids=str,
)
def test_the_token_carries_what_was_asked_for_sorted_or_the_defaults(
    exchange: Exchange, asked: str, granted: str
) -> None:
    response = exchange(scope=asked)
    assert response.json()["scope"] == granted
    assert minted(response).scopes == granted.split()


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("read_builds write_agents", "scope_not_grantable"),
        ("write_agents", "scope_not_grantable"),
        ("no_such_scope", "scope_not_grantable"),
        ("READ_BUILDS", "scope_not_grantable"),
        ("read_builds,write_builds", "scope_not_grantable"),
        ("read_*", "scope_not_grantable"),
        ("*", "scope_not_grantable"),
        ('read_builds "', "scope_malformed"),
        ("read\\builds", "scope_malformed"),
        ("lire_é", "scope_malformed"),
        ("x" * 65, "scope_malformed"),
        (" ".join(f"s{number}" for number in range(201)), "scope_malformed"),
    ],
    ids=lambda value: value[:30],
)
def test_asking_for_more_is_refused_and_never_narrowed(exchange: Exchange, asked: str, reason: str) -> None:
    response = exchange(scope=asked)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_scope")
    assert reason_of(response) == reason
    assert not mints()


def test_without_defaults_a_scope_must_be_named(exchange: Exchange, deploy_bot: ExchangeApplication) -> None:
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(default_scopes=[])
    assert reason_of(exchange()) == "scope_no_default"
    assert exchange(scope="read_builds").status_code == 200


def test_defaults_that_are_no_longer_grantable_are_refused(exchange: Exchange, deploy_bot: ExchangeApplication) -> None:
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(grantable_scopes=["read_pipelines"])
    assert reason_of(exchange()) == "scope_not_grantable"


# --- expires_in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("30", 30),
        ("31", 31),
        ("3599", 3599),
        ("3600", 3600),
        ("3601", 3600),
        ("9" * 18, 3600),
        ("00000060", 60),
        ("", 3600),
        (ABSENT, 3600),
    ],
    ids=str,
)
def test_the_lifetime_is_as_asked_or_capped(exchange: Exchange, asked: str, granted: int) -> None:
    response = exchange(expires_in=asked)
    assert response.json()["expires_in"] == granted
    token = minted(response)
    assert (token.expires_at - token.created_at).total_seconds() == granted


@pytest.mark.parametrize(
    "asked",
    ["29", "0", "-60", "+60", "60.0", "6e1", " 60", "60 ", "0x60", "sixty", "٦٠", "²", "1_000", "9" * 19, "9" * 5000],
)
def test_anything_but_whole_seconds_from_30_is_refused(exchange: Exchange, asked: str) -> None:
    response = exchange(expires_in=asked)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert reason_of(response) == "parameter_malformed"


def test_the_cap_is_the_apps(exchange: Exchange, deploy_bot: ExchangeApplication) -> None:
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(max_token_ttl=30)
    assert [exchange(expires_in=asked).json()["expires_in"] for asked in ("30", "31", "86400")] == [30, 30, 30]


# --- audience ---------------------------------------------------------------------------------------------------------


def test_the_audience_is_the_organizations_slug_or_uuid(exchange: Exchange, acme: Organization) -> None:
    for audience in ("acme", str(acme.id), str(acme.id).upper()):
        assert exchange(audience=audience).status_code == 200


@pytest.mark.parametrize("audience", ["globex", "Acme", "acme ", "acme/", "*", "00000000-0000-0000-0000-000000000000"])
def test_every_other_audience_sounds_the_same(exchange: Exchange, globex: Organization, audience: str) -> None:
    response = exchange(audience=audience)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_target")
    assert response.json()["error_description"].startswith("Invalid audience organization")
    assert reason_of(response) == "audience_invalid"


def test_another_organizations_uuid_is_no_audience(exchange: Exchange, globex: Organization) -> None:
    assert reason_of(exchange(audience=str(globex.id))) == "audience_invalid"


# --- subject ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["bob@acme.test", "BOB@ACME.TEST", "Bob@Acme.Test"])
def test_an_address_names_its_user_in_any_case(exchange: Exchange, bob: User, email: str) -> None:
    assert minted(exchange(subject_token=email)).user_id == bob.id


def test_a_uuid_names_its_user_verified_address_or_not(exchange: Exchange, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(email_verified=False)
    for text in (str(bob.id), str(bob.id).upper()):
        assert minted(exchange(subject_token=text, subject_token_type=UUID_TYPE)).user_id == bob.id


def test_all_subjects_that_cannot_have_a_token_sound_the_same(
    exchange: Exchange, acme: Organization, mallory: User
) -> None:
    def member(email: str, **fields: Any) -> None:
        factories.make_member(acme, email, **fields)

    member("unverified@acme.test", email_verified=False)
    member("gone@acme.test", is_active=False)
    member("paused@acme.test")
    Membership.objects.filter(user__email="paused@acme.test").update(active=False)
    reasons = {
        "nobody@acme.test": "subject_unknown",
        "unverified@acme.test": "subject_unverified",
        "gone@acme.test": "subject_suspended",
        "paused@acme.test": "subject_suspended",
        mallory.email: "subject_not_member",
    }
    answers = {email: exchange(subject_token=email) for email in reasons}
    assert {email: reason_of(answer) for email, answer in answers.items()} == reasons
    heard = {(answer.status_code, *list(answer.json().values())[:2]) for answer in answers.values()}
    assert heard == {(400, "invalid_request", "Subject user must be an active member of the organization")}


def test_uuids_of_subjects_are_checked_the_same_way(exchange: Exchange, mallory: User) -> None:
    def ask(uuid: str) -> str:
        return reason_of(exchange(subject_token=uuid, subject_token_type=UUID_TYPE))

    assert ask(str(mallory.id)) == "subject_not_member"
    assert ask("00000000-0000-4000-8000-000000000000") == "subject_unknown"


@pytest.mark.parametrize(
    ("token", "token_type"),
    [
        ("bob", "user-email"),
        ("bob@", "user-email"),
        ("@acme.test", "user-email"),
        ("bob @acme.test", "user-email"),
        ("b" * 320 + "@acme.test", "user-email"),
        ("bob@acme.test", "user-uuid"),
        ("0" * 32, "user-uuid"),
        ("{00000000-0000-4000-8000-000000000000}", "user-uuid"),
        ("urn:uuid:00000000-0000-4000-8000-000000000000", "user-uuid"),
    ],
)
def test_a_subject_of_the_wrong_shape_is_malformed_and_not_repeated(
    exchange: Exchange, token: str, token_type: str
) -> None:
    response = exchange(subject_token=token, subject_token_type=f"urn:buildkite:params:oauth:token-type:{token_type}")
    assert reason_of(response) == "parameter_malformed"
    assert token not in response.json()["error_description"]


@pytest.mark.parametrize(
    "token_type",
    [
        "user-email",
        "urn:ietf:params:oauth:token-type:refresh_token",
        "URN:BUILDKITE:PARAMS:OAUTH:TOKEN-TYPE:USER-EMAIL",
        "urn:buildkite:params:oauth:token-type:user-email ",
    ],
)
def test_an_unknown_subject_type_is_malformed(exchange: Exchange, token_type: str) -> None:
    response = exchange(subject_token_type=token_type)
    assert (response.status_code, reason_of(response)) == (400, "parameter_malformed")


# --- the rest ---------------------------------------------------------------------------------------------------------

REQUIRED = (
    "grant_type",
    "client_assertion_type",
    "client_assertion",
    "subject_token",
    "subject_token_type",
    "audience",
)


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [ABSENT, ""], ids=["absent", "empty"])
def test_a_required_parameter_that_is_absent_or_empty_is_named(exchange: Exchange, name: str, value: str) -> None:
    response = exchange(**{name: value})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert response.json()["error_description"] == f"A required parameter is missing: {name}"


@pytest.mark.parametrize(
    "name", ["resource", "scope", "expires_in", "requested_token_type", "client_id", "actor_token"]
)
def test_an_empty_optional_parameter_counts_as_absent(exchange: Exchange, name: str) -> None:
    assert exchange(**{name: ""}).status_code == 200


def test_unknown_parameters_are_ignored(exchange: Exchange) -> None:
    assert exchange(actor_token="x", foo="\x00", **{"é": "1", "client_secret": "s", "": "x"}).status_code == 200


@pytest.mark.parametrize("name", ["scope", "audience", "unknown", "client_assertion", "grant_type"])
@pytest.mark.parametrize("value", ["", "x"], ids=["empty", "filled"])
def test_a_repeated_parameter_is_refused_even_if_unknown_or_empty(
    exchange: Exchange, deploy_bot: ExchangeApplication, name: str, value: str
) -> None:
    once: dict[str, Any] = {} if name in REQUIRED else {name: ""}
    pairs = [*good_form(deploy_bot.client_id, **once).items(), (name, value)]
    response = Client().generic("POST", "/oauth/token", urlencode(pairs), "application/x-www-form-urlencoded")
    assert response.json()["error_description"] == f"A parameter must not be repeated: {name}"
    assert not mints()


@pytest.mark.parametrize("token_type", ["urn:ietf:params:oauth:token-type:access_token", ABSENT])
def test_an_access_token_may_be_asked_for_by_name(exchange: Exchange, token_type: str) -> None:
    answer = exchange(requested_token_type=token_type).json()
    assert answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"


@pytest.mark.parametrize("token_type", ["urn:ietf:params:oauth:token-type:refresh_token", "access_token", "x"])
def test_no_other_kind_of_token_is_issued(exchange: Exchange, token_type: str) -> None:
    assert reason_of(exchange(requested_token_type=token_type)) == "parameter_malformed"


@pytest.mark.parametrize(
    "grant_type",
    ["password", "client_credentials", "urn:ietf:params:oauth:grant-type:TOKEN-EXCHANGE", "authorization_code"],
)
def test_another_grant_is_unsupported(exchange: Exchange, grant_type: str) -> None:
    response = exchange(grant_type=grant_type)
    if response.json()["error"] != "unsupported_grant_type":
        pytest.skip("this grant has a meaning of its own by now")
    assert reason_of(response) == "grant_type_unsupported"


def test_the_resource_goes_into_the_record(exchange: Exchange) -> None:
    exchange(resource="https://api.acme.test/builds")
    exchange()
    assert [event.data["resource"] for event in mints()] == ["https://api.acme.test/builds", None]


@pytest.mark.parametrize("path", ["/oauth/token", "/v2/oauth/token"])
def test_both_addresses_mint(exchange: Exchange, path: str) -> None:
    response = exchange(path=path)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"


def test_a_trailing_slash_is_another_address(exchange: Exchange) -> None:
    assert exchange(path="/oauth/token/").status_code in (301, 302, 404, 405)
    assert not mints()


@pytest.mark.parametrize("name", ["audience", "subject_token", "client_id", "resource", "scope"])
@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "a\r\nb: c", "a\u202eb", "\x7f"], ids=ascii)
def test_unprintable_values_are_refused(exchange: Exchange, name: str, value: str) -> None:
    response = exchange(**{name: value})
    assert (response.status_code, reason_of(response)) == (400, "parameter_malformed")
