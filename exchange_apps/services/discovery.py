"""Where an issuer publishes its keys, by its own word (OpenID Connect Discovery 1.0, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from exchange_apps.domain.strict_json import StrictJSONError, parse_json
from exchange_apps.models import MOST_URI_CHARACTERS
from exchange_apps.safe_fetch import MAX_BYTES, FetchRefused
from exchange_apps.safe_fetch.precheck import check_fetchable
from exchange_apps.services.outbound import FetchFailure, fetch_document


@dataclass(frozen=True, slots=True)
class Discovery:
    """What an issuer says of itself; `jwks_uri` may be fetched."""

    jwks_uri: str
    metadata: dict[str, Any]


def discovery_uri(issuer: str) -> str:
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def discover(issuer: str) -> Discovery | FetchFailure:
    """Ask the issuer. A document that names another issuer is refused (section 4.3)."""
    document = fetch_document(discovery_uri(issuer))
    if isinstance(document, FetchFailure):
        return document
    try:
        metadata = parse_json(document.body, most_bytes=MAX_BYTES)
    except StrictJSONError:
        return FetchFailure("discovery_malformed", "The discovery document is no JSON.", document.status)
    if not isinstance(metadata, dict):
        return FetchFailure("discovery_malformed", "The discovery document is no JSON object.", document.status)
    if (said := metadata.get("issuer")) != issuer:
        shown = f"“{said[:200]}”" if isinstance(said, str) else "none"
        sentence = f"The discovery document names another issuer: {shown}. It has to be exactly “{issuer}”."
        return FetchFailure("issuer_mismatch", sentence, document.status)
    return _with_keys_address(metadata, document.status)


def _with_keys_address(metadata: dict[str, Any], status: int) -> Discovery | FetchFailure:
    uri = metadata.get("jwks_uri")
    if not isinstance(uri, str) or not 0 < len(uri) <= MOST_URI_CHARACTERS:
        return FetchFailure("jwks_uri_missing", "The discovery document names no jwks_uri.", status)
    try:
        check_fetchable(uri, settings.OUTBOUND_ALLOWED_NETWORKS)
    except FetchRefused as error:
        return FetchFailure("jwks_uri_refused", f"The jwks_uri it names is not fetched. {error.sentence}", status)
    return Discovery(uri, metadata)
