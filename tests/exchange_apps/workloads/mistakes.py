"""The table of mistakes with foreign tokens: for each, what the caller hears and what the log says."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from exchange_apps.domain.denials import DenialReason
from exchange_apps.models import IdentityProvider, Organization, RemoteKeySet
from tests.keys import ABSENT
from tests.oidc_issuer_host import Issuer

D = DenialReason
UNVERIFIED = (
    "The token is not accepted: it is malformed, no identity provider of the organization has its issuer, "
    "or none of the issuer's keys verifies it"
)
SENT = "sent"
"""The error is the wire shape's own."""


@dataclass(frozen=True)
class Mistake:
    """`token` makes what is sent; `before` changes the stage. `log` is where the refusal is found: an `event` each, a
    `tally` with one event a minute, or only a `line`. `last` is the failed row that ends the receipt."""

    name: str
    reason: DenialReason
    token: Callable[[Issuer], str]
    sentence: str = UNVERIFIED
    error: str = SENT
    status: int = 400
    log: str = "event"
    last: str = ""
    expected: str = ""
    seen: str = ""
    before: Callable[[IdentityProvider], Any] = lambda provider: None


def claims(**changed: Any) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.id_token(**changed)


def times(**offsets: int | float) -> Callable[[Issuer], str]:
    return lambda issuer: issuer.id_token(**{name: int(time.time()) + offset for name, offset in offsets.items()})


def with_header(header: dict[str, Any]) -> Callable[[Issuer], str]:
    """A good token's payload and signature behind another header."""
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return lambda issuer: ".".join([encoded, *issuer.id_token().split(".")[1:]])


def provider_is(**fields: Any) -> Callable[[IdentityProvider], Any]:
    return lambda provider: IdentityProvider.objects.filter(pk=provider.pk).update(**fields)


def organization_is(**fields: Any) -> Callable[[IdentityProvider], Any]:
    return lambda provider: Organization.objects.filter(pk=provider.organization_id).update(**fields)


def keys_too_old(provider: IdentityProvider) -> None:
    now = timezone.now()
    RemoteKeySet.objects.update(fetched_at=now - timedelta(hours=25), fresh_until=None, attempted_at=now)
    provider_is(name="ci")(provider)  # a new version, as whoever keeps keys gives one


good = claims()
AHEAD = r"at most \d+ \(the time here\) and 30 s"
NO_STATEMENT = "No statement of the trust policy accepts the token"


def policy(rule: str, seen: str) -> dict[str, str]:
    """What a refusal by the one statement of the policy says."""
    rule = f'statement 1 "main of shop": {rule}'
    bare = rule.replace(' "main of shop"', "").replace('"', "'")
    told = seen.replace('"', "'")
    sentence = f"{NO_STATEMENT}; expected {bare}; got {told}"
    return {"sentence": sentence, "last": "statement", "expected": rule, "seen": seen}


