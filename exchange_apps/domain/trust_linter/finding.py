"""What the trust linter says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exchange_apps.domain.problems import Path


class Severity(StrEnum):
    ERROR = "error"
    """Refuses the save."""
    WARNING = "warning"
    """Is acknowledged by name, and recorded."""


class Rule(StrEnum):
    """The name of each finding; warnings are acknowledged by it."""

    NO_CLAIMS = "no_claims"
    NO_TENANT = "no_tenant"
    UNREACHABLE = "unreachable"
    NEVER_HOLDS = "never_holds"
    MUTABLE_NAME = "mutable_name"
    WHOLE_TENANT = "whole_tenant"
    DEFAULT_AUDIENCE = "default_audience"
    LONG_TTL = "long_ttl"
    OLD_SUBJECT_FORM = "old_subject_form"
    ANY_ORGANIZATION = "any_organization"


SEVERITIES: dict[Rule, Severity] = {
    Rule.NO_CLAIMS: Severity.ERROR,
    Rule.NO_TENANT: Severity.ERROR,
    Rule.UNREACHABLE: Severity.ERROR,
    Rule.NEVER_HOLDS: Severity.ERROR,
    Rule.MUTABLE_NAME: Severity.WARNING,
    Rule.WHOLE_TENANT: Severity.WARNING,
    Rule.DEFAULT_AUDIENCE: Severity.WARNING,
    Rule.LONG_TTL: Severity.WARNING,
    Rule.OLD_SUBJECT_FORM: Severity.WARNING,
    Rule.ANY_ORGANIZATION: Severity.WARNING,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one place of a provider: `path` begins with `policy`, `audiences` or `token_ttl`."""

    rule: Rule
    path: Path
    message: str

    @property
    def severity(self) -> Severity:
        return SEVERITIES[self.rule]

    @property
    def name(self) -> str:
        """What an acknowledgement names: the rule and the statement, `mutable_name:2`, counted from 1."""
        statement = next((step + 1 for step in self.path if isinstance(step, int)), None)
        return self.rule.value if statement is None else f"{self.rule.value}:{statement}"
