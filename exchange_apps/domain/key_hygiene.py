"""Every rule for one key of a set, so that all its faults are told at once (RFC 7517 section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from exchange_apps.domain.ec_key import read_ec_key
from exchange_apps.domain.key_expiry import find_expiry
from exchange_apps.domain.key_material import Algorithm, KeyMaterial
from exchange_apps.domain.key_problem import Finding, KeyProblem, KeyProblemCode, printable, quoted
from exchange_apps.domain.private_material import find_pem, find_private_material
from exchange_apps.domain.public_jwk import PublicJWK
from exchange_apps.domain.rsa_key import read_rsa_key

MOST_KID_CHARACTERS = 255
_ALGORITHMS: dict[str, Algorithm] = {"RSA": "RS256", "EC": "ES256"}


@dataclass(frozen=True, slots=True)
class InspectedKey:
    """What can be shown of one entry of a set, and whether it is a key.

    `key` is there exactly when `problems` is empty. Of an entry with private material only the `kid` is kept,
    of other bad keys whatever could be read. `size` is in bits; texts but `kid` are cut to 64 characters.
    """

    index: int
    kid: str | None = None
    kty: str | None = None
    size: int | None = None
    use: str | None = None
    alg: str | None = None
    thumbprint: str | None = None
    problems: tuple[KeyProblem, ...] = ()
    key: PublicJWK | None = None

    def refused(self, *findings: Finding) -> InspectedKey:
        """The same entry with these findings against it, and no usable key."""
        placed = tuple(finding.at(f"keys[{self.index}]", self.kid) for finding in findings)
        return replace(self, problems=self.problems + placed, key=None)


def inspect_key(index: int, entry: object) -> InspectedKey:
    """Judge entry number `index` of a set's keys, whatever it is. Raises nothing."""
    if not isinstance(entry, dict):
        pem = find_pem(entry) if isinstance(entry, str) else None
        return InspectedKey(index).refused(pem or Finding(KeyProblemCode.NOT_AN_OBJECT, "This is not a JSON object."))
    kid = _valid_kid(entry.get("kid"))
    if secret := find_private_material(entry):
        return InspectedKey(index, kid).refused(secret)
    findings = [*_kid_findings(entry), *_purpose_findings(entry), *_algorithm_findings(entry)]
    material = _read_material(entry, findings)
    row = InspectedKey(
        index,
        kid,
        kty=printable(entry.get("kty")),
        size=material.size if material else None,
        use=printable(entry.get("use")),
        alg=printable(entry.get("alg")),
        thumbprint=material.thumbprint if material else None,
    )
    if findings or kid is None or material is None:
        return row.refused(*findings)
    return replace(row, key=_public_jwk(kid, entry, material))


def _public_jwk(kid: str, jwk: Mapping[str, object], material: KeyMaterial) -> PublicJWK:
    declared = {name: str(jwk[name]) for name in ("use", "alg") if name in jwk}
    members = {"kty": material.kty, "kid": kid, **declared, **material.members}
    key = PublicJWK(kid, material.kty, material.algorithm, material.size, declared.get("use"), members)
    return replace(key, expires_at=find_expiry(jwk, key.public_key())) if jwk.keys() & {"exp", "x5c"} else key


def _read_material(jwk: Mapping[str, object], findings: list[Finding]) -> KeyMaterial | None:
    match jwk.get("kty"):
        case "RSA":
            return read_rsa_key(jwk, findings)
        case "EC":
            return read_ec_key(jwk, findings)
        case other:
            seen = "is missing" if other is None else f"{quoted(other)} is not supported"
            findings.append(Finding(KeyProblemCode.KEY_TYPE, f"The key type (kty) {seen}: use RSA or EC."))
            return None


def _valid_kid(kid: object) -> str | None:
    return kid if isinstance(kid, str) and 0 < len(kid) <= MOST_KID_CHARACTERS and kid.isprintable() else None


def _kid_findings(jwk: Mapping[str, object]) -> Iterator[Finding]:
    kid = jwk.get("kid")
    if kid is None or kid == "":
        yield Finding(
            KeyProblemCode.KID_MISSING,
            'The key has no key id. Add a "kid", and name it in the header of what this key signs.',
        )
    elif _valid_kid(kid) is None:
        yield Finding(
            KeyProblemCode.KID_INVALID,
            f"The key id (kid) must be text of at most {MOST_KID_CHARACTERS} printable characters.",
        )


def _purpose_findings(jwk: Mapping[str, object]) -> Iterator[Finding]:
    if "use" in jwk and jwk["use"] != "sig":
        yield Finding(
            KeyProblemCode.USE,
            f'The use {quoted(jwk["use"])} does not fit: give a signature key, with use "sig" or none.',
        )
    if "key_ops" in jwk and jwk["key_ops"] != ["verify"]:
        yield Finding(
            KeyProblemCode.KEY_OPERATIONS,
            'The key operations (key_ops) do not fit: leave them out, or give ["verify"] alone.',
        )


def _algorithm_findings(jwk: Mapping[str, object]) -> Iterator[Finding]:
    kty = jwk.get("kty")
    fitting = _ALGORITHMS.get(kty) if isinstance(kty, str) else None
    if fitting and "alg" in jwk and jwk["alg"] != fitting:
        yield Finding(
            KeyProblemCode.ALGORITHM,
            f'The algorithm (alg) {quoted(jwk["alg"])} does not fit: an {kty} key needs "{fitting}" or none.',
        )
