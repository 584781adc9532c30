"""Keys that must not be here: private and secret ones, and public ones in a form that is not ours.

A private key that arrives here came through a browser, a proxy or a public address, so the only sound advice
is to replace it (RFC 7517 section 9.2). Names and labels alone decide; no value is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from exchange_apps.domain.key_problem import Finding, KeyProblemCode

# RSA, EC and OKP use all but the last two; `k` is a shared secret, `priv` belongs to the post-quantum types.
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})

PRIVATE_KEY = Finding(
    KeyProblemCode.PRIVATE_MATERIAL,
    "A private key was pasted or published here. Treat it as leaked: generate a new key pair, stop using "
    "this one, and paste only the public part.",
)
SHARED_SECRET = Finding(
    KeyProblemCode.PRIVATE_MATERIAL,
    'A shared secret (kty "oct") was pasted or published here instead of a public key. Treat it as leaked: '
    "replace it wherever it is used, generate an RSA or EC P-256 key pair, and paste only the public part.",
)
PEM = Finding(
    KeyProblemCode.PEM,
    "This is a key in PEM form, and a JSON Web Key Set is needed: have it converted, or paste the JSON.",
)

_PEM_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")


def find_private_material(members: Mapping[str, object]) -> Finding | None:
    """The refusal that the members of a JWK call for; None where nothing in it is secret."""
    if members.get("kty") == "oct":
        return SHARED_SECRET
    return PRIVATE_KEY if PRIVATE_MEMBERS & members.keys() else None


def find_pem(text: str) -> Finding | None:
    """The refusal that PEM blocks in `text` call for (RFC 7468); None where there are none.

    A single private block makes the whole text private.
    """
    labels = _PEM_LABEL.findall(text)
    if any("PRIVATE" in label for label in labels):
        return PRIVATE_KEY
    return PEM if labels else None
