"""Whom somebody wants to trust: which jobs of ours, under which subject, for which audience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from oidc_issuer.federation.conditions import Condition


class RefKind(StrEnum):
    ANY = "any"
    BRANCH = "branch"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class TrustedPipeline:
    id: str
    slug: str


@dataclass(frozen=True, slots=True)
class Trust:
    """`pipelines` empty: all of the organization. `subject_claim` empty: the composite subject.

    `subject_values` are the identifiers of a subject claim that pipelines and organization do not give: of a cluster,
    a queue, an agent. In `ref`, `*` stands for any text; empty refs and steps ask for nothing. `lifetime` is in
    seconds. `places` says where things are at the other side (an account, a role), by the names of the target.
    """

    issuer: str
    organization_id: str
    organization_slug: str
    audience: str
    pipelines: tuple[TrustedPipeline, ...] = ()
    subject_claim: str = ""
    subject_values: tuple[str, ...] = ()
    ref_kind: RefKind = RefKind.ANY
    ref: str = ""
    step_key: str = ""
    session_tags: tuple[str, ...] = ()
    lifetime: int = 300
    algorithm: str = "RS256"
    allowed_audiences: frozenset[str] = frozenset()
    places: Mapping[str, str] = field(default_factory=dict)

    def but(self, **changes: Any) -> Trust:
        return replace(self, **changes)

    @property
    def subjects(self) -> tuple[str, ...]:
        """All `sub` that are meant; of the composite form each is a pattern, since the commit is never the same."""
        if not self.subject_claim:
            slugs = [pipeline.slug for pipeline in self.pipelines] or ["*"]
            return tuple(
                f"organization:{self.organization_slug}:pipeline:{slug}:ref:{self._ref_pattern()}"
                f":commit:*:step:{self.step_key or '*'}"
                for slug in slugs
            )
        if self.subject_claim == "organization_id":
            return (self.organization_id,)
        if self.subject_claim == "pipeline_id":
            return tuple(pipeline.id for pipeline in self.pipelines)
        return self.subject_values

    def _ref_pattern(self) -> str:
        prefix = {RefKind.BRANCH: "refs/heads/", RefKind.TAG: "refs/tags/"}.get(self.ref_kind, "")
        return prefix + (self.ref or "*" if prefix else "*")

    def narrowing(self) -> tuple[Condition, ...]:
        """What beside the subject says which jobs are meant, in claims; identifiers rather than names."""
        found = []
        if self.pipelines and self.subject_claim != "pipeline_id":
            found.append(Condition("pipeline_id", tuple(pipeline.id for pipeline in self.pipelines)))
        if self.ref_kind is RefKind.BRANCH:
            if self.ref.strip("*"):
                found.append(Condition("build_branch", (self.ref,)))
            found.append(Condition("build_tag", (None,)))  # builds of tags have a branch too, and often that one
        elif self.ref_kind is RefKind.TAG:
            found.append(Condition("build_tag", (self.ref or "*",)))
        if self.step_key:
            found.append(Condition("step_key", (self.step_key,)))
        return tuple(found)

    def claim_conditions(self) -> tuple[Condition, ...]:
        """For relying parties that see every claim: nothing here hangs on a name that somebody else may get."""
        named = [Condition("organization_id", (self.organization_id,))]
        if self.subject_claim not in ("", "organization_id"):
            named.append(Condition(self.subject_claim, self.subjects))
        return (*named, *self.narrowing())

    def claims_to_ask_for(self) -> tuple[str, ...]:
        """The optional claims that `claim_conditions` reads; the subject's own comes by itself."""
        optional = ("organization_id", "pipeline_id")
        return tuple(
            condition.claim
            for condition in self.claim_conditions()
            if condition.claim in optional and condition.claim != self.subject_claim
        )
