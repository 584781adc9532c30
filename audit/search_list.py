"""The list of the log in the portal: pages of a search."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from audit.access import OrganizationAccess
from audit.asked_search import FILTERS, QUERY, RANGE, asked_search
from audit.models import AuditEvent
from audit.paging import KeysetChangeList
from audit.search.find import Search
from audit.search.query import SearchQuery, render


def search_of(query: SearchQuery, access: OrganizationAccess) -> Search:
    """A search in all a person may read, in his own time zone."""
    organizations = None if access.sees_everything else access.reading_organization_ids
    log = AuditEvent.objects.visible_to(access)
    return Search(query, log, organizations, timezone.now(), timezone.get_current_timezone())


class AuditChangeList(KeysetChangeList):
    """`asked` is what the address asks for. Where that is no search, its `error` says why and the list is empty."""

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.request = request
        self.asked = asked_search(request.GET)
        super().__init__(request, *args)

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        for name in (QUERY, RANGE, *FILTERS):
            found.pop(name, None)
        return found

    @property
    def export_query(self) -> str:
        return render(self.asked.searched)

    def _page(self, older: uuid.UUID | None, newer: uuid.UUID | None) -> tuple[list[models.Model], bool]:
        if self.asked.error or self.asked.is_impossible:
            return [], False
        access: OrganizationAccess = self.request.organization_access  # type: ignore[attr-defined]
        search = search_of(self.asked.searched, access)
        page = search.page(older_than=older, newer_than=newer, length=self.list_per_page)
        self.searched_to = page.searched_to
        return list(reversed(page.events)) if newer else list(page.events), page.more
