"""What relying parties read first (OpenID Connect Discovery 1.0 section 3): pure."""

from __future__ import annotations

from collections.abc import Iterable

JWKS_PATH = "/.well-known/jwks"


def provider_metadata(issuer: str, algorithms: Iterable[str]) -> dict[str, object]:
    """No endpoint for people to sign in at: jobs ask with their job token, nobody is redirected anywhere."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}{JWKS_PATH}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(algorithms),
        "scopes_supported": ["openid"],
    }
