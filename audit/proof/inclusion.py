"""The proof that one event is in the log, for somebody who sees nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.proof.checkpoint_jws import BadSignature, CheckpointKeys, UnknownKey
from audit.proof.hash_chain import INSTALLATION, chain_of
from audit.proof.merkle import root_from_path
from audit.proof.sealed_event import SealedEvent


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
