"""An OIDC issuer on loopback: discovery, published keys, and ID tokens signed with them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import jwt

from tests.jwks_host import JWKSHost, Visit, json_answer
from tests.keys import ABSENT, jwks, private_key

DISCOVERY = "/.well-known/openid-configuration"


@dataclass
class Issuer:
    """Signs with `key`; publishes what `keys` names. `metadata` changes the discovery document."""

    host: JWKSHost
    url: str
    key: str = "issuer-1"
    keys: list[str] = field(default_factory=lambda: ["issuer-1"])
    metadata: dict[str, Any] = field(default_factory=dict)

    def answer(self, visit: Visit) -> None:
        documents = {
            DISCOVERY: {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"} | self.metadata,
            "/jwks": jwks(*self.keys),
        }
        if visit.request.path in documents:
            json_answer(documents[visit.request.path])(visit)
        else:
            visit.respond(404)

    def id_token(self, *, key: str = "", headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token of a job on the main branch of acme/shop, in GitHub's form, with changes."""
        now = int(time.time())
        payload = {
            "iss": self.url,
            "aud": "counterfoil",
            "sub": "repo:acme/shop:ref:refs/heads/main",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
            "repository": "acme/shop",
            "repository_id": "1001",
            "repository_owner": "acme",
            "repository_owner_id": "77",
            "ref": "refs/heads/main",
            "ref_type": "branch",
            "event_name": "push",
        } | claims
        kept = {name: value for name, value in payload.items() if value is not ABSENT}
        signer = key or self.key
        return jwt.encode(kept, private_key(signer), "RS256", headers={"kid": signer} | (headers or {}))
