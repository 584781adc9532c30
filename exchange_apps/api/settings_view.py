"""What the resources of settings share: who may read and who may write, and writing one row as `If-Match` wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from exchange_apps.api.conditional import check_match
from exchange_apps.api.errors import Forbidden, NotFound
from exchange_apps.api.views import OrganizationView

Row = TypeVar("Row", bound=Model)


class SettingsView(OrganizationView):
    """Owners, admins and auditors read; owners and admins write."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_reads(self)
        if request.method not in SAFE_METHODS and not self.access.may_change(self.organization.pk):
            raise Forbidden("The token's user may not change this: that needs the role owner or admin")

    def check_owns(self, what: str) -> None:
        """Raises Forbidden for whoever is no owner."""
        if not self.access.owns(self.organization.pk):
            raise Forbidden(f"Only owners may {what}")


def check_reads(view: OrganizationView) -> None:
    """Raises Forbidden for a mere member."""
    if not view.access.may_read(view.organization.pk):
        raise Forbidden("The token's user may not read this: that needs the role owner, admin or auditor")


def get_row(rows: QuerySet[Row], **key: Any) -> Row:
    """Raises NotFound."""
    row = rows.filter(**key).first()
    if row is None:
        raise NotFound
    return row


@contextmanager
def changing(request: Request, rows: QuerySet[Row], shown: Callable[[Row], Any], **key: Any) -> Iterator[Row]:
    """One row, nobody else's until the change is committed, in the state that `If-Match` names.

    Raises NotFound, PreconditionFailed.
    """
    with transaction.atomic():
        row = get_row(rows.select_for_update(of=("self",)), **key)
        check_match(request, shown(row))
        yield row
