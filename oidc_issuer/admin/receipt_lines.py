"""The receipt of a refused ID token as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from exchange_apps.admin.receipt_lines import Line
from oidc_issuer.refusals import Check

LABELS: dict[str, Any] = {
    Check.JOB_TOKEN: gettext_lazy("Job token"),
    Check.JOB: gettext_lazy("Job in the address"),
    Check.RUNNING: gettext_lazy("Job is running"),
    Check.REQUEST: gettext_lazy("Request"),
    Check.LIFETIME: gettext_lazy("Lifetime"),
    Check.AUDIENCE: gettext_lazy("Audience"),
    Check.SUBJECT: gettext_lazy("Subject"),
    Check.CLAIMS: gettext_lazy("Claims"),
    Check.SESSION_TAGS: gettext_lazy("AWS session tags"),
    Check.SIGNING_KEY: gettext_lazy("Signing key"),
}


def id_token_receipt_lines(rows: Iterable[Any]) -> list[Line]:
    """The lines of a stored receipt, and what was not reached; whatever is no row is left out."""
    lines = [_line(row) for row in rows if isinstance(row, Mapping)]
    checked = {str(row.get("check")) for row in rows if isinstance(row, Mapping)}
    return lines + [Line(str(LABELS[check]), None) for check in Check if check not in checked and check in _ALWAYS]


_ALWAYS = [Check.JOB, Check.RUNNING, Check.REQUEST, Check.LIFETIME, Check.AUDIENCE, Check.SUBJECT, Check.CLAIMS]


def _line(row: Mapping[str, Any]) -> Line:
    check = str(row.get("check", ""))
    return Line(
        str(LABELS.get(check, check)), row.get("passed") is True, str(row.get("expected", "")), str(row.get("seen", ""))
    )
