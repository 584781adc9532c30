"""The decision itself, pure: each rule of an app and its organization, in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.ip_ranges import ANYWHERE, IPAllowlist
from exchange_apps.domain.receipt import Receipt
from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.subject import SubjectToken, SubjectTokenType
from exchange_apps.domain.token_exchange import ExchangePolicy, Grant, TokenExchangeRequest, decide

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HERE = ip_address("192.0.2.7")
ACME = "0199aaaa-0000-7000-8000-000000000001"
POLICY = ExchangePolicy(
    application_enabled=True,
    exchange_enabled=True,
    organization_slug="acme",
    organization_uuid=ACME,
    exchange_addresses=IPAllowlist.parse(["192.0.2.0/24"]),
    token_addresses=IPAllowlist.parse(["198.51.100.0/24"]),
    grantable=ScopeSet.parse("a b c"),
    default=ScopeSet.parse("a"),
    max_token_ttl=3600,
)
REQUEST = TokenExchangeRequest(
    client_assertion="",
    client_id=None,
    subject=SubjectToken(SubjectTokenType.USER_EMAIL, "bob@acme.test"),
    audience="acme",
    scopes=None,
    expires_in=None,
    resource=None,
)


def decision(policy: dict[str, Any] | None = None, address: str | None = "192.0.2.7", **request: Any) -> Grant:
    return decide(
        replace(POLICY, **(policy or {})),
        replace(REQUEST, **request),
        address=address and ip_address(address),  # type: ignore[arg-type]
        now=NOW,
        receipt=Receipt(),
    )


def test_a_grant_holds_scopes_lifetime_end_and_networks() -> None:
    assert decision() == Grant(ScopeSet.parse("a"), 3600, NOW + timedelta(hours=1), POLICY.token_addresses)


@pytest.mark.parametrize("audience", ["acme", ACME, ACME.upper()])
def test_the_organization_answers_to_slug_and_uuid(audience: str) -> None:
    assert decision(audience=audience)


REFUSALS: list[tuple[dict[str, Any], str, str, DenialReason]] = [
    (
        {"policy": {"application_enabled": False}},
        "invalid_client",
        "application_enabled",
        DenialReason.APPLICATION_DISABLED,
    ),
    (
        {"policy": {"exchange_enabled": False}},
        "unsupported_grant_type",
        "exchange_enabled",
        DenialReason.EXCHANGE_DISABLED,
    ),
    ({"address": "192.0.3.7"}, "unauthorized_client", "address", DenialReason.ADDRESS_NOT_ALLOWED),
    ({"address": None}, "unauthorized_client", "address", DenialReason.ADDRESS_NOT_ALLOWED),
    ({"audience": "globex"}, "invalid_target", "target", DenialReason.AUDIENCE_INVALID),
    ({"audience": "ACME"}, "invalid_target", "target", DenialReason.AUDIENCE_INVALID),
    ({"scopes": ScopeSet.parse("a d")}, "invalid_scope", "scope", DenialReason.SCOPE_NOT_GRANTABLE),
    ({"policy": {"default": ScopeSet()}}, "invalid_scope", "scope", DenialReason.SCOPE_NO_DEFAULT),
    ({"policy": {"default": ScopeSet.parse("d")}}, "invalid_scope", "scope", DenialReason.SCOPE_NOT_GRANTABLE),
]


@pytest.mark.parametrize(("changes", "code", "check", "reason"), REFUSALS, ids=lambda value: str(value)[:30])
def test_each_rule_refuses_with_its_code_and_its_row(
    changes: dict[str, Any], code: str, check: str, reason: DenialReason
) -> None:
    receipt = Receipt()
    address = changes.get("address", "192.0.2.7")
    policy = replace(POLICY, **changes.get("policy", {}))
    request = replace(REQUEST, **{name: value for name, value in changes.items() if name not in ("policy", "address")})
    with pytest.raises(OAuthError) as refused:
        decide(policy, request, address=address and ip_address(address), now=NOW, receipt=receipt)
    assert (refused.value.code, refused.value.reason) == (code, reason)
    assert (receipt.rows[-1].check.value, receipt.rows[-1].passed) == (check, False)
    assert all(row.passed for row in receipt.rows[:-1])


def test_the_rules_decide_in_order() -> None:
    wrong: dict[str, Any] = {"application_enabled": False, "exchange_enabled": False}
    reasons = []
    for policy in (wrong, {"exchange_enabled": False}, {}):
        with pytest.raises(OAuthError) as refused:
            decision(policy, address="192.0.3.7", audience="globex", scopes=ScopeSet.parse("d"))
        reasons.append(refused.value.reason.value)
    for changes in ({"audience": "globex", "scopes": ScopeSet.parse("d")}, {"scopes": ScopeSet.parse("d")}):
        with pytest.raises(OAuthError) as refused:
            decision(**changes)  # type: ignore[arg-type]
        reasons.append(refused.value.reason.value)
    assert reasons == [
        "application_disabled",
        "exchange_disabled",
        "address_not_allowed",
        "audience_invalid",
        "scope_not_grantable",
    ]


def test_without_an_address_list_an_unknown_address_is_fine() -> None:
    assert decision({"exchange_addresses": ANYWHERE}, address=None)


letters = st.frozensets(st.sampled_from("abcdef"))


@given(letters, letters, letters | st.none(), st.integers(30, 10**6) | st.none(), st.integers(30, 86_400))
def test_nobody_gets_more_than_is_grantable_or_than_was_asked_for(
    grantable: frozenset[str], default: frozenset[str], asked: frozenset[str] | None, ttl: int | None, longest: int
) -> None:
    policy = {"grantable": ScopeSet(grantable), "default": ScopeSet(default), "max_token_ttl": longest}
    wanted = default if asked is None else asked
    try:
        grant = decision(policy, scopes=None if asked is None else ScopeSet(asked), expires_in=ttl)
    except OAuthError:
        assert not wanted <= grantable or (asked is None and not default)
    else:
        assert grant.scopes.names == wanted <= grantable
        assert grant.lifetime == min(longest, ttl or longest)
        assert grant.expires_at - NOW == timedelta(seconds=grant.lifetime)
