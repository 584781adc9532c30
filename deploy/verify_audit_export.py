#!/usr/bin/env python3
"""Verify an export of Counterfoil's audit log, or the proof of one event, without trusting whoever made it.

    python verify_audit_export.py export.ndjson --keys keys.json
    python verify_audit_export.py --proof proof.json --keys keys.json

Needs Python 3.11 or later and the package `cryptography`. The keys are those published at
/.well-known/audit-checkpoint-keys.json. Exit status 0: no findings; 1: findings; 2: asked wrongly.
The format is described in docs/audit-log.md. Made by deploy/bundle_verifier.py from the modules named below.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import math
import sys
import urllib.request
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any


# -------------------- audit/proof/canonical_json.py
# Canonical JSON (RFC 8785): one sequence of bytes for one value, whoever writes it.
#
# No spaces; members in the order of their names as UTF-16; strings in UTF-8 with the shortest escapes; fractions as
# ECMAScript writes them. Whole numbers are written digit by digit, also beyond 2^53, where RFC 8785 has no answer.

def canonical_json(value: Any) -> bytes:
    return _canonical(value).encode("utf-8", "surrogatepass")


def _canonical(value: Any) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{encode_basestring(n)}:{_canonical(value[n])}" for n in _in_order(value)]) + "}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _fraction(value)
    return "[" + ",".join([_canonical(member) for member in value]) + "]"


def _in_order(names: dict[str, Any]) -> list[str]:
    """RFC 8785 section 3.2.3. Code points sort like UTF-16 while all names are ASCII, which is nearly always."""
    if "".join(names).isascii():
        return sorted(names)
    return sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


def _fraction(value: float) -> str:
    """ECMAScript's Number::toString, as RFC 8785 section 3.2.2.3 asks for."""
    if not math.isfinite(value):
        return repr(value)  # no JSON, so no row holds it; whoever forged one shall not stop the sealing
    sign, digit_tuple, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits, minus = "".join(map(str, digit_tuple)), "-" if sign and value else ""
    point = len(digits) + int(exponent)
    if value == 0:
        return "0"
    if len(digits) <= point <= 21:
        return minus + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{minus}{mantissa}e{point - 1:+d}"


# -------------------- audit/proof/hash_chain.py
# The hash chain of one organization: each event's hash covers the hash before it, its own number, and all it says.

INSTALLATION = uuid.UUID(int=0)
"""The chain of events that belong to no organization."""

_LINK, _GENESIS = b"\x02", b"\x03"  # 0 and 1 are the Merkle tree's
_NOT_SEALED = frozenset(("seal", "url"))


def genesis(chain: uuid.UUID) -> bytes:
    """What stands before the first event: SHA-256(0x03 || UUID)."""
    return sha256(_GENESIS + chain.bytes).digest()


def event_bytes(document: Mapping[str, Any]) -> bytes:
    """What is sealed of an exported line: all of it but the seal and the address of its page."""
    return canonical_json({name: value for name, value in document.items() if name not in _NOT_SEALED})


def link_hash(previous: bytes, sequence: int, event: bytes) -> bytes:
    """SHA-256(0x02 || hash before || number as 8 bytes, most significant first || canonical event)."""
    return sha256(_LINK + previous + sequence.to_bytes(8, "big") + event).digest()


def chain_of(document: Mapping[str, Any]) -> uuid.UUID:
    """Which chain an exported event belongs to."""
    organization = document.get("organization")
    return uuid.UUID(organization["uuid"]) if organization and organization["uuid"] else INSTALLATION


# -------------------- audit/proof/merkle.py
# The Merkle tree of RFC 9162 section 2.1 over the hashes of a span: one event is provable without the rest.

