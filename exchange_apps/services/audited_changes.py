"""Saving and deleting configuration together with the event that tells who changed what.

Admin, `apply` and tasks change settings only through the services built on this; nothing is possible in one that is
impossible in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from audit.actions import AuditAction
from audit.origin import RequestOrigin
from audit.parties import OrganizationRef, Party, PartyType
from audit.recorder import record_event
from exchange_apps.domain.jwk import JWKSet


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, from where, and when."""

    actor: Party
    origin: RequestOrigin
    now: datetime


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """How the changes of one model are recorded. `fields` are those an event shows before and after."""

    party_type: PartyType
    created: AuditAction
    updated: AuditAction
    deleted: AuditAction | None
    fields: tuple[str, ...]


def save_audited(
    instance: models.Model, kind: ChangeKind, *, organization: OrganizationRef | None, author: Author
) -> bool:
    """Validate and save; False, with nothing written, when nothing differs.

    Raises ValidationError. The event holds each changed field before and after, keys as ids and thumbprints.
    """
    instance.full_clean()
    with transaction.atomic():
        stored = (
            None if instance._state.adding else type(instance)._default_manager.select_for_update().get(pk=instance.pk)
        )
        before = {} if stored is None else shown_fields(stored, kind)
        after = shown_fields(instance, kind)
        changes = {name: {"before": before.get(name), "after": value} for name, value in after.items()}
        changes = {name: change for name, change in changes.items() if change["before"] != change["after"]}
        if stored is not None and not changes:
            return False
        instance.save()
        action = kind.created if stored is None else kind.updated
        record_change(action, instance, kind, organization=organization, author=author, changes=changes)
    return True


def delete_audited(
    instance: models.Model, kind: ChangeKind, *, organization: OrganizationRef | None, author: Author
) -> None:
    with transaction.atomic():
        record_deletion(instance, kind, organization=organization, author=author)
        instance.delete()


def record_deletion(
    instance: models.Model, kind: ChangeKind, *, organization: OrganizationRef | None, author: Author
) -> None:
    """The event of a deletion, with all that there was; to be called in the transaction that deletes."""
    assert kind.deleted is not None  # noqa: S101 - a kind that is never deleted has no delete service
    changes = {name: {"before": value, "after": None} for name, value in shown_fields(instance, kind).items()}
    record_change(kind.deleted, instance, kind, organization=organization, author=author, changes=changes)


def shown_fields(instance: models.Model, kind: ChangeKind) -> dict[str, Any]:
    """The recorded fields of an instance, as they stand in an event."""
    return {name: _shown(getattr(instance, name)) for name in kind.fields}


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping) and "keys" in value:
        return [{"kid": key.kid, "thumbprint": key.thumbprint} for key in JWKSet.parse(value).keys]
    if isinstance(value, models.Model):
        return str(value.pk)
    return value if value is None or isinstance(value, bool | int | str | list) else str(value)


def record_change(
    action: AuditAction,
    instance: models.Model,
    kind: ChangeKind,
    *,
    organization: OrganizationRef | None,
    author: Author,
    changes: Mapping[str, Any],
) -> None:
    """The event of a change; to be called in the transaction that makes it."""
    uuid = instance.pk if isinstance(instance._meta.pk, models.UUIDField) else None
    record_event(
        action,
        occurred_at=author.now,
        organization=organization,
        actor=author.actor,
        subject=Party(kind.party_type, uuid, str(instance)),
        origin=author.origin,
        data={"changes": dict(changes)},
    )
