"""Form fields for what an app is made of: keys, scopes, lists of addresses."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from exchange_apps.admin.widgets import AddressLinesInput
from exchange_apps.domain.ip_ranges import IPAllowlist
from exchange_apps.domain.jwk import JWKSetError, KeyProblemCode, inspect_jwks
from exchange_apps.domain.pem_conversion import pem_to_jwks

# Names of private members as they stand in JSON, also in JSON too broken to be read
_PRIVATE_NAME = re.compile(r"""["'](?:d|p|q|dp|dq|qi|oth|k|priv)["']\s*:""")

# How an address begins, with its scheme or with a host of several labels; keys in any encoding begin otherwise
_ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]{0,10}:/|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+([:/?#]|\s*\Z))", re.IGNORECASE)


class AddressLinesField(forms.CharField):
    """One address or range per line. Blank lines do not count, but keep the numbers of the others."""

    widget = AddressLinesInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.widget.attrs |= {"rows": 4, "class": "code", "spellcheck": "false", "placeholder": "10.0.0.0/8"}

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = [line.strip() for line in str(value or "").splitlines()]
        problems = []
        for number, line in enumerate(lines, start=1):
            try:
                IPAllowlist.parse([line] if line else [])
            except ValueError as error:
                problems.append(str(error).replace("Line 1:", f"Line {number}:", 1))
        if problems:
            raise ValidationError(problems)
        found = [line for line in lines if line]
        try:
            IPAllowlist.parse(found)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True  # the service compares


class JWKSField(forms.CharField):
    """A key set as JSON text; its value is the set as a document, public members only."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=True, **kwargs)
        self.widget.attrs |= {
            "rows": 12,
            "class": "code",
            "spellcheck": "false",
            "autocomplete": "off",
            "placeholder": '{"keys": [{"kid": "2026-11-a", "kty": "RSA", "n": "…", "e": "AQAB"}]}',
        }

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, indent=2) if isinstance(value, dict) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        inspection = inspect_jwks(text)
        # Whatever happens from here on, no traceback and no error holds what was pasted
        del value, text
        if inspection.usable is None or inspection.all_problems:
            raise ValidationError([ValidationError(str(found), found.code.value) for found in inspection.all_problems])
        return inspection.usable.as_document()

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True  # the service compares


def holds_private_material(text: str) -> bool:
    """Whether text holds, or looks like it holds, a private key: also where it is too broken to be read."""
    codes = {problem.code for problem in inspect_jwks(text).all_problems}
    return KeyProblemCode.PRIVATE_MATERIAL in codes or bool(_PRIVATE_NAME.search(text)) or "PRIVATE" in text


def is_safe_to_show_again(text: str) -> bool:
    """Whether a refused paste may go back into the form. Only what is recognizably a public key set may."""
    if holds_private_material(text):
        return False
    codes = {problem.code for problem in inspect_jwks(text).all_problems}
    return KeyProblemCode.PEM in codes or text.lstrip()[:1] in ("{", "[")


def is_address_like(text: str) -> bool:
    """Whether what stood in the field of an address may go back into it."""
    return bool(_ADDRESS.match(text)) and "PRIVATE" not in text and not _PRIVATE_NAME.search(text)


def converted_from_pem(text: str) -> str | None:
    """Public keys in PEM as the key set that they should have been; None when they are none."""
    if "PRIVATE" in text or "-----BEGIN " not in text:
        return None
    try:
        return json.dumps(pem_to_jwks(text).as_document(), indent=2)
    except JWKSetError:
        return None


class ScopesField(forms.MultipleChoiceField):
    """Names from the catalogue, sorted; `choices` are set by the form."""

    widget = forms.CheckboxSelectMultiple
    default_error_messages = {"invalid_choice": _("There is no such scope: %(value)s.")}  # noqa: RUF012

    def clean(self, value: Any) -> list[str]:
        return sorted(set(super().clean(value)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True  # the service compares
