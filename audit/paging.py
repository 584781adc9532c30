"""Lists that only grow: pages found by key, newest first. Nothing is counted and nothing is skipped, so the last page
of five million rows costs what the first one does.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import Media
from django.http import HttpRequest

OLDER, NEWER = "older", "newer"

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class KeysetChangeList(ChangeList):
    """`?older=<id>` and `?newer=<id>` in place of page numbers."""

    older_link = newer_link = ""
    searched_to: uuid.UUID | None = None

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        found.pop(OLDER, None)
        found.pop(NEWER, None)
        return found

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        # Any other filter starts again on the first page
        return super().get_query_string(new_params, [*(remove or ()), OLDER, NEWER])

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        older, newer = _cursor(request, OLDER), _cursor(request, NEWER)
        rows, more = self._page(older, newer)
        if newer and not more:  # that is the first page: show it whole
            newer = None
            rows, more = self._page(None, None)
        if rows and (more or newer):
            self.older_link = self.get_query_string({OLDER: str(rows[-1].pk)})
        if not newer and self.searched_to:  # the page ended early: the next one goes on from there
            self.older_link = self.get_query_string({OLDER: str(self.searched_to)})
        if rows and (newer or older):
            self.newer_link = self.get_query_string({NEWER: str(rows[0].pk)})
        self.result_list: Any = self.model_admin.with_related(rows)  # type: ignore[attr-defined]
        self.result_count = len(rows)
        self.full_result_count = None
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.paginator = None

    def _page(self, older: uuid.UUID | None, newer: uuid.UUID | None) -> tuple[list[models.Model], bool]:
        """One page, newest first, and whether there is more in the direction of travel."""
        found = self.queryset
        if newer:
            found = found.filter(pk__gt=newer).order_by("pk")
        elif older:
            found = found.filter(pk__lt=older)
        rows = list(found[: self.list_per_page + 1])
        more = len(rows) > self.list_per_page
        del rows[self.list_per_page :]
        if newer:
            rows.reverse()
        return rows, more


def _cursor(request: HttpRequest, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET[name]) if name in request.GET else None
    except ValueError as error:
        raise IncorrectLookupParameters from error


class KeysetModelAdmin(_ModelAdmin):
    """Read-only lists paged by key. Only declared filters are accepted in the query string."""

    actions = None
    sortable_by = ()
    list_per_page = 50
    show_full_result_count = False
    list_filter: ClassVar[Any] = ()  # of classes with a `parameter_name`

    @property
    def media(self) -> Media:
        return Media()  # nothing of the stock admin's scripts is needed

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in {spec.parameter_name for spec in self.list_filter}

    def with_related(self, rows: list[Any]) -> list[Any]:
        """Hook: fetch what the rows of one page refer to, all at once."""
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ExactFilter(admin.SimpleListFilter):
    """A filter that compares one column with one value, typed in. There is nothing to list, so nothing is asked for."""

    template = "admin/filter_text.html"
    field_name = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return ()

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: ChangeList) -> Any:
        """What else is filtered by, to be kept when this form is sent."""
        for name, values in changelist.get_filters_params().items():
            if name != self.parameter_name:
                for value in values:
                    yield {"name": name, "value": value}
        if text := getattr(changelist, "search_text", ""):
            yield {"name": "query", "value": text}

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        value = (self.value() or "").strip()
        if not value:
            return queryset
        column = self.field_name or str(self.parameter_name)
        try:
            return queryset.none() if "\0" in value else queryset.filter(**{column: value})
        except (ValidationError, ValueError):
            return queryset.none()  # no such address or UUID can exist


class ChoiceFilter(ExactFilter):
    """The same with its values known beforehand, from code and not from the rows."""

    template = "admin/filter.html"

    def choices(self, changelist: ChangeList) -> Any:
        return admin.SimpleListFilter.choices(self, changelist)
