"""Second factors: encrypted at rest, and named after this installation."""

from __future__ import annotations

from typing import Any

import qrcode  # type: ignore[import-untyped]
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.services import encryption

_QUIET_ZONE = 2  # modules of white around the code


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("That code is not right. Codes change every 30 seconds, and each works once.")
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        return f"Counterfoil {settings.HOST}"

    def build_totp_svg(self, url: str) -> str:
        """One path in the colour of its surroundings, without the style attributes our content policy forbids."""
        code = qrcode.QRCode(border=_QUIET_ZONE)
        code.add_data(url)
        rows = code.get_matrix()
        modules = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
        size = len(rows)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="qr-code" role="img" viewBox="0 0 {size} {size}"'
            f' shape-rendering="crispEdges"><path fill="currentColor" d="{modules}"/></svg>'
        )

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %d") % number

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": settings.HOST, "name": "Counterfoil"}
