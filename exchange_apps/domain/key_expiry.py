"""When a key ends by its own words: `exp` (OpenID Federation 1.0, section 8.7), or the certificate that comes with it
(`x5c`, RFC 7517 section 4.7).

Nobody is refused for it, since only the set says who may sign. But whoever looks after the key is told in time.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from cryptography import x509

from exchange_apps.domain.public_jwk import PublicKey

_MOST_CERTIFICATE_CHARACTERS = 16_384
_LAST_SECOND = 253_402_300_799  # of the year 9999


def find_expiry(jwk: Mapping[str, object], public_key: PublicKey) -> int | None:
    """Seconds since 1970, or None where nothing credible is said: a certificate of another key says nothing."""
    said = jwk.get("exp")
    if isinstance(said, int) and not isinstance(said, bool) and 0 < said <= _LAST_SECOND:
        return said
    chain = jwk.get("x5c")
    leaf = chain[0] if isinstance(chain, list) and chain else None
    return _certificate_end(leaf, public_key) if isinstance(leaf, str) else None


def _certificate_end(text: str, public_key: PublicKey) -> int | None:
    if len(text) > _MOST_CERTIFICATE_CHARACTERS:
        return None
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
        if certificate.public_key() != public_key:
            return None
        return int(certificate.not_valid_after_utc.timestamp())
    except (ValueError, binascii.Error, TypeError, x509.InvalidVersion):
        return None
