"""Who and what an event is about: snapshots, so that an event still reads true when its objects are gone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum


class PartyType(StrEnum):
    USER = "USER"
    TOKEN_EXCHANGE_APP = "TOKEN_EXCHANGE_APP"
    IDENTITY_PROVIDER = "IDENTITY_PROVIDER"
    WORKLOAD = "WORKLOAD"
    APP_KEY = "APP_KEY"
    MINTED_TOKEN = "MINTED_TOKEN"
    ORGANIZATION = "ORGANIZATION"
    ORGANIZATION_MEMBER = "ORGANIZATION_MEMBER"
    INVITATION = "INVITATION"
    SCOPE = "SCOPE"
    SIGNING_KEY = "SIGNING_KEY"
    PIPELINE = "PIPELINE"
    CLUSTER = "CLUSTER"
    QUEUE = "QUEUE"
    JOB = "JOB"
    AUDIT_WEBHOOK = "AUDIT_WEBHOOK"
    ID_TOKEN_POLICY = "ID_TOKEN_POLICY"
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
