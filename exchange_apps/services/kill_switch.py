"""Switching one key of an app off and on again (CONTRACT 5): for the hour in which a private key got lost.

Off means: refused from the commit on, in every process, since kept standings carry the app's version; and every live
token minted through the key is revoked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from audit.origin import RequestOrigin
from audit.parties import SYSTEM, Party, PartyType
from audit.recorder import record_event
from exchange_apps.domain.lifetimes import LONGEST_TOKEN_TTL
from exchange_apps.models import ApplicationKey, ExchangeApplication, MintedToken
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.minted_tokens import revoke_all

_BACKGROUND = RequestOrigin(None, "", "", "SystemContext")


def switch_key_off(application: ExchangeApplication, kid: str, *, author: Author) -> int:
    """Refuse the key from now on and revoke every live token minted through it; answers how many.

    Doing it again revokes what there is to revoke. Raises ValidationError for a key the app never had.
    """
    with transaction.atomic():
        key = _get_key(application, kid)
        was_on = ApplicationKey.objects.filter(pk=key.pk, switched_off_at=None).update(switched_off_at=author.now)
        _renew_version(application)
        revoked = _revoke(application, kid, author)
        if was_on or revoked:
            _record(
                AuditAction.TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF, key, application, author, {"revoked_tokens": revoked}
            )
    transaction.on_commit(lambda: _revoke_late(application, kid, author), robust=True)
    return revoked


def switch_key_on(application: ExchangeApplication, kid: str, *, author: Author) -> None:
    """Accept the key again. What was revoked stays revoked. Raises ValidationError for a key the app never had."""
    with transaction.atomic():
        key = _get_key(application, kid)
        if ApplicationKey.objects.filter(pk=key.pk, switched_off_at__isnull=False).update(switched_off_at=None):
            _renew_version(application)
            _record(AuditAction.TOKEN_EXCHANGE_APP_KEY_SWITCHED_ON, key, application, author, {})


def revoke_late_tokens(*, now: datetime) -> int:
    """Revoke live tokens of keys that are off, should there be any; answers how many. Safe to run twice at once.

    A mint under way at the moment of the switch is caught by the switch itself, unless its process ends before.
    """
    recently = now - timedelta(seconds=LONGEST_TOKEN_TTL)
    off = ApplicationKey.objects.filter(switched_off_at__gt=recently).select_related("application")
    author = Author(SYSTEM, _BACKGROUND, now)
    return sum(_revoke(key.application, key.kid, author) for key in off)


def _revoke_late(application: ExchangeApplication, kid: str, author: Author) -> int:
    """A mint that began before the switch was committed may have written its token after the switch looked."""
    if connection.vendor != "postgresql":  # SQLite has one writer at a time, and it compares versions as it writes
        return 0
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Got as soon as the mints of this moment are done, and given back at once: those after it see the switch
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute(f"LOCK TABLE {MintedToken._meta.db_table} IN SHARE MODE")
    except DatabaseError:  # a long revocation holds it; the background job comes by later
        pass
    return _revoke(application, kid, author)


def _revoke(application: ExchangeApplication, kid: str, author: Author) -> int:
    live = _live_tokens(application, kid, author.now)
    return revoke_all(live, actor=author.actor, origin=author.origin, now=author.now)


def _live_tokens(application: ExchangeApplication, kid: str, now: datetime) -> QuerySet[MintedToken]:
    return MintedToken.objects.live(now).filter(application=application, key_id=kid)


def _get_key(application: ExchangeApplication, kid: str) -> ApplicationKey:
    key = ApplicationKey.objects.filter(application=application, kid=kid).first()
    if key is None:
        raise ValidationError(_("This app has no key with that id."))
    return key


def _renew_version(application: ExchangeApplication) -> None:
    """Any UPDATE counts the app's version up, so that no process goes on with what it kept of it."""
    ExchangeApplication.objects.filter(pk=application.pk).update(name=F("name"))


def _record(
    action: AuditAction, key: ApplicationKey, application: ExchangeApplication, author: Author, more: dict[str, object]
) -> None:
    record_event(
        action,
        occurred_at=author.now,
        organization=application.organization.ref(),
        actor=author.actor,
        subject=Party(PartyType.APP_KEY, key.pk, key.kid),
        origin=author.origin,
        key_id=key.kid,
        data={"app": str(application.pk), "app_name": application.name, "thumbprint": key.thumbprint, **more},
    )
