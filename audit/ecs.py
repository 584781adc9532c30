"""An event in the Elastic Common Schema, for SIEMs that read it: the published form, sorted into ECS's fields.

What ECS has no field for stands below `counterfoil`, so nothing is left out. `SOURCES` says where each field comes
from; docs/audit-log.md shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audit.actions import SENTENCES, AuditAction, Outcome

ECS_VERSION = "8.17.0"

SOURCES = {
    "@timestamp": "`occurred_at`",
    "ecs.version": f"`{ECS_VERSION}`",
    "message": "the sentence of the type, in English",
    "event.id": "`uuid`",
    "event.kind": "`event`",
    "event.module": "`counterfoil`",
    "event.dataset": "`counterfoil.audit`",
    "event.action": "`type`",
    "event.category": "by type: `authentication`, `configuration` or `iam`",
    "event.type": "by type `creation`, `change`, `deletion`, `start`, `access`, `info`; by outcome `allowed`, `denied`",
    "event.outcome": "`outcome`: `success`, else `failure`",
    "event.reason": "`reason`",
    "event.sequence": "`seal.sequence`",
    "event.hash": "`seal.hash`",
    "organization.id": "`organization.uuid`",
    "organization.name": "`organization.slug`",
    "user.id": "`actor.uuid`, where the actor is a `USER`",
    "user.name": "`actor.name`, where the actor is a `USER`",
    "user.effective.id": "`on_behalf_of.uuid`, where that is a `USER`",
    "user.effective.name": "`on_behalf_of.name`, where that is a `USER`",
    "user.target.id": "`subject.uuid`, where the subject is a `USER`",
    "user.target.name": "`subject.name`, where the subject is a `USER`",
    "source.ip": "`context.request_ip`",
    "user_agent.original": "`context.request_user_agent`",
    "http.request.id": "`context.request_id`",
    "related.ip": "`context.request_ip`",
    "related.user": "every name and UUID of a `USER` above",
    "counterfoil": "the rest, by the same names; `context.type` is `context_type`, `seal.previous` is `previous_hash`",
}

_OUTCOMES = {Outcome.SUCCESS: "success", Outcome.DENIED: "failure", Outcome.FAILED: "failure"}
_VERBS = {  # the end of a type → what ECS calls it
    "CREATED": "creation",
    "MINTED": "creation",
    "ISSUED": "creation",
    "ADDED": "creation",
    "GENERATED": "creation",
    "DELETED": "deletion",
    "REMOVED": "deletion",
    "REVOKED": "deletion",
    "WITHDRAWN": "deletion",
    "PRUNED": "deletion",
    "SIGNED_IN": "start",
    "SIGN_IN_FAILED": "start",
    "EXPORTED": "access",
    "BEGUN": "access",
    "VIEWED": "access",
    "DRY_RUN": "info",
    "TESTED": "info",
}
_AUTHENTICATION = ("ACCESS_TOKEN_", "TOKEN_EXCHANGE_DENIED", "EXCHANGE_DRY_RUN", "ID_TOKEN_ISSUED", "ID_TOKEN_DENIED")
_PEOPLE = ("USER_", "ORGANIZATION_MEMBER_", "ORGANIZATION_INVITATION_")
_SIGNING_IN = ("USER_SIGNED_IN", "USER_SIGN_IN_FAILED", "USER_SESSIONS_ENDED")


def ecs_document(event: Mapping[str, Any]) -> dict[str, Any]:
    """`event` is the published form (`audit/export_line.py`), with its seal where there is one."""
    context, seal = event["context"], event.get("seal") or {}
    organization = event["organization"] or {}
    users = {name: _user(event[name]) for name in ("actor", "on_behalf_of", "subject")}
    return _without_nothing(
        {
            "@timestamp": event["occurred_at"],
            "ecs": {"version": ECS_VERSION},
            "message": _sentence(event),
            "event": {
                "id": event["uuid"],
                "kind": "event",
                "module": "counterfoil",
                "dataset": "counterfoil.audit",
                "action": event["type"],
                "category": [_category(event["type"])],
                "type": list(_types(event["type"], event["outcome"])),
                "outcome": _OUTCOMES[Outcome(event["outcome"])],
                "reason": event["reason"],
                "sequence": seal.get("sequence"),
                "hash": seal.get("hash"),
            },
            "organization": {"id": organization.get("uuid"), "name": organization.get("slug")},
            "user": {**users["actor"], "effective": users["on_behalf_of"], "target": users["subject"]},
            "source": {"ip": context["request_ip"]},
            "user_agent": {"original": context["request_user_agent"]},
            "http": {"request": {"id": context["request_id"]}},
            "related": {
                "ip": [context["request_ip"]] if context["request_ip"] else [],
                "user": sorted({value for user in users.values() for value in user.values() if value}),
            },
        }
    ) | {
        "counterfoil": {
            "schema_version": event["schema_version"],
            "outcome": event["outcome"],
            "actor": event["actor"],
            "on_behalf_of": event["on_behalf_of"],
            "subject": event["subject"],
            "key_id": event["key_id"],
            "context_type": context["type"],
            "previous_hash": seal.get("previous"),
            "data": event["data"],
        }
    }


def _user(party: Mapping[str, Any] | None) -> dict[str, Any]:
    if party is None or party["type"] != "USER":
        return {}
    return {"id": party["uuid"], "name": party["name"]}


def _sentence(event: Mapping[str, Any]) -> str:
    names = {name: (event[name] or {}).get("name", "") for name in ("actor", "subject", "on_behalf_of")}
    return SENTENCES[AuditAction(event["type"])].format(**names, reason=event["reason"].replace("_", " "))


def _category(type: str) -> str:
    if type.startswith(_AUTHENTICATION) or type in _SIGNING_IN:
        return "authentication"
    return "iam" if type.startswith(_PEOPLE) else "configuration"


def _types(type: str, outcome: str) -> Iterable[str]:
    """ECS's words for what was done, and for what came of it."""
    if type.endswith("_DENIED"):
        yield "access"
    else:
        yield next((word for end, word in _VERBS.items() if type.endswith(end)), "change")
    if outcome == Outcome.DENIED:
        yield "denied"
    elif _category(type) == "authentication" and outcome == Outcome.SUCCESS:
        yield "allowed"


def _without_nothing(found: dict[str, Any]) -> dict[str, Any]:
    """Without empty texts, lists and objects: ECS leaves out what is not known."""
    kept = {name: _without_nothing(value) if isinstance(value, dict) else value for name, value in found.items()}
    return {name: value for name, value in kept.items() if value not in (None, "", [], {})}