MISTAKES = (
    Mistake("garbage", D.TOKEN_MALFORMED, lambda issuer: "a.b.c", log="line"),
    Mistake("another algorithm", D.TOKEN_MALFORMED, with_header({"alg": "HS256"}), log="line"),
    Mistake("no algorithm", D.TOKEN_MALFORMED, with_header({"alg": "none"}), log="line"),
    Mistake(
        "critical extensions",
        D.TOKEN_MALFORMED,
        lambda issuer: issuer.id_token(headers={"crit": ["exp"]}),
        log="line",
    ),
    Mistake(
        "an unknown key",
        D.TOKEN_KEY_UNKNOWN,
        lambda issuer: issuer.id_token(headers={"kid": "another"}),
        log="tally",
        last="key",
        expected="one of: issuer-1",
        seen="kid 'another' for RS256",
    ),
    Mistake(
        "another signer",
        D.TOKEN_SIGNATURE_INVALID,
        lambda issuer: issuer.id_token(key="stranger", headers={"kid": "issuer-1"}),
        log="tally",
        last="signature",
        expected="a signature by issuer-1",
    ),
    Mistake(
        "made for somebody else",
        D.TOKEN_AUDIENCE,
        claims(aud="sts.amazonaws.com"),
        "The token's `aud` claim meets none of the identity provider's audiences; expected counterfoil; "
        "got sts.amazonaws.com",
        last="token_audience",
        expected="counterfoil",
        seen="sts.amazonaws.com",
    ),
    Mistake(
        "no exp",
        D.TOKEN_TIMES_MALFORMED,
        claims(exp=ABSENT, iat=1, nbf=ABSENT),
        "The token's `exp`, `iat` and `nbf` claims must be numbers, and `exp` present; "
        "expected numbers, exp present; got iat=1 exp=None nbf=None",
        last="token_times",
        expected="numbers, exp present",
        seen="iat=1 exp=None nbf=None",
    ),
    Mistake(
        "over",
        D.TOKEN_EXPIRED,
        times(exp=-31, iat=-331),
        r"The token's `exp` claim must be in the future; expected later than \d+ \(the time here\); "
        r"got \d+, 3[12] s ago",
        last="expiry",
        expected=r"later than \d+ \(the time here\)",
        seen=r"\d+, 3[12] s ago",
    ),
    Mistake(
        "from the future",
        D.TOKEN_ISSUED_IN_FUTURE,
        times(iat=60, exp=120),
        rf"The token's `iat` claim must not be in the future; expected {AHEAD}; got \d+, (59|60) s ahead",
        last="issued_at",
        expected=AHEAD,
        seen=r"\d+, (59|60) s ahead",
    ),
    Mistake(
        "not valid yet",
        D.TOKEN_NOT_YET_VALID,
        times(nbf=60),
        rf"The token's `nbf` claim must not be in the future; expected {AHEAD}; got \d+, (59|60) s ahead",
        last="not_before",
        expected=AHEAD,
        seen=r"\d+, (59|60) s ahead",
    ),
    Mistake(
        "good for two days",
        D.TOKEN_LIFETIME,
        times(iat=0, exp=172800),
        "The token must not be valid for longer than 24 hours; expected 1 to 86400 s; got 172800 s",
        last="token_lifetime",
        expected="1 to 86400 s",
        seen="172800 s",
    ),
    Mistake(
        "a jti that is no text",
        D.TOKEN_JTI_MALFORMED,
        claims(jti=7),
        "The token's `jti` claim must be a non-empty string of at most 255 bytes; expected 1 to 255 bytes; got int",
        last="jti",
        expected="1 to 255 bytes",
        seen="int",
    ),
    Mistake(
        "a disabled organization",
        D.EXCHANGE_DISABLED,
        good,
        "Token exchange is not enabled for this organization",
        error="unsupported_grant_type",
        last="exchange_enabled",
        before=organization_is(token_exchange_enabled=False),
    ),
    Mistake(
        "from elsewhere",
        D.PROVIDER_ADDRESS,
        good,
        "The caller's address is outside the identity provider's allowed IPs for exchange requests; got 127.0.0.1",
        error="unauthorized_client",
        last="address",
        seen="127.0.0.1",
        before=provider_is(exchange_allowed_ips=["10.0.0.0/8"]),
    ),
    Mistake(
        "keys that are too old",
        D.KEYS_UNAVAILABLE,
        good,
        "The keys of this client cannot be fetched right now: try again shortly",
        error="temporarily_unavailable",
        status=503,
        log="tally",
        last="key",
        expected="keys fetched within the last 24 hours",
        seen="none",
        before=keys_too_old,
    ),
    Mistake(
        "another owner",
        D.POLICY_NO_MATCH,
        claims(repository_owner_id="666", repository_owner="mallory"),
        **policy('repository_owner_id equals "77"', '"666"'),
    ),
    Mistake(
        "a name that somebody else registered again",
        D.POLICY_NO_MATCH,
        claims(repository_id="2002"),
        **policy('repository_id equals "1001"', '"2002"'),
    ),
    Mistake(
        "a pull request from a fork",
        D.POLICY_NO_MATCH,
        claims(sub="repo:acme/shop:pull_request", ref="refs/pull/7/merge", event_name="pull_request"),
        **policy('ref equals "refs/heads/main"', '"refs/pull/7/merge"'),
    ),
    Mistake(
        "a number where text is wanted",
        D.POLICY_NO_MATCH,
        claims(repository_id=1001),
        **policy('repository_id equals "1001"', "1001"),
    ),
    Mistake(
        "a claim that is not there",
        D.POLICY_NO_MATCH,
        claims(ref=ABSENT),
        **policy('ref equals "refs/heads/main"', "absent"),
    ),
    Mistake(
        "an object where text is wanted",
        D.POLICY_NO_MATCH,
        claims(ref={"name": "refs/heads/main"}),
        **policy('ref equals "refs/heads/main"', '{"name": "refs/heads/main"}'),
    ),
    Mistake(
        "a provider that only observes",
        D.PROVIDER_OBSERVES,
        good,
        "The identity provider only observes: the token would have been accepted, but none is minted; expected enforce",
        error="unauthorized_client",
        last="mode",
        expected="enforce",
        before=provider_is(mode="observe"),
    ),
)

# Refusals that not every shape can meet; test_denials.py has a test for each
OF_SOME_SHAPES = {
    D.PROVIDER_UNKNOWN,
    D.PROVIDER_DISABLED,
    D.TOKEN_ISSUER,
    D.TOKEN_REPLAYED,
    D.PARENT_INACTIVE,
    D.PARENT_TOO_DEEP,
    D.NOT_A_JSON_OBJECT,
}
ALSO_OF_APPS = {D.EXCHANGE_DISABLED, D.KEYS_UNAVAILABLE}
WORKLOAD_REASONS = ({mistake.reason for mistake in MISTAKES} | OF_SOME_SHAPES) - ALSO_OF_APPS
