"""Creating, activating, retiring and revoking signing keys, each with its event in the same transaction.

Whoever changes keys does so alone: the table is locked on PostgreSQL, and SQLite has one writer. Behind that stand the
database's own constraints: of each algorithm one key is active and one is next.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.writers_turn import writers_turn
from oidc_issuer.keys import KeyState, due_rotation, published_until, usable_from
from oidc_issuer.models import ALGORITHMS, SigningKey
from oidc_issuer.signing import encrypted_anew, generate_key_pair

logger = logging.getLogger(__name__)


def tend_signing_keys(*, author: Author, algorithms: tuple[str, ...] = ALGORITHMS) -> None:
    """Do what is due: create missing keys, activate where none signs, rotate what is 90 days old. Safe to run twice."""
    with _alone():
        is_first_ever = not SigningKey.objects.exists()
        for algorithm in algorithms:
            _rotate(algorithm, author, is_first_ever=is_first_ever)


def rotate_signing_key(algorithm: str, *, author: Author) -> None:
    """Let the next key sign from now on. Raises ValidationError while it has not been published for long enough."""
    with _alone():
        following = SigningKey.objects.of(algorithm, KeyState.NEXT)
        if following is not None and following.usable_from > author.now:
            sentence = _("The next %(algorithm)s key may sign from %(time)s on: until then some have not seen it yet.")
            values = {"algorithm": algorithm, "time": f"{following.usable_from:%Y-%m-%d %H:%M:%S} UTC"}
            raise ValidationError(sentence % values)
        _rotate(algorithm, author, on_demand=True)


def revoke_signing_key(key: SigningKey, *, author: Author) -> None:
    """Unpublish the key and destroy its private half at once: every token it signed is worthless from now on.

    Was it active, the next one takes over, as soon as that has been published for long enough; until then nothing is
    signed. Revoking twice does nothing.
    """
    with _alone():
        key.refresh_from_db()
        if key.state == KeyState.REVOKED:
            return
        was = key.state
        _move(key, KeyState.REVOKED, AuditAction.SIGNING_KEY_REVOKED, author, {"was": was}, revoked_at=author.now)
        _rotate(key.algorithm, author)


def encrypt_private_keys_anew() -> int:
    """Bring every private half under the first of ENCRYPTION_KEYS; answers how many. Raises UnreadablePrivateKey."""
    count = 0
    with _alone():
        for key in SigningKey.objects.exclude(encrypted_private_key=None):
            encrypted = encrypted_anew(key)
            if encrypted is not None:
                count += SigningKey.objects.filter(pk=key.pk).update(encrypted_private_key=encrypted)
    if count:
        logger.info("signing keys encrypted anew", extra={"count": count})
    return count


@contextmanager
def _alone() -> Iterator[None]:
    """A transaction in which nobody else changes keys. Reading and signing go on."""
    with writers_turn(), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {SigningKey._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        yield


def _rotate(algorithm: str, author: Author, *, is_first_ever: bool = False, on_demand: bool = False) -> None:
    active = SigningKey.objects.of(algorithm, KeyState.ACTIVE)
    following = SigningKey.objects.of(algorithm, KeyState.NEXT)
    rotation = due_rotation(
        activated_at=active.activated_at if active else None,
        next_usable_from=following.usable_from if following else None,
        now=author.now,
        is_first_ever=is_first_ever,
        on_demand=on_demand,
    )
    if rotation.create_next or following is None:
        following = _create(algorithm, author, usable_from(author.now, is_first_ever=is_first_ever))
    if rotation.activate_next:
        if active is not None:
            until = {"published_until": published_until(author.now).isoformat()}
            _move(active, KeyState.RETIRED, AuditAction.SIGNING_KEY_RETIRED, author, until, retired_at=author.now)
        _move(following, KeyState.ACTIVE, AuditAction.SIGNING_KEY_ACTIVATED, author, {}, activated_at=author.now)
        _create(algorithm, author, usable_from(author.now, is_first_ever=False))


def _create(algorithm: str, author: Author, may_sign_from: datetime) -> SigningKey:
    pair = generate_key_pair(algorithm)
    key: SigningKey = SigningKey.objects.create(
        kid=pair.kid,
        algorithm=algorithm,
        state=KeyState.NEXT,
        public_jwk=pair.public_jwk,
        encrypted_private_key=pair.encrypted_private_key,
        published_at=author.now,
        usable_from=may_sign_from,
    )
    _record(AuditAction.SIGNING_KEY_CREATED, key, author, {"usable_from": may_sign_from.isoformat()})
    return key


def _move(
    key: SigningKey, state: KeyState, action: AuditAction, author: Author, more: dict[str, str], **times: datetime
) -> None:
    key.state = state
    for name, moment in times.items():
        setattr(key, name, moment)
    if state in (KeyState.RETIRED, KeyState.REVOKED):
        key.encrypted_private_key = None
    key.save()
    _record(action, key, author, more)


def _record(action: AuditAction, key: SigningKey, author: Author, more: dict[str, str]) -> None:
    record_event(
        action,
        occurred_at=author.now,
        organization=None,
        actor=author.actor,
        subject=Party(PartyType.SIGNING_KEY, key.pk, key.kid),
        origin=author.origin,
        key_id=key.kid,
        data={"algorithm": key.algorithm, **more},
    )
