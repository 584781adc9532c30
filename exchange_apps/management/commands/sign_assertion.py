"""`manage.py sign_assertion`: a client assertion on standard output, for trying things out with curl."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from exchange_apps.domain.lifetimes import DEFAULT_ASSERTION_LIFETIME
from exchange_apps.jose import sign_client_assertion
from exchange_apps.management.arguments import whole_number
from exchange_apps.management.key_files import find_key_id, read_private_key


class Command(BaseCommand):
    help = "Print a signed client assertion, and nothing else."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--key", required=True, type=Path, metavar="FILE", help="private key in PEM, RSA or P-256")
        parser.add_argument("--client-id", required=True, help="the app's client id")
        parser.add_argument("--kid", help="key id (default: as in jwks.json beside the key, else the thumbprint)")
        parser.add_argument("--aud", help=f"audience (default: {settings.PUBLIC_URL}/oauth/token)")
        parser.add_argument(
            "--ttl", type=whole_number(1, 86_400), default=DEFAULT_ASSERTION_LIFETIME, help="seconds (default: 300)"
        )
        parser.add_argument("--no-jti", action="store_true", help="leave out the jti claim: good for many exchanges")

    def handle(
        self, *, key: Path, client_id: str, kid: str | None, aud: str | None, ttl: int, no_jti: bool, **options: Any
    ) -> None:
        private_key = read_private_key(key)
        assertion = sign_client_assertion(
            private_key,
            client_id=client_id,
            key_id=kid or find_key_id(key, private_key),
            audience=aud or f"{settings.PUBLIC_URL}/oauth/token",
            now=int(time.time()),
            lifetime=ttl,
            with_jti=not no_jti,
        )
        self.stdout.write(assertion)
