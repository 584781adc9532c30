"""One's own searches of the log. They change nothing for anybody else, so auditors have them too, and they are in no
log."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.search.query import SearchQuery, render
from exchange_apps.models import Organization, SavedSearch, User

MOST_SAVED = 50
"""Of one person in one organization."""


def own_searches(user: User, organization: Organization | None) -> list[SavedSearch]:
    return list(SavedSearch.objects.filter(owner=user, organization=organization).order_by("name", "pk")[:MOST_SAVED])


def save_search(user: User, organization: Organization | None, name: str, query: SearchQuery) -> SavedSearch:
    """Keep a search under a name; the same name again takes the place of the old one. Raises ValidationError."""
    name = _checked_name(name)
    with transaction.atomic():
        own = own_searches(user, organization)
        saved = next((one for one in own if one.name == name), None)
        if saved is None and len(own) >= MOST_SAVED:
            raise ValidationError(_("You have %s saved searches: delete one first.") % MOST_SAVED)
        saved = saved or SavedSearch(owner=user, organization=organization, name=name)
        saved.query = render(query)
        saved.save()
    return saved


def rename_search(saved: SavedSearch, name: str) -> None:
    """Raises ValidationError."""
    saved.name = _checked_name(name)
    saved.save(update_fields=["name"])


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise ValidationError(_("A saved search has a name of 1 to 80 characters."))
    return name
