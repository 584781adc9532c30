"""Key pairs on disk: `private_key.pem`, which never leaves its owner, and `jwks.json`, which is for everybody."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.core.management import CommandError

from exchange_apps.domain.jwk import JWKSet, JWKSetError
from exchange_apps.domain.pem_conversion import pem_to_jwks

PRIVATE_KEY, PUBLIC_KEYS = "private_key.pem", "jwks.json"
ALGORITHMS = ("RS256", "ES256")
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def generate_key(algorithm: str) -> PrivateKey:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_keys(key: PrivateKey, kid: str | None = None) -> JWKSet:
    """The key set of this one key; `kid` is its thumbprint (RFC 7638) unless given. Raises JWKSetError."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    keys = pem_to_jwks(pem.decode("ascii"), kid).as_document()["keys"]
    algorithm = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS256"
    return JWKSet.parse({"keys": [{**members, "use": "sig", "alg": algorithm} for members in keys]})


def write_key_pair(folder: Path, algorithm: str, kid: str | None, *, overwrite: bool = False) -> JWKSet:
    """Generate a pair and write both files. Raises CommandError, also where a private key stands already."""
    key = generate_key(algorithm)
    try:
        keys = public_keys(key, kid)
    except JWKSetError as error:
        raise CommandError(f"--kid: {error}") from None
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_secret(folder / PRIVATE_KEY, pem, overwrite=overwrite)
        (folder / PUBLIC_KEYS).write_text(json.dumps(keys.as_document(), indent=2) + "\n", encoding="ascii")
    except FileExistsError:
        raise CommandError(f"{folder / PRIVATE_KEY} exists and is kept; --force replaces it.") from None
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}.") from None
    return keys


def read_private_key(path: Path) -> PrivateKey:
    """Raises CommandError for whatever is no RSA or P-256 private key in PEM."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError):
        raise CommandError(f"{path} is no private key in PEM without a passphrase.") from None
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise CommandError(f"{path} is neither an RSA nor an EC P-256 key.")


def find_key_id(path: Path, key: PrivateKey) -> str:
    """What the `jwks.json` beside the file calls this very key, else its thumbprint."""
    own = public_keys(key).keys[0]
    try:
        published = JWKSet.parse((path.parent / PUBLIC_KEYS).read_bytes())
    except (OSError, JWKSetError):
        return own.kid
    return next((other.kid for other in published.keys if other.thumbprint == own.thumbprint), own.kid)


def _write_secret(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Readable by its owner from its first byte on. Raises FileExistsError unless it may be replaced."""
    if overwrite:
        path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
