"""`manage.py keygen`: a key pair for a token exchange app."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from exchange_apps.management.key_files import ALGORITHMS, PRIVATE_KEY, PUBLIC_KEYS, write_key_pair


class Command(BaseCommand):
    help = "Generate a key pair: private_key.pem for whoever signs, jwks.json to paste into an app."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--alg", choices=ALGORITHMS, default="RS256", help="default: RS256")
        parser.add_argument("--kid", help="key id (default: the key's thumbprint, RFC 7638)")
        parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the two files")
        parser.add_argument("--force", action="store_true", help="replace a private key that is there already")

    def handle(self, *, alg: str, kid: str | None, out: Path, force: bool, **options: Any) -> None:
        keys = write_key_pair(out, alg, kid, overwrite=force)
        self.stderr.write(
            f"Wrote {out / PRIVATE_KEY} (keep it where you sign) and {out / PUBLIC_KEYS} "
            f"({keys.keys[0].label()}, kid {keys.keys[0].kid})."
        )
