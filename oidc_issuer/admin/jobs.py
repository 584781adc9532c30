"""Jobs: what runs, what ran lately, and which ID tokens each asked for; to be looked at only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.actions import AuditAction
from audit.models import AuditEvent
from audit.moments import moment
from audit.paging import ChoiceFilter, KeysetModelAdmin
from audit.presentation import badge
from exchange_apps.admin.base import access_in, organization_of
from oidc_issuer.models import Job, Pipeline

_MOST_TOKENS = 50


class StateFilter(ChoiceFilter):
    title, parameter_name = gettext_lazy("state"), "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("running", _("running")), ("over", _("over"))]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        now = timezone.now()
        match self.value():
            case "running":
                return queryset.filter(pk__in=Job.objects.running(now).values("pk"))
            case "over":
                return queryset.exclude(finished_at=None, expires_at__gt=now)
            case _:
                return queryset


class PipelineFilter(ChoiceFilter):
    title, parameter_name, field_name = gettext_lazy("pipeline"), "pipeline", "pipeline_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = Pipeline.objects.filter(organization=organization_of(request)).values_list("pk", "slug")
        return [(str(pk), slug) for pk, slug in rows[:100]]


@admin.register(Job)
class JobAdmin(KeysetModelAdmin):
    lead = gettext_lazy("What CI schedulers started. A job can ask for ID tokens until it is finished, a day at most.")
    empty_title = gettext_lazy("No job here")
    empty_text = gettext_lazy("Jobs appear as soon as a scheduler starts one.")
    list_display = ("shown_job", "state", "shown_ref", "shown_runner", "started")
    list_filter = (StateFilter, PipelineFilter)
    change_form_template = "admin/job_page.html"

    @admin.display(description=gettext_lazy("job"))
    def shown_job(self, job: Job) -> SafeString:
        return format_html("{} <small>{}</small>", f"{job.pipeline.slug} #{job.build_number}", job.step_key)

    @admin.display(description=gettext_lazy("state"))
    def state(self, job: Job) -> SafeString:
        return state_badge(job)

    @admin.display(description=gettext_lazy("built"))
    def shown_ref(self, job: Job) -> SafeString:
        return format_html(
            "{} <small><code>{}</code></small>", job.build_tag or job.build_branch, job.build_commit[:12]
        )

    @admin.display(description=gettext_lazy("queue"))
    def shown_runner(self, job: Job) -> str:
        return job.queue.key if job.queue else "–"

    @admin.display(description=gettext_lazy("started"))
    def started(self, job: Job) -> SafeString | str:
        return moment(job.started_at)

    # --- who may ----------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Job]:
        rows = Job.objects.filter(organization=organization_of(request))
        return rows.select_related("pipeline__cluster", "queue", "organization")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        organization = organization_of(request)
        if organization is None or not access_in(request).may_read(organization.pk):
            return False
        return obj is None or obj.organization_id == organization.pk

    # --- pages ------------------------------------------------------------------------------------------------------
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Jobs"), **(extra_context or {})})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """A job's page tells all there is."""
        return self.change_view(request, object_id, extra_context=extra_context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        job: Job = context["original"]
        asked = AuditEvent.objects.filter(
            subject_id=job.pk,
            organization_id=job.organization_id,
            type__in=(AuditAction.ID_TOKEN_ISSUED, AuditAction.ID_TOKEN_DENIED),
        )
        context |= {
            "title": str(job),
            "job": job,
            "facts": job.facts(),
            "state": state_badge(job),
            "asked": asked.order_by("-id")[:_MOST_TOKENS],
        }
        return super().render_change_form(request, context, *args, **kwargs)


def state_badge(job: Job) -> SafeString:
    if job.finished_at is not None:
        return badge(_("finished"))
    return badge(_("running"), "good") if job.is_running(timezone.now()) else badge(_("never finished"), "warn")
