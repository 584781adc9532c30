"""What screens about fetched keys need: the host of the services' tests."""

from __future__ import annotations

from tests.exchange_apps.services.conftest import (  # noqa: F401 - fixtures
    _another_new_process,
    at,
    authority,
    host,
    issuer,
    remote,
    save,
    start,
)
from tests.world import World

__all__ = ["World"]
