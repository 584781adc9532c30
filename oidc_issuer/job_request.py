"""What a scheduler says of a job it starts, read strictly: it all may end up in ID tokens. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange_apps.domain.problems import Path, Problems

SOURCES = ("ui", "api", "webhook", "trigger_job", "schedule")
_MOST_REF, _MOST_TAGS, _MOST_TAG_VALUE = 255, 50, 255
# What git allows in the name of a branch or tag: above all no colon, which parts the composite subject
_REF = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\]+")
_COMMIT = re.compile(r"[A-Za-z0-9_./-]{1,100}")
_STEP_KEY = re.compile(r"[A-Za-z0-9_:-]{1,100}")
_QUEUE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_TAG_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")


@dataclass(frozen=True, slots=True)
class StartedJob:
    """`build_id` None: to be derived from pipeline and number. `queue` and `step_key` None: none."""

    build_id: uuid.UUID | None
    build_number: int
    branch: str
    tag: str | None
    commit: str
    source: str
    step_key: str | None
    queue: str | None
    agent_id: uuid.UUID
    agent_tags: Mapping[str, str]
    agent_hosted: bool


class JobRefused(ValueError):
    """Everything that is wrong, each with its place."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("the job cannot be started")
        self.problems = problems


def parse_started_job(document: object) -> StartedJob:
    """Raises JobRefused. Unknown members are refused: a misspelt one would be missing from tokens unnoticed."""
    read = _Reader(Problems())
    top = read.mapping(document, (), ("build", "step_key", "queue", "agent"))
    build = read.mapping(top.get("build"), ("build",), ("id", "number", "branch", "tag", "commit", "source"))
    agent = read.mapping(top.get("agent"), ("agent",), ("id", "tags", "hosted"))
    started = StartedJob(
        build_id=read.identifier(build.get("id"), ("build", "id"), needed=False),
        build_number=read.number(build.get("number"), ("build", "number")),
        branch=read.ref(build.get("branch"), ("build", "branch")) or "",
        tag=read.ref(build.get("tag"), ("build", "tag"), needed=False),
        commit=read.matching(build.get("commit"), ("build", "commit"), _COMMIT, "a commit") or "",
        source=read.choice(build.get("source"), ("build", "source"), SOURCES),
        step_key=read.matching(top.get("step_key"), ("step_key",), _STEP_KEY, "a step key", needed=False),
        queue=read.matching(top.get("queue"), ("queue",), _QUEUE, "a queue's key", needed=False),
        agent_id=read.identifier(agent.get("id"), ("agent", "id")) or uuid.UUID(int=0),
        agent_tags=read.tags(agent.get("tags"), ("agent", "tags")),
        agent_hosted=read.switch(agent.get("hosted"), ("agent", "hosted")),
    )
    if read.problems:
        raise JobRefused(read.problems)
    return started


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads single values; what is wrong with them goes to the problems, and a harmless value comes back."""

    problems: Problems

    def mapping(self, value: object, path: Path, names: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.problems.add(path, "An object is expected.")
            return {}
        for name in value.keys() - set(names):
            self.problems.add((*path, str(name)[:100]), "There is no such member here.")
        return value

    def matching(
        self, value: object, path: Path, pattern: re.Pattern[str], what: str, *, needed: bool = True
    ) -> str | None:
        if value is None and not needed:
            return None
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self.problems.add(path, f"This is missing, or not {what}.")
        return None

    def ref(self, value: object, path: Path, *, needed: bool = True) -> str | None:
        found = self.matching(value, path, _REF, "a name that git allows", needed=needed)
        if found and (len(found) > _MOST_REF or ".." in found or "@{" in found or found.endswith((".", "/", ".lock"))):
            self.problems.add(path, f"This is no name that git allows, or longer than {_MOST_REF} characters.")
        return found

    def identifier(self, value: object, path: Path, *, needed: bool = True) -> uuid.UUID | None:
        if value is None and not needed:
            return None
        try:
            return uuid.UUID(value if isinstance(value, str) else "")
        except ValueError:
            self.problems.add(path, "A UUID is expected.")
            return None

    def number(self, value: object, path: Path) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 2**31 - 1:
            return value
        self.problems.add(path, "A whole number of 1 or more is expected.")
        return 1

    def choice(self, value: object, path: Path, among: tuple[str, ...]) -> str:
        if isinstance(value, str) and value in among:
            return value
        self.problems.add(path, f"One of {', '.join(among)} is expected.")
        return among[0]

    def switch(self, value: object, path: Path) -> bool:
        if value is None or isinstance(value, bool):
            return bool(value)
        self.problems.add(path, "True or false is expected.")
        return False

    def tags(self, value: object, path: Path) -> Mapping[str, str]:
        if value is None:
            return {}
        if not isinstance(value, dict) or len(value) > _MOST_TAGS:
            self.problems.add(path, f"An object with at most {_MOST_TAGS} members is expected.")
            return {}
        for name, text in value.items():
            good = isinstance(text, str) and len(text) <= _MOST_TAG_VALUE and text.isprintable()
            if not good or not _TAG_NAME.fullmatch(name):
                self.problems.add((*path, name[:100]), "A name without spaces and a text are expected.")
        return value
