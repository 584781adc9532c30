"""An export as NDJSON: each line an event as the API shows it (but for the address of its page), with its seal.

A line is `event_document` as JSON, put together from pieces: most words and parties of an event are those of events
before it, so their JSON is there already, and `data` goes from the database into the line as it is. That takes half the
time; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson

from audit.export_line import organization_document, party_document
from audit.export_rows import Row, iso_text, known_uuid_text, uuid_text


def ndjson_lines(rows: Iterable[Row], *, sealed: bool = True) -> bytes:
    """`sealed` false: the seals are left out."""
    return b"".join([ndjson_line(row, sealed=sealed) for row in rows])


def ndjson_line(row: Row, *, sealed: bool = True) -> bytes:
    id, version, type, time, outcome, reason, organization_id, organization_slug, *rest = row
    actor_type, actor_id, actor_name, behalf_type, behalf_id, behalf_name, *rest = rest
    subject_type, subject_id, subject_name, key_id, context_type, request_id, address, agent, *rest = rest
    data, sequence, previous, digest = rest
    seal = (
        f',"seal":{{"sequence":{sequence},"previous":"{previous.hex()}","hash":"{digest.hex()}"}}'
        if sequence and sealed
        else ""
    )
    # The subject apart: tokens have an ellipsis in their names, which makes a long text slow to put together
    return (
        f'{{"uuid":"{uuid_text(id)}","schema_version":{version},"type":{_text(type)}'
        f',"occurred_at":"{iso_text(time)}","outcome":{_text(outcome)},"reason":{_text(reason)}'
        f',"organization":{_organization(organization_id, organization_slug)}'
        f',"actor":{_party(actor_type, actor_id, actor_name)}'
        f',"on_behalf_of":{_party(behalf_type, behalf_id, behalf_name)},"subject":'.encode()
        + orjson.dumps(party_document(subject_type, uuid_text(subject_id), subject_name))
        + f',"key_id":{_text(key_id)},"context":{{"type":{_text(context_type)},"request_id":{_json(request_id)}'
        f',"request_ip":{_text(address)},"request_user_agent":{_text(agent)}}},"data":{data}{seal}}}\n'.encode()
    )


def checkpoint_line(jws: str) -> bytes:
    return orjson.dumps({"checkpoint": jws}, option=orjson.OPT_APPEND_NEWLINE)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


_text = lru_cache(maxsize=16_384)(_json)


@lru_cache(maxsize=16_384)
def _party(type: str, id: str | None, name: str) -> str:
    return _json(party_document(type, known_uuid_text(id), name))


@lru_cache(maxsize=1024)
def _organization(id: str | None, slug: str) -> str:
    return _json(organization_document(id and uuid_text(id), slug))
