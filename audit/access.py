"""What audit must know about who is looking, stated by audit and provided by the package above."""

from __future__ import annotations

import uuid
from typing import Protocol


class OrganizationAccess(Protocol):
    """`request.organization_access`, as the audit screens need it."""

    @property
    def sees_everything(self) -> bool: ...

    @property
    def reading_organization_ids(self) -> frozenset[uuid.UUID]:
        """Organizations whose log may be read."""
        ...
