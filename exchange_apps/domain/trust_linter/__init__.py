"""Finds trust that is wrong, or wider than it looks, before it is saved."""

from exchange_apps.domain.trust_linter.finding import SEVERITIES, Finding, Rule, Severity
from exchange_apps.domain.trust_linter.linter import Trust, lint

__all__ = ["SEVERITIES", "Finding", "Rule", "Severity", "Trust", "lint"]
