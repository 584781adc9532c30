"""What the condition builder sends: inputs named `b-…`, and the step that a button asks for."""

from __future__ import annotations

from django.http import QueryDict

from exchange_apps.domain.identity_presets import IssuerProfile
from exchange_apps.domain.policy_draft import DraftRow, DraftStatement, Kind
from exchange_apps.domain.trust_policy.reading import MOST_STATEMENTS
from exchange_apps.domain.trust_policy.reading_rules import MOST_RULES


def first_draft(profile: IssuerProfile) -> DraftStatement:
    """What a new policy begins with: the claim that has to be named."""
    claim = next(iter((*profile.tenant_claims, *profile.suggested_claims)))
    return DraftStatement(rows=[DraftRow(claim)])


def read_drafts(sent: QueryDict) -> list[DraftStatement]:
    return [_statement(sent, f"b-{number}") for number in range(_count(sent, "b-count", MOST_STATEMENTS))]


def _statement(sent: QueryDict, at: str) -> DraftStatement:
    rows = [
        DraftRow(
            claim=sent.get(f"{at}-{row}-claim", "").strip(),
            matcher=sent.get(f"{at}-{row}-matcher", "equals"),
            value=sent.get(f"{at}-{row}-value", "").replace("\r\n", "\n"),
            kind=sent.get(f"{at}-{row}-kind", Kind.TEXT.value),
        )
        for row in range(_count(sent, f"{at}-rows", MOST_RULES * 5))
    ]
    texts = {key: sent.get(f"{at}-{key}", "").strip() for key in ("name", "iss", "ttl", "act_as")}
    return DraftStatement(scopes=sent.getlist(f"{at}-scopes"), rows=rows, **texts)


def _count(sent: QueryDict, name: str, most: int) -> int:
    text = sent.get(name, "")
    return min(int(text), most + 1) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def take_step(drafts: list[DraftStatement], step: str, profile: IssuerProfile) -> list[DraftStatement]:
    """`add`, `remove:1`, `up:1`, `down:1`, `add-row:1`, `remove-row:1:2`, `preset`; anything else changes nothing."""
    name, *places = step.split(":")
    if not all(place.isascii() and place.isdigit() and len(place) < 5 for place in places):
        return drafts
    numbers = [int(place) for place in places]
    try:
        return _stepped(list(drafts), name, numbers, profile)
    except IndexError:
        return drafts


def _stepped(drafts: list[DraftStatement], name: str, at: list[int], profile: IssuerProfile) -> list[DraftStatement]:
    match name, at:
        case "add", []:
            drafts.append(first_draft(profile))
        case "remove", [place]:
            del drafts[place]
        case "up", [place] if place > 0:
            drafts[place - 1], drafts[place] = drafts[place], drafts[place - 1]
        case "down", [place]:
            drafts[place + 1], drafts[place] = drafts[place], drafts[place + 1]
        case "add-row", [place]:
            drafts[place].rows.append(DraftRow())
        case "remove-row", [place, row]:
            del drafts[place].rows[row]
        case "preset", [] if not any(row.value for draft in drafts for row in draft.rows):
            drafts = [_with_first_rule_of(draft, profile) for draft in drafts] or [first_draft(profile)]
    return drafts


def _with_first_rule_of(draft: DraftStatement, profile: IssuerProfile) -> DraftStatement:
    """Nothing was filled in yet, so the claim to begin with may be another one."""
    draft.rows = first_draft(profile).rows
    return draft
