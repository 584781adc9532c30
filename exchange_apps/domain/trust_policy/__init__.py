"""Whom an organization trusts: the policy language of identity providers (docs/trust-policies.md)."""

from exchange_apps.domain.trust_policy.policy import FailedRule, Statement, TrustPolicy
from exchange_apps.domain.trust_policy.reading import PolicyRefused, parse_policy, read_policy
from exchange_apps.domain.trust_policy.rules import ABSENT, ClaimRule, Condition, Matcher

__all__ = [
    "ABSENT",
    "ClaimRule",
    "Condition",
    "FailedRule",
    "Matcher",
    "PolicyRefused",
    "Statement",
    "TrustPolicy",
    "parse_policy",
    "read_policy",
]
