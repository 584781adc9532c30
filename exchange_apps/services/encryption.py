"""Secrets at rest: encrypted with the first of ENCRYPTION_KEYS, decrypted with any of them."""

from __future__ import annotations

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode("ascii")


def decrypt(encrypted: str) -> str:
    """Raises cryptography.fernet.InvalidToken for what none of the keys encrypted."""
    return _fernet().decrypt(encrypted).decode()


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
