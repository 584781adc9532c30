"""Pipelines, clusters and queues: what clouds know by the UUIDs that are copied here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.admin.base import OrganizationScopedAdmin, organization_of
from exchange_apps.services.audited_changes import Author
from oidc_issuer.models import Cluster, Pipeline, Queue
from oidc_issuer.services.building import (
    delete_cluster,
    delete_pipeline,
    delete_queue,
    save_cluster,
    save_pipeline,
    save_queue,
)


class OwnedForm(AuditedModelForm):
    """New rows belong to the organization in the address, before anything is checked."""

    def _post_clean(self) -> None:
        if self.organization is not None and self.instance._state.adding:
            self.instance.organization = self.organization
        super()._post_clean()


class BuildingAdmin(OrganizationScopedAdmin):
    """With the UUID to copy, in the list and on the page."""

    form: Any = OwnedForm
    readonly_fields = ("uuid",)
    list_select_related = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the stock admin's pencils and plus signs beside a choice."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    @admin.display(description=gettext_lazy("UUID"))
    def uuid(self, obj: Any) -> SafeString | str:
        return copyable(obj.pk, str(obj)) if not obj._state.adding else _("given when it is saved")


def copyable(text: object, what: str) -> SafeString:
    return format_html(
        '<span class="thumb"><code>{text}</code><button type="button" class="button button-small" data-copy="{text}"'
        ' aria-label="{label}"><svg class="icon" aria-hidden="true" focusable="false"><use href="{icons}#copy"/></svg>'
        "<span>{copy}</span></button></span>",
        icons=static("portal/icons.svg"),
        text=text,
        label=_("Copy: UUID of %s") % what,
        copy=_("Copy"),
    )


@admin.register(Pipeline)
class PipelineAdmin(BuildingAdmin):
    lead = gettext_lazy(
        "What builds. A job of a pipeline asks for ID tokens, which clouds trust by the pipeline’s UUID."
    )
    add_label = gettext_lazy("New pipeline")
    empty_title = gettext_lazy("No pipeline yet")
    empty_text = gettext_lazy("A CI scheduler starts jobs of pipelines that are known here.")
    list_display = ("name", "slug", "cluster", "uuid")
    search_fields = ("name", "slug")
    search_help_text = gettext_lazy("Name or slug")
    sortable_by = ("name", "slug")
    fields = ("name", "slug", "cluster", "uuid")
    change_form_template = "admin/pipeline_page.html"

    def save_through_service(self, obj: Pipeline, form: Any, author: Author) -> bool:
        return save_pipeline(obj, author=author)

    def delete_through_service(self, obj: Pipeline, author: Author) -> None:
        delete_pipeline(obj, author=author)


@admin.register(Cluster)
class ClusterAdmin(BuildingAdmin):
    lead = gettext_lazy(
        "Where jobs run. Tokens can carry the cluster and its queue, and clouds can trust a whole cluster."
    )
    add_label = gettext_lazy("New cluster")
    empty_title = gettext_lazy("No cluster yet")
    empty_text = gettext_lazy("Without clusters, tokens tell of pipelines and organization alone.")
    list_display = ("name", "shown_queues", "uuid")
    fields = ("name", "uuid")
    sortable_by = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("queues")

    @admin.display(description=gettext_lazy("queues"))
    def shown_queues(self, cluster: Cluster) -> str:
        return ", ".join(queue.key for queue in cluster.queues.all()) or "–"

    def save_through_service(self, obj: Cluster, form: Any, author: Author) -> bool:
        return save_cluster(obj, author=author)

    def delete_through_service(self, obj: Cluster, author: Author) -> None:
        delete_cluster(obj, author=author)


@admin.register(Queue)
class QueueAdmin(BuildingAdmin):
    form = AuditedModelForm
    organization_field = "cluster__organization"
    lead = gettext_lazy("Where jobs of a cluster wait for an agent.")
    add_label = gettext_lazy("New queue")
    empty_title = gettext_lazy("No queue yet")
    empty_text = gettext_lazy("A scheduler names a queue of the pipeline’s cluster when it starts a job.")
    list_display = ("key", "cluster", "uuid")
    fields = ("key", "cluster", "uuid")
    sortable_by = ("key",)

    def is_here(self, request: HttpRequest, obj: Any) -> bool:
        organization = organization_of(request)
        return obj is None or (organization is not None and obj.cluster.organization_id == organization.pk)

    def save_through_service(self, obj: Queue, form: Any, author: Author) -> bool:
        return save_queue(obj, author=author)

    def delete_through_service(self, obj: Queue, author: Author) -> None:
        delete_queue(obj, author=author)