def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class MerkleRoot:
    """The root of leaves that come one by one, holding one hash for each level."""

    def __init__(self) -> None:
        self._subtrees: list[tuple[int, bytes]] = []  # (leaves, root) of complete ones, largest first

    def add(self, data: bytes) -> None:
        self.add_leaf(leaf_hash(data))

    def add_leaf(self, root: bytes) -> None:
        size = 1
        while self._subtrees and self._subtrees[-1][0] == size:
            root = node_hash(self._subtrees.pop()[1], root)
            size *= 2
        self._subtrees.append((size, root))

    def digest(self) -> bytes:
        if not self._subtrees:
            return sha256(b"").digest()
        root = self._subtrees[-1][1]
        for _, left in reversed(self._subtrees[:-1]):
            root = node_hash(left, root)
        return root


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What leads from one of these leaf hashes to the root, lowest first (RFC 9162 section 2.1.3.1)."""
    if len(leaves) <= 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return [*inclusion_path(left, index), _root(right)]
    return [*inclusion_path(right, index - split), _root(left)]


def root_from_path(data: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its path lead to (RFC 9162 section 2.1.3.2); None where the path cannot be one."""
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf_hash(data)
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def _root(leaves: Sequence[bytes]) -> bytes:
    tree = MerkleRoot()
    for leaf in leaves:
        tree.add_leaf(leaf)
    return tree.digest()


# -------------------- audit/proof/checkpoint_jws.py
# Checkpoints: what the issuer signed about a span of one chain, as a compact JWS (RFC 7515), and reading it back.

CHECKPOINT_TYPE = "audit-checkpoint+jws"
MEMBERS = {"version", "organization", "from", "to", "head", "root", "time", "previous"}


class BadSignature(ValueError):
    """The checkpoint is not what was signed, or never was one."""


class UnknownKey(ValueError):
    """The key that signed is not among the published ones."""


def checkpoint_digest(jws: str) -> str:
    """How the next checkpoint names this one: SHA-256 over the compact JWS, in hex."""
    return sha256(jws.encode()).hexdigest()


class CheckpointKeys:
    """The published keys (a JWKS) by their key ids."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._keys = {str(jwk.get("kid")): _public_key(jwk) for jwk in jwks["keys"]}
        self._revoked = {str(jwk["kid"]): jwk["revoked"]["revoked_at"] for jwk in jwks["keys"] if "revoked" in jwk}

    def open(self, jws: str) -> dict[str, Any]:
        """The payload of a checkpoint whose signature holds."""
        try:
            signed, _, signature_part = jws.rpartition(".")
            header, payload = (json.loads(_decoded(part)) for part in signed.split("."))
            signature = _decoded(signature_part)
        except (ValueError, binascii.Error) as error:
            raise BadSignature("no compact JWS") from error
        if not isinstance(header, dict) or header.get("typ") != CHECKPOINT_TYPE or "crit" in header:
            raise BadSignature("signed as something else than a checkpoint")
        key = self._keys.get(str(header.get("kid")))
        if key is None:
            raise UnknownKey(f"key {header.get('kid')} is not among the published ones")
        try:
            _check(key, header.get("alg"), signature, signed.encode())
        except InvalidSignature as error:
            raise BadSignature("the signature does not hold") from error
        if not isinstance(payload, dict) or not payload.keys() >= MEMBERS or payload["version"] != 1:
            raise BadSignature("no checkpoint of version 1")
        revoked_at = self._revoked.get(str(header["kid"]))
        if revoked_at is not None and datetime.fromisoformat(payload["time"]).timestamp() >= revoked_at:
            raise BadSignature(f"signed after key {header['kid']} was revoked")
        return payload


def unverified_payload(jws: str) -> dict[str, Any] | None:
    """What a checkpoint says, whoever wrote it; for finding one's place behind it only."""
    try:
        payload = json.loads(_decoded(jws.split(".")[1]))
        return payload if {"from", "to", "head"} <= payload.keys() and isinstance(payload["to"], int) else None
    except (ValueError, IndexError, AttributeError):
        return None


def _check(key: Any, algorithm: Any, signature: bytes, signed: bytes) -> None:
    if algorithm == "ES256" and isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == 64:
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    elif algorithm == "RS256" and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), SHA256())
    else:
        raise InvalidSignature


def _public_key(jwk: Mapping[str, Any]) -> Any:
    """The key itself; None for kinds that never sign checkpoints."""
    if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
        return ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1()).public_key()
    if jwk.get("kty") == "RSA":
        return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
    return None


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text), "big")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


# -------------------- audit/proof/findings.py
# What a verification can find, each with the event it is about.

class Kind(StrEnum):
    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    BACK_DATED = "back-dated"
    GAP = "gap"
    BAD_SIGNATURE = "bad signature"
    UNKNOWN_KEY = "unknown key"
    MISSING_CHECKPOINT = "missing checkpoint"
    UNSEALED = "unsealed"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Kind
    chain: str
    detail: str
    sequence: int | None = None
    event: str | None = None

    def __str__(self) -> str:
        place = f" at {self.sequence}" if self.sequence is not None else ""
        event = f", event {self.event}" if self.event else ""
        return f"{self.kind.value.upper()} in {self.chain}{place}{event}: {self.detail}"


