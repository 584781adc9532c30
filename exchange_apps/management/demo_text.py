"""What `run` prints: where the portal is, how to sign in, and one call that mints a token."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from exchange_apps.domain import urns
from exchange_apps.domain.subject import SubjectTokenType
from exchange_apps.management.demo import MEMBER, ORGANIZATION, OWNER, Demo
from exchange_apps.management.server import Listener

_TOKEN_PATH = "/oauth/token"


def welcome(at: Listener, demo: Demo | None) -> str:
    """Everything somebody needs who has just started it."""
    address = reachable_address(at)
    lines = ["", "Counterfoil is ready. Ctrl-C ends it.", "", f"  Portal   {address}/"]
    if demo is None:
        return "\n".join([*lines, ""])
    manage = f"{shlex.quote(sys.executable)} {shlex.quote(str(Path(settings.BASE_DIR) / 'manage.py'))}"
    if demo.password:
        lines.append(f"  Sign in  {OWNER} with the password {demo.password} (shown only this once)")
    else:
        lines.append(f"  Sign in  {OWNER}; for a new password: {manage} changepassword {OWNER}")
    return "\n".join(
        [
            *lines,
            "",
            f"  A token for {MEMBER}, as often as you like, from any other terminal:",
            "",
            mint_call(address, manage, demo),
            "",
            f"  What it is good for: curl -H 'Authorization: Bearer <token>' {address}/v2/access-token",
            "",
        ]
    )


def mint_call(address: str, manage: str, demo: Demo) -> str:
    """A curl command for any directory of any POSIX shell."""
    assertion = (
        f"{manage} sign_assertion --key {shlex.quote(str(demo.key))} --client-id {demo.client_id} "
        f"--aud {settings.PUBLIC_URL}{_TOKEN_PATH}"
    )
    form = {
        "grant_type": urns.GRANT_TOKEN_EXCHANGE,
        "client_assertion_type": urns.CLIENT_ASSERTION_JWT_BEARER,
        "subject_token": MEMBER,
        "subject_token_type": SubjectTokenType.USER_EMAIL.value,
        "audience": ORGANIZATION,
    }
    fields = [f"-d {name}={value}" for name, value in form.items()]
    return " \\\n  ".join([f"curl {address}{_TOKEN_PATH}", *fields, f'-d client_assertion="$({assertion})"'])


def reachable_address(at: Listener) -> str:
    """From this machine: the public address if it leads here, else where the server listens."""
    public = urlsplit(settings.PUBLIC_URL)
    leads_here = public.hostname in ("localhost", "127.0.0.1", "::1") and public.port == at.port
    return settings.PUBLIC_URL if leads_here and public.scheme == "http" else at.url
