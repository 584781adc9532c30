"""From a document to the list of its keys, or to the one reason why it is no key set (RFC 7517 section 5)."""

from __future__ import annotations

from exchange_apps.domain.key_problem import Finding, KeyProblemCode
from exchange_apps.domain.private_der import is_private_der
from exchange_apps.domain.private_material import PRIVATE_KEY, find_pem, find_private_material
from exchange_apps.domain.strict_json import DocumentTooLarge, DuplicateName, StrictJSONError, parse_json

MOST_DOCUMENT_BYTES = 64 * 1024
MOST_KEYS = 50


def read_entries(document: object) -> list[object] | Finding:
    """The entries of `keys`, one to fifty of any kind, or what is wrong with the document. Raises nothing."""
    try:
        value = parse_json(_without_mark(document), most_bytes=MOST_DOCUMENT_BYTES)
    except DocumentTooLarge as error:
        return Finding(KeyProblemCode.TOO_LARGE, str(error))
    except DuplicateName as error:
        return Finding(KeyProblemCode.DUPLICATE_MEMBER, str(error))
    except StrictJSONError as error:
        return _find_key_in(document) or Finding(KeyProblemCode.NOT_JSON, str(error))
    if secret := _find_secret(value):
        return secret
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list):
        return Finding(KeyProblemCode.NOT_A_SET, _explain_shape(value))
    entries: list[object] = value["keys"]
    if not entries:
        return Finding(KeyProblemCode.EMPTY_SET, "The key set is empty: give at least one public key.")
    if len(entries) > MOST_KEYS:
        return Finding(
            KeyProblemCode.TOO_MANY_KEYS,
            f"The key set has {len(entries)} keys; at most {MOST_KEYS} are accepted.",
        )
    return entries


def _without_mark(document: object) -> object:
    """Editors put a byte order mark before JSON they save; parsers may ignore it (RFC 8259 section 8.1)."""
    if isinstance(document, bytes):
        return document.removeprefix(b"\xef\xbb\xbf")
    return document.removeprefix("\ufeff") if isinstance(document, str) else document


def _find_key_in(document: object) -> Finding | None:
    """What openssl writes, where a set should be."""
    if isinstance(document, bytes):
        document = document.decode("latin-1")
    if not isinstance(document, str):
        return None
    return PRIVATE_KEY if is_private_der(document) else find_pem(document)


def _find_secret(value: object) -> Finding | None:
    """Private material where a set should be: a lone key, a list of keys, PEM as a JSON string."""
    if isinstance(value, str):
        return _find_key_in(value)
    for member in value if isinstance(value, list) else [value]:
        if isinstance(member, dict) and (secret := find_private_material(member)):
            return secret
    return None


def _explain_shape(value: object) -> str:
    wanted = 'A JSON Web Key Set is an object with a list of keys, {"keys": [...]}'
    if isinstance(value, list):
        return f'{wanted}; this is only a list. Put it under "keys".'
    if isinstance(value, dict) and "kty" in value:
        return f'{wanted}; this is a single key. Put it into a list under "keys".'
    return f"{wanted}; this is something else."
