"""Who and what an event is about: snapshots, so that an event still reads true when its objects are gone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum


class PartyType(StrEnum):
    USER = "USER"
    TOKEN_EXCHANGE_APP = "TOKEN_EXCHANGE_APP"
    APP_KEY = "APP_KEY"
    MINTED_TOKEN = "MINTED_TOKEN"
    ORGANIZATION = "ORGANIZATION"
    ORGANIZATION_MEMBER = "ORGANIZATION_MEMBER"
    SCOPE = "SCOPE"
    COMMAND = "COMMAND"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Party:
    type: PartyType
    uuid: uuid.UUID | None
    name: str


@dataclass(frozen=True, slots=True)
class OrganizationRef:
    uuid: uuid.UUID
    slug: str


SYSTEM = Party(PartyType.SYSTEM, None, "Counterfoil")
