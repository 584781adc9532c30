"""``python -m tests.benchmarks.trust_policy``: what a policy of 20 statements of 10 rules costs, if the last holds."""

from __future__ import annotations

import statistics
import time
from typing import Any

from exchange_apps.domain.trust_policy import TrustPolicy, read_policy

STATEMENTS, RULES = 20, 10
#: DESIGN.md's promise, in microseconds on a quiet machine.
LIMIT = 50.0
ROUNDS, CALLS = 15, 2000

#: In every statement but the last all rules hold except a pattern, and patterns are asked last: as much work as a
#: policy of this mix can make.
CLAIMS: dict[str, Any] = {
    "repository_owner_id": "77",
    "repository_id": "1001",
    "repository": "acme/shop",
    "ref_type": "branch",
    "ref_protected": "true",
    "sub": "repo:acme/shop:environment:production-19",
    "job_workflow_ref": "acme/shop/.github/workflows/release.yml@refs/heads/main",
    "event_name": "push",
    "run_attempt": 1,
    "environment": "production-19",
}


def worst_policy() -> TrustPolicy:
    """Statements that differ in one pattern only, so that none is decided early."""
    return read_policy([{"scopes": ["read_builds"], "claims": _claims(number)} for number in range(STATEMENTS)])


def _claims(number: int) -> dict[str, Any]:
    return {
        "repository_owner_id": "77",
        "repository_id": {"in": ["1000", "1001", "1002"]},
        "repository": {"matches": "acme/*"},
        "ref_type": {"not_equals": "tag"},
        "ref_protected": "true",
        "sub": {"matches": "repo:acme/*:environment:*"},
        "job_workflow_ref": {"matches": "acme/shop/.github/workflows/*@refs/heads/main"},
        "event_name": {"not_in": ["pull_request", "pull_request_target"]},
        "run_attempt": 1,
        "environment": {"matches": f"*-{number}"},
    }


def microseconds() -> list[float]:
    """The time this thread spends on one evaluation, in each round."""
    policy = worst_policy()
    decided = policy.first_match(CLAIMS, issuer="https://ci.test")
    if decided is not policy.statements[-1]:
        raise AssertionError("another statement decided")
    rounds = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(CALLS):
            policy.first_match(CLAIMS, issuer="https://ci.test")
        rounds.append((time.thread_time() - began) / CALLS * 1e6)
    return rounds


if __name__ == "__main__":
    found = microseconds()
    best, middle = min(found), statistics.median(found)
    print(
        f"{STATEMENTS} statements of {RULES} rules: {best:.1f} µs at best, {middle:.1f} µs median; limit {LIMIT:.0f} µs"
    )
