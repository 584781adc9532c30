"""Activity as the overview and an app's page show it: two charts, the reasons, and where each number leads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from audit.actions import AuditAction
from exchange_apps.admin.charts import BarChart, bar_chart, shares
from exchange_apps.admin.log_links import log_link
from exchange_apps.services.activity import Activity

MOST_REASONS = 6
_MINTED, _DENIED = AuditAction.ACCESS_TOKEN_MINTED, AuditAction.TOKEN_EXCHANGE_DENIED


def activity_charts(activity: Activity, app: UUID | None = None) -> dict[str, Any]:
    """The context of `portal/activity_charts.html`. `app`: whose activity it is, if not the organization's."""
    first, today = activity.days[0], activity.days[-1]
    return {
        "counted_until": activity.counted_until,
        "is_empty": activity.is_empty,
        "minted_today": activity.mints[-1],
        "minted_today_url": log_link(_MINTED, app=app, day=today),
        "denied_today": activity.denials[-1],
        "denied_today_url": log_link(_DENIED, app=app, day=today),
        "charts": (
            _chart("mints", _("Mints per day"), bar_chart(activity.days, activity.mints), _MINTED, app),
            _chart("denials", _("Refusals per day"), bar_chart(activity.days, activity.denials), _DENIED, app),
        ),
        "reasons": [
            (share, log_link(_DENIED, app=app, reason=share.name, since=first))
            for share in shares(activity.reasons, most=MOST_REASONS)
        ],
        "reasons_left_out": max(0, len(activity.reasons) - MOST_REASONS),
        "denied_url": log_link(_DENIED, app=app, since=first),
    }


def _chart(kind: str, title: str, chart: BarChart, action: AuditAction, app: UUID | None) -> dict[str, Any]:
    return {
        "kind": kind,
        "title": title,
        "bars": chart,
        "url": log_link(action, app=app, since=chart.first.day),
        "days": [(bar, log_link(action, app=app, day=bar.day)) for bar in reversed(chart.bars) if bar.value],
    }
