"""`manage.py rotate_signing_keys`: what the background job of that name does; and, asked to, more than is due."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from exchange_apps.services.audited_changes import Author
from oidc_issuer.models import ALGORITHMS, SigningKey
from oidc_issuer.services.signing_keys import (
    encrypt_private_keys_anew,
    revoke_signing_key,
    rotate_signing_key,
    tend_signing_keys,
)
from oidc_issuer.signing import UnreadablePrivateKey

_NAME = "rotate_signing_keys"


class Command(BaseCommand):
    help = "Create, activate and retire the issuer's signing keys as they are due, and list what is published."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--now", action="store_true", help="let the next keys sign now, though it is not time yet")
        what.add_argument("--revoke", metavar="KID", help="unpublish a key at once: its private half got lost")

    def handle(self, *, now: bool, revoke: str | None, **options: Any) -> None:
        author = Author(Party(PartyType.COMMAND, None, _NAME), RequestOrigin.command(_NAME), timezone.now())
        try:
            if revoke is not None:
                revoke_signing_key(_get_key(revoke), author=author)
            tend_signing_keys(author=author)
            if now:
                with transaction.atomic():
                    for algorithm in ALGORITHMS:
                        rotate_signing_key(algorithm, author=author)
            encrypt_private_keys_anew()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except UnreadablePrivateKey as error:
            raise CommandError(str(error)) from None
        if options["verbosity"]:
            for key in SigningKey.objects.published(author.now):
                self.stdout.write(f"{key.algorithm} {key.kid} {key.state}")


def _get_key(kid: str) -> SigningKey:
    key: SigningKey | None = SigningKey.objects.filter(kid=kid).first()
    if key is None:
        raise CommandError(f"There is no signing key {kid}.")
    return key
