"""What is remembered of recent tokens, and what a changed provider would have decided about them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from exchange_apps.domain.trust_policy import read_policy
from exchange_apps.models import IdentityProvider, MintedToken, Organization, TrustDecision
from exchange_apps.services import decision_buffer, trust_decisions
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.pruning import prune
from exchange_apps.services.trust_decisions import flush_decisions, recent_decisions
from exchange_apps.services.trust_what_if import accepted_of_recent, would_decide
from exchange_apps.services.workload_dry_run import foretell_workload, workload_request
from tests.exchange_apps.workloads.conftest import POLICY, SaveProvider, Send
from tests.oidc_issuer_host import Issuer

BRANCH = {"ref": "refs/heads/topic"}


def test_a_decision_keeps_the_claims_that_policies_ask_for_and_no_others(
    send: Send, provider: IdentityProvider
) -> None:
    send(claims={"email": "dana@acme.test"})
    (decision,) = recent_decisions(provider)
    assert decision.claims == {
        "aud": "counterfoil",
        "iss": provider.issuer,
        "ref": "refs/heads/main",
        "repository_id": "1001",
        "repository_owner_id": "77",
        "sub": "repo:acme/shop:ref:refs/heads/main",
    }
    assert (decision.is_accepted, decision.statement, decision.lifetime) == (True, 0, 600)
    assert decision.scopes == ["read_builds", "read_pipelines"]


def test_refusals_that_a_change_could_turn_are_kept_others_are_not(send: Send, provider: IdentityProvider) -> None:
    send(claims=BRANCH)
    send(claims={"exp": 1})
    send(scope="write_agents")
    assert [decision.reason for decision in recent_decisions(provider)] == ["scope_not_grantable", "policy_no_match"]


def test_within_a_second_decisions_wait_and_are_bounded(
    send: Send, provider: IdentityProvider, monkeypatch: Any
) -> None:
    monkeypatch.setattr(decision_buffer, "_SPAN_MS", 600_000)
    monkeypatch.setattr(decision_buffer, "MOST_WAITING", 2)
    for _ in range(5):
        send()
    assert TrustDecision.objects.count() == 1
    flush_decisions()
    assert TrustDecision.objects.count() == 3


def test_the_oldest_go_first_and_all_after_two_weeks(
    send: Send, provider: IdentityProvider, monkeypatch: Any, start: datetime
) -> None:
    monkeypatch.setattr(trust_decisions, "MOST_DECISIONS", 3)
    for number in range(5):
        send(claims={"sub": f"job {number}"})
        flush_decisions()
    assert [found.claims["sub"] for found in recent_decisions(provider)] == ["job 4", "job 3", "job 2"]
    assert prune(now=start + timedelta(days=13), sleep=lambda _: None)["trust_decisions"] == 0
    assert prune(now=start + timedelta(days=15), sleep=lambda _: None)["trust_decisions"] == 3


def test_a_changed_policy_tells_what_would_flip_both_ways(send: Send, provider: IdentityProvider) -> None:
    send()
    send(claims=BRANCH)
    draft = IdentityProvider.objects.get()
    draft.policy = [{"scopes": ["read_builds"], "claims": {"repository_id": "1001", "ref": "refs/heads/topic"}}]
    found = would_decide(draft, recent_decisions(draft))
    assert [flip.decision.claims["ref"] for flip in found.now_refused] == ["refs/heads/main"]
    assert [flip.decision.claims["ref"] for flip in found.now_accepted] == ["refs/heads/topic"]
    assert found.now_refused[0].after.reason == "policy_no_match"
    unchanged = would_decide(IdentityProvider.objects.get(), recent_decisions(draft))
    assert (unchanged.has_flips, unchanged.unchanged) == (False, 2)


def test_scopes_addresses_audiences_and_lifetimes_flip_too(send: Send, provider: IdentityProvider) -> None:
    send(scope="read_builds")

    def after(**changes: Any) -> Any:
        draft = IdentityProvider.objects.get()
        for name, value in changes.items():
            setattr(draft, name, value)
        return would_decide(draft, recent_decisions(draft))

    assert after(policy=[POLICY[0] | {"scopes": ["read_user"]}]).now_refused[0].after.reason == "scope_not_grantable"
    assert after(exchange_allowed_ips=["10.0.0.0/8"]).now_refused[0].after.reason == "provider_address"
    assert after(audiences=["other"]).now_refused[0].after.reason == "token_audience"
    assert after(token_ttl=60).changed[0].after.lifetime == 60


def test_about_a_claim_that_was_not_kept_nothing_is_said(send: Send, provider: IdentityProvider) -> None:
    send()
    draft = IdentityProvider.objects.get()
    draft.policy = [{"scopes": ["read_builds"], "claims": {"event_name": "push", "repository_id": "1001"}}]
    assert would_decide(draft, recent_decisions(draft)).unknown == 1
    draft.policy = [{"scopes": ["read_builds"], "claims": {"event_name": "push", "repository_id": "2"}}]
    assert len(would_decide(draft, recent_decisions(draft)).now_refused) == 1


def test_a_policy_being_written_is_counted_on_recent_tokens(send: Send, provider: IdentityProvider) -> None:
    send()
    send(claims=BRANCH)
    flush_decisions()
    wide = read_policy([{"scopes": ["read_builds"], "claims": {"repository_id": "1001"}}])
    draft = IdentityProvider(organization=provider.organization, issuer=provider.issuer)
    assert (accepted_of_recent(wide, draft).accepted, accepted_of_recent(wide, draft).total) == (2, 2)
    assert accepted_of_recent(provider.trust(), provider).accepted == 1


def test_observing_counts_what_would_have_been(save_provider: SaveProvider, send: Send, start: datetime) -> None:
    provider = save_provider(IdentityProvider.objects.get(), mode="observe")
    assert send().status_code == send(claims=BRANCH).status_code == 400
    assert [event.outcome for event in AuditEvent.objects.filter(type="TOKEN_EXCHANGE_OBSERVED").order_by("id")] == [
        "success",
        "denied",
    ]
    assert not MintedToken.objects.exists()
    assert [(found.is_observed, found.is_accepted) for found in recent_decisions(provider)] == [
        (True, False),
        (True, True),
    ]


def foretold(token: str, acme: Organization, start: datetime, **named: Any) -> Any:
    author = Author(SYSTEM, RequestOrigin(None, "", ""), start)
    request = workload_request(token, provider=None, organization=acme.ref())
    return foretell_workload(request, organization=acme.ref(), address=None, author=author, **named)


def test_a_dry_run_decodes_and_explains_and_uses_nothing_up(
    send: Send, provider: IdentityProvider, issuer: Issuer, acme: Organization, start: datetime
) -> None:
    token = issuer.id_token()
    found = foretold(token, acme, start)
    assert found.denial is None
    assert found.grant.scopes.render() == "read_builds read_pipelines"
    assert (found.claims["repository"], found.header["kid"]) == ("acme/shop", "issuer-1")
    assert found.statements.rows[-1].seen == 'statement 1 "main of shop"'
    assert send(token).status_code == 200
    assert foretold(token, acme, start).denial.reason == "token_replayed"
    expired = foretold(issuer.id_token(exp=1, iat=0, nbf=0, ref="x"), acme, start)
    assert expired.denial.reason == "token_expired"
    assert expired.statements.rows[0].seen == '"x"'
    assert foretold("rubbish", acme, start).denial.reason == "token_malformed"


def test_a_dry_run_tries_a_draft(
    provider: IdentityProvider, issuer: Issuer, acme: Organization, start: datetime
) -> None:
    draft = IdentityProvider.objects.get()
    draft.policy = [{"scopes": ["read_user"], "claims": {"ref": "refs/heads/x"}}]
    found = foretold(issuer.id_token(), acme, start, draft=draft)
    assert (found.denial.reason, found.provider.name) == ("policy_no_match", "ci")
    assert AuditEvent.objects.filter(type="EXCHANGE_DRY_RUN").count() == 1


def test_a_dry_run_knows_nothing_of_other_organizations(
    provider: IdentityProvider, issuer: Issuer, globex: Organization, start: datetime
) -> None:
    author = Author(SYSTEM, RequestOrigin(None, "", ""), start)
    for named in (provider, None):
        request = workload_request(issuer.id_token(), provider=named, organization=globex.ref())
        found = foretell_workload(request, organization=globex.ref(), address=None, author=author)
        assert found.denial is not None
        assert (found.denial.reason, found.provider) == ("provider_unknown", None)