# -------------------- audit/proof/sealed_event.py
# An exported line as the verifier sees it: what was sealed, the seal beside it, and its times.

TOLERANCE = timedelta(minutes=15)
"""How long after it was made an event may be sealed before it counts as back-dated."""


@dataclass(frozen=True, slots=True)
class SealedEvent:
    id: str
    occurred_at: str
    body: bytes
    sequence: int
    previous: bytes
    hash: bytes
    is_intact: bool

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> SealedEvent:
        """Raises ValueError, KeyError or TypeError where the line has no well-formed seal."""
        seal = line["seal"]
        sequence, previous, digest = seal["sequence"], bytes.fromhex(seal["previous"]), bytes.fromhex(seal["hash"])
        if type(sequence) is not int or not 0 < sequence < 2**63:
            raise ValueError("the sequence is no positive number")
        body = event_bytes(line)
        is_intact = link_hash(previous, sequence, body) == digest
        return cls(str(line["uuid"]), str(line["occurred_at"]), body, sequence, previous, digest, is_intact)

    def would_be(self, other: SealedEvent) -> bool:
        """Whether this event was sealed at the other one's place: their contents, or their numbers, changed places."""
        at_its_place = link_hash(other.previous, other.sequence, self.body) == other.hash
        return at_its_place or link_hash(self.previous, other.sequence, self.body) == self.hash

    def is_older_than(self, moment: Moment) -> bool:
        """By either of its times: the one it states and the one in its UUIDv7."""
        return self.occurred_at < moment.iso or _uuid7_milliseconds(self.id) < moment.milliseconds

    def contradicts_its_identifier(self) -> bool:
        """It states a time long before its identifier was made."""
        made = datetime.fromtimestamp(_uuid7_milliseconds(self.id) / 1000, UTC)
        return self.occurred_at < Moment.at(made - TOLERANCE).iso


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in both forms that events have; their texts sort like the times."""

    milliseconds: int
    iso: str

    @classmethod
    def at(cls, moment: datetime) -> Moment:
        iso = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
        return cls(int(moment.timestamp() * 1000), iso)

    @classmethod
    def before(cls, iso: str, span: timedelta) -> Moment:
        return cls.at(datetime.fromisoformat(iso) - span)


def _uuid7_milliseconds(text: str) -> int:
    try:
        return int(text[:8] + text[9:13], 16)
    except ValueError:
        return 0


# -------------------- audit/proof/chain_verifier.py
# Verifying one chain: its lines in order, a finding for whatever does not follow from what came before.
#
# Keeps the damage of one span at most, so a log of any length is verified in the same memory.

_COMPARED = 100  # damaged events of a span, and gaps of a chain, that are kept to be explained by what follows


class ChainVerifier:
    """`from_the_start`: the first event must be number 1, as in a database; an export may begin behind a checkpoint."""

    def __init__(self, chain: uuid.UUID, keys: CheckpointKeys, *, from_the_start: bool = False) -> None:
        self.name = f"organization {chain}" if chain.int else "installation"
        self.events, self.first, self.signed_to, self.signed_at = 0, 1, 0, ""
        self.pruned_to = self.prune_recorded_to = 0
        self.unsigned_since = ""
        self.kept_heads: dict[int, str] = {}  # what checkpoints kept elsewhere say: number → hash of that event
        self._chain, self._keys, self._begun = chain, keys, from_the_start
        self._next, self._head = 1, genesis(chain)  # the next event's number, and the hash it must continue
        self._before: SealedEvent | None = None
        self._checkpoint: str | None = None  # digest of the last one
        self._knows_checkpoint = True
        self._back_dated_before: Moment | None = None
        self._span, self._span_is_whole = MerkleRoot(), True
        self._damaged: list[SealedEvent] = []
        self._missing: list[range] = []

    @property
    def last(self) -> int:
        return self._next - 1

    def event(self, line: Mapping[str, Any]) -> Iterator[Finding]:
        try:
            event = SealedEvent.of(line)
        except (ValueError, KeyError, TypeError):
            self._span_is_whole = False
            yield self._finding(Kind.EDITED, "its seal is no seal", event=str(line.get("uuid")))
            return
        if line["type"] == "AUDIT_LOG_PRUNED":
            self.prune_recorded_to = max(self.prune_recorded_to, int(line["data"]["last_sequence"]))
        self.events += 1
        yield from self._begin_at(event.sequence, event.previous)
        if event.sequence < self._next:
            yield self._out_of_place(event)
            return
        if event.sequence > self._next:
            yield from self._skip_to(event.sequence)
        elif event.previous != self._head and event.is_intact and (self._before is None or self._before.is_intact):
            yield self._replaced(event)
        if not event.is_intact:
            yield from self._damage(event)
        elif self._back_dated_before and event.is_older_than(self._back_dated_before):
            detail = f"it is of {event.occurred_at}, but was sealed after the checkpoint of {self.signed_at}"
            yield self._finding(Kind.BACK_DATED, detail, event.sequence, event.id)
        self.unsigned_since = self.unsigned_since or event.occurred_at
        yield from self._continue(event.sequence, event.hash)
        self._before = event

    def event_gone(self, event: str, sequence: int, digest: bytes) -> Iterator[Finding]:
        """A seal without its event, as only a database has it."""
        if sequence > self._next:
            yield from self._skip_to(sequence)
        if sequence > self.pruned_to:
            yield self._finding(Kind.DELETED, "the event is gone, its seal is still there", sequence, event)
        yield from self._continue(sequence, digest)
        self._before = None

    def checkpoint(self, jws: str) -> Iterator[Finding]:
        is_signed, payload = True, unverified_payload(jws)
        try:
            payload = self._keys.open(jws)
        except (BadSignature, UnknownKey) as error:
            is_signed = False
            kind = Kind.UNKNOWN_KEY if isinstance(error, UnknownKey) else Kind.BAD_SIGNATURE
            yield self._finding(kind, f"checkpoint: {error}", payload["to"] if payload else None)
        if payload is None:
            self._knows_checkpoint = False
            return
        last, head = payload["to"], bytes.fromhex(payload["head"])
        if self._begun and is_signed:
            yield from self._check_span(payload)
        if not self._begun:
            self._begun, self.first, self._next, self._head = True, last + 1, last + 1, head
        elif self._next <= last and last <= self.pruned_to:
            self._next, self._head, self._before = last + 1, head, None
        elif self._next <= last:
            yield from self._skip_to(last + 1)
            self._head = head
        if is_signed and self.kept_heads.get(last) == payload["head"]:
            del self.kept_heads[last]
        yield from self._explain_damage()
        self._span, self._span_is_whole = MerkleRoot(), self._next == last + 1
        self._checkpoint, self._knows_checkpoint = checkpoint_digest(jws), True
        self.unsigned_since = ""
        if is_signed:
            self.signed_to, self.signed_at = last, payload["time"]
            self._back_dated_before = Moment.before(self.signed_at, TOLERANCE)

    def end(self) -> Iterator[Finding]:
        yield from self._explain_damage()
        for gap in self._missing:
            if gap.stop - 1 > self.pruned_to:  # else retention came by in the meantime
                yield self._gap(gap)
        for last in self.kept_heads:
            if last > self.last:
                detail = f"the kept checkpoint covers events up to {last}, but the log ends at {self.last}"
                yield self._finding(Kind.TRUNCATED, detail, last)
        if self.pruned_to > self.prune_recorded_to:
            detail = f"events up to {self.pruned_to} were removed, and no AUDIT_LOG_PRUNED event says so"
            yield self._finding(Kind.DELETED, detail, self.pruned_to)

    def _begin_at(self, sequence: int, previous: bytes) -> Iterator[Finding]:
        if not self._begun and sequence != 1:
            self.first, self._next, self._head = sequence, sequence, previous
            self.signed_to, self._knows_checkpoint, self._span_is_whole = sequence - 1, False, False
            yield self._finding(Kind.GAP, "it begins here, without the checkpoint before it", sequence)
        self._begun = True

    def _skip_to(self, sequence: int) -> Iterator[Finding]:
        """Numbers are missing; they may still come, out of their place."""
        gap = range(max(self._next, self.pruned_to + 1), sequence)
        self._next, self._before, self._span_is_whole = sequence, None, False
        if gap:
            self._missing.append(gap)
            if len(self._missing) > _COMPARED:
                yield self._gap(self._missing.pop(0))

    def _out_of_place(self, event: SealedEvent) -> Finding:
        for place, gap in enumerate(self._missing):
            if event.sequence in gap:
                rest = (range(gap.start, event.sequence), range(event.sequence + 1, gap.stop))
                self._missing[place : place + 1] = [part for part in rest if part]
                return self._finding(Kind.REORDERED, f"it stands behind {self.last}", event.sequence, event.id)
        for forged in self._damaged:
            if forged.sequence == event.sequence and event.is_intact:
                self._damaged.remove(forged)
                event = forged
        return self._finding(Kind.INSERTED, "its number belongs to another event", event.sequence, event.id)

    def _replaced(self, event: SealedEvent) -> Finding:
        """An intact event that does not continue the one before it: somebody hashed that one anew, or took it away."""
        self._span_is_whole = False
        if self._before is None:
            return self._finding(Kind.EDITED, "it does not continue the chain", event.sequence, event.id)
        detail = f"it was replaced and hashed anew: {event.sequence} continues another event"
        return self._finding(Kind.EDITED, detail, self._before.sequence, self._before.id)

    def _damage(self, event: SealedEvent) -> Iterator[Finding]:
        self._span_is_whole = False
        self._damaged.append(event)
        if len(self._damaged) > _COMPARED:
            yield from self._explain_damage()

    def _explain_damage(self) -> Iterator[Finding]:
        for event in self._damaged:
            place = next((o.sequence for o in self._damaged if o is not event and event.would_be(o)), None)
            if place is not None:
                yield self._finding(Kind.REORDERED, f"it was sealed as {place}", event.sequence, event.id)
            elif event.contradicts_its_identifier():
                detail = f"it says {event.occurred_at}, which is neither what was sealed nor when it was made"
                yield self._finding(Kind.BACK_DATED, detail, event.sequence, event.id)
            else:
                yield self._finding(Kind.EDITED, "it is not what was sealed", event.sequence, event.id)
        self._damaged = []

    def _continue(self, sequence: int, digest: bytes) -> Iterator[Finding]:
        self._next, self._head = sequence + 1, digest
        self._span.add(digest)
        kept = self.kept_heads.pop(sequence, None)
        if kept is not None and kept != digest.hex():
            yield self._finding(Kind.EDITED, "the log up to here is not the one of the kept checkpoint", sequence)

    def _check_span(self, payload: Mapping[str, Any]) -> Iterator[Finding]:
        first, last = payload["from"], payload["to"]
        chain = payload["organization"]
        if uuid.UUID(chain) != self._chain if chain else self._chain.int:
            yield self._finding(Kind.BAD_SIGNATURE, "checkpoint: it is another chain's", last)
        follows = payload["previous"] == self._checkpoint and first == self.signed_to + 1
        if self._knows_checkpoint and not follows:
            yield self._finding(Kind.MISSING_CHECKPOINT, f"none leads to the one of {first} to {last}", first)
            self._span_is_whole = self._span_is_whole and first == self.signed_to + 1
        if self.last > last:
            self._span_is_whole = False
            detail = f"the checkpoint of {first} to {last} stands behind {self.last}"
            yield self._finding(Kind.REORDERED, detail, last)
        is_signed_span = self._span.digest().hex() == payload["root"] and self._head.hex() == payload["head"]
        if self._span_is_whole and self.last == last and not is_signed_span:
            yield self._finding(Kind.EDITED, f"events {first} to {last} are not those that were signed", last)

    def _gap(self, gap: range) -> Finding:
        many = f"{gap.start} to {gap.stop - 1} are" if len(gap) > 1 else f"{gap.start} is"
        return self._finding(Kind.GAP, f"{many} missing", gap.start)

    def _finding(self, kind: Kind, detail: str, sequence: int | None = None, event: str | None = None) -> Finding:
        return Finding(kind, self.name, detail, sequence, event)


# -------------------- audit/proof/log_verifier.py
# Verifying a log, line by line: events and checkpoints of any number of chains, in the order of each chain.

UNSEALED_AFTER = timedelta(minutes=5)
_UNSEALED_KEPT = 1000


class LogVerifier:
    """`now` is given for a database, whose newest events must be sealed and signed by then; an export has its age.

    `partial`: an export of a search leaves events out; gaps are no findings then, and nothing is proven but that each
    line fits its own seal.
    """

    def __init__(self, keys: CheckpointKeys, *, now: datetime | None = None, partial: bool = False) -> None:
        self.chains: dict[uuid.UUID, ChainVerifier] = {}
        self.unsealed = 0
        self._keys, self._now, self._partial = keys, now, partial
        self._waiting: list[tuple[uuid.UUID, str, str]] = []  # events without a seal: chain, UUID, time

    def chain(self, chain: uuid.UUID) -> ChainVerifier:
        if chain not in self.chains:
            self.chains[chain] = ChainVerifier(chain, self._keys, from_the_start=self._now is not None)
        return self.chains[chain]

    def keep_to(self, jws: str) -> None:
        """Compare with a checkpoint that was kept elsewhere; raises BadSignature or UnknownKey for a false one."""
        payload = self._keys.open(jws)
        chain = uuid.UUID(payload["organization"]) if payload["organization"] else INSTALLATION
        self.chain(chain).kept_heads[payload["to"]] = payload["head"]

    def line(self, line: Mapping[str, Any]) -> Iterator[Finding]:
        for finding in self._line(line):
            if not (self._partial and finding.kind in (Kind.GAP, Kind.MISSING_CHECKPOINT)):
                yield finding

    def _line(self, line: Mapping[str, Any]) -> Iterator[Finding]:
        if line.keys() == {"export"}:  # what was asked for; says nothing about the log
            return
        try:
            if "checkpoint" in line:
                payload = unverified_payload(line["checkpoint"]) or {}
                organization = payload.get("organization")
                chain = uuid.UUID(organization) if organization else INSTALLATION
            else:
                chain = chain_of(line)
        except (ValueError, TypeError, KeyError, AttributeError):
            yield Finding(Kind.INSERTED, "the file", f"neither an event nor a checkpoint: {str(line)[:80]}")
            return
        if "checkpoint" in line:
            yield from self.chain(chain).checkpoint(line["checkpoint"])
        elif line.get("seal"):
            yield from self.chain(chain).event(line)
        else:
            yield from self._event_without_seal(chain, line)

    def _event_without_seal(self, chain: uuid.UUID, line: Mapping[str, Any]) -> Iterator[Finding]:
        self.unsealed += 1
        if line.get("type") == "AUDIT_LOG_PRUNED":
            verifier = self.chain(chain)
            verifier.prune_recorded_to = max(verifier.prune_recorded_to, int(line["data"]["last_sequence"]))
        self._waiting.append((chain, str(line.get("uuid")), str(line.get("occurred_at"))))
        if len(self._waiting) > _UNSEALED_KEPT:
            yield from self._judge(*self._waiting.pop(0))

    def end(self) -> Iterator[Finding]:
        for event in self._waiting:
            yield from self._judge(*event)
        for verifier in self.chains.values():
            for finding in verifier.end():
                if not (self._partial and finding.kind is Kind.GAP):
                    yield finding
            if verifier.unsigned_since and self._is_late(verifier.unsigned_since):
                detail = f"events since {verifier.unsigned_since} are sealed and not signed"
                yield Finding(Kind.MISSING_CHECKPOINT, verifier.name, detail, verifier.signed_to + 1)

    def _judge(self, chain: uuid.UUID, event: str, occurred_at: str) -> Iterator[Finding]:
        verifier = self.chain(chain)
        if verifier.signed_at and occurred_at < Moment.before(verifier.signed_at, UNSEALED_AFTER).iso:
            detail = f"it has no seal, and the log was sealed long after its time, {occurred_at}"
            yield Finding(Kind.INSERTED, verifier.name, detail, event=event)
        elif self._is_late(occurred_at):
            detail = f"it has no seal since {occurred_at}: is the job audit.seal running?"
            yield Finding(Kind.UNSEALED, verifier.name, detail, event=event)

    def _is_late(self, iso: str) -> bool:
        return self._now is not None and iso < Moment.at(self._now - UNSEALED_AFTER).iso

    def summary(self) -> Iterator[str]:
        for verifier in self.chains.values():
            if not verifier.last:
                continue
            signed = f"signed up to {verifier.signed_to} ({verifier.signed_at})" if verifier.signed_at else "not signed"
            begin = max(verifier.first, verifier.pruned_to + 1)
            unsigned = verifier.last - verifier.signed_to
            tail = f"; the last {unsigned} carry no signature yet" if unsigned > 0 and verifier.signed_at else ""
            yield f"{verifier.name}: {verifier.events} events, {begin} to {verifier.last}, {signed}{tail}"
        if self.unsealed:
            yield f"{self.unsealed} events without a seal"


# -------------------- audit/proof/inclusion.py
# The proof that one event is in the log, for somebody who sees nothing else of it.

def refused_proof(proof: Mapping[str, Any], keys: CheckpointKeys) -> str | None:
    """Why it proves nothing; None where it holds: the event stood at this place when the checkpoint was signed."""
    try:
        event, inclusion = SealedEvent.of(proof["event"]), proof["inclusion"]
        checkpoint = keys.open(proof["checkpoint"])
        path = [bytes.fromhex(sibling) for sibling in inclusion["path"]]
        index, size = inclusion["leaf_index"], inclusion["tree_size"]
        root = root_from_path(event.hash, index, size, path)
        chain = chain_of(proof["event"])
    except (BadSignature, UnknownKey) as error:
        return f"checkpoint: {error}"
    except (ValueError, KeyError, TypeError) as error:
        return f"this is no proof: {error}"
    if not event.is_intact:
        return "the event is not what was sealed"
    if checkpoint["organization"] != (None if chain == INSTALLATION else str(chain)):
        return "the checkpoint is another chain's"
    if size != checkpoint["to"] - checkpoint["from"] + 1 or checkpoint["from"] + index != event.sequence:
        return "the event's number is not where the path says"
    if root is None or root.hex() != checkpoint["root"]:
        return "the path does not lead to what was signed"
    return None


# -------------------- audit/proof/standalone.py
# The command of the single-file verifier.

def verify_lines(verifier: LogVerifier, lines: Iterable[str | bytes]) -> Iterator[Finding]:
    """Feed the verifier an NDJSON export, one line at a time."""
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if isinstance(line, dict):
            yield from verifier.line(line)
        else:
            yield Finding(Kind.EDITED, "the file", f"line {number} is no JSON object")
    yield from verifier.end()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an export of the audit log, or the proof of one event.")
    parser.add_argument("export", nargs="?", help="the NDJSON file; - for standard input")
    parser.add_argument("--keys", required=True, help="the published checkpoint keys (JWKS): a file, or an address")
    parser.add_argument("--proof", help="instead of an export: the proof of one event, a JSON file")
    parser.add_argument("--checkpoint", help="a checkpoint kept elsewhere, which the export must contain: a file")
    parser.add_argument("--partial", action="store_true", help="the export of a search: events in between are left out")
    given = parser.parse_args(arguments)
    if bool(given.export) == bool(given.proof):
        parser.error("name an export or, with --proof, the proof of one event")
    keys = CheckpointKeys(_jwks(given.keys))
    if given.proof:
        return _answer_proof(json.loads(Path(given.proof).read_text()), keys)
    verifier = LogVerifier(keys, partial=given.partial)
    if given.checkpoint:
        try:
            verifier.keep_to(checkpoint_in(Path(given.checkpoint).read_text()))
        except (BadSignature, UnknownKey) as error:
            parser.error(f"the kept checkpoint: {error}")
    found = 0
    with sys.stdin.buffer if given.export == "-" else open(given.export, "rb") as lines:
        for finding in verify_lines(verifier, lines):
            found += 1
            sys.stdout.write(f"{finding}\n")
    for line in verifier.summary():
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{found} findings\n" if found else "no findings\n")
    return 1 if found else 0


def checkpoint_in(text: str) -> str:
    """The compact JWS of a file that holds it alone, or as a line of an export."""
    text = text.strip()
    return str(json.loads(text)["checkpoint"]) if text.startswith("{") else text


def _answer_proof(proof: Any, keys: CheckpointKeys) -> int:
    refused = refused_proof(proof, keys)
    sys.stdout.write(f"{refused}\n" if refused else f"the event {proof['event']['uuid']} is in the log\n")
    return 1 if refused else 0


def _jwks(place: str) -> dict[str, Any]:
    if place.startswith(("https://", "http://")):  # only because somebody wrote it there
        with urllib.request.urlopen(place, timeout=10) as answer:  # noqa: S310
            return dict(json.load(answer))
    return dict(json.loads(Path(place).read_text()))


if __name__ == "__main__":
    sys.exit(main())
