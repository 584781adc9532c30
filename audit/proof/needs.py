"""What sealing needs and `audit`, which knows nothing of the rest, cannot have: a signer, and a turn to write.

Settings name who provides them: `AUDIT_CHECKPOINT_SIGNER` a module, `AUDIT_WRITERS_TURN` a function.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class CheckpointSigner(Protocol):
    def sign(self, payload: bytes, *, typ: str) -> str:
        """The payload as a compact JWS with `kid`, `alg` (ES256 or RS256) and `typ` in its header."""

    def public_keys(self) -> dict[str, Any]:
        """A JWKS of every key that ever signed a checkpoint."""


def checkpoint_signer() -> CheckpointSigner:
    return cast(CheckpointSigner, import_module(settings.AUDIT_CHECKPOINT_SIGNER))


def writers_turn() -> AbstractContextManager[None]:
    """Hold the turn to write on a database that has one writer; to be taken before the transaction, and briefly."""
    return cast(AbstractContextManager[None], import_string(settings.AUDIT_WRITERS_TURN)())
