"""docs/operations.md names every setting and every job there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from config.celery import SCHEDULE

ROOT = Path(__file__).resolve().parents[2]


def rows(marker: str) -> list[list[str]]:
    section = (ROOT / "docs/operations.md").read_text().split(f"<!-- {marker}:", 1)[1].split("<!-- end -->", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def documented(marker: str) -> list[str]:
    return [row[0].strip("`") for row in rows(marker)]


def read_by_the_settings() -> set[str]:
    """The names handed to config/env.py; PUBLIC_URL and DATABASE_URL are its own defaults."""
    settings = (ROOT / "config/settings.py").read_text()
    return set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", settings)) | {"PUBLIC_URL", "DATABASE_URL"}


def test_every_setting_is_explained_once() -> None:
    assert sorted(documented("settings")) == sorted(read_by_the_settings())


def test_every_setting_is_in_the_example_file() -> None:
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == read_by_the_settings()


def test_every_job_is_listed_with_its_interval() -> None:
    assert {row[0].strip("`"): row[1] for row in rows("jobs")} == {
        name: f"{seconds} s" for name, seconds in SCHEDULE.items()
    }


def test_the_limits_named_are_those_of_the_code() -> None:
    from exchange_apps.domain import key_freshness
    from exchange_apps.safe_fetch import MAX_BYTES, TOTAL_TIMEOUT
    from exchange_apps.services import pruning

    page = (ROOT / "docs/operations.md").read_text()
    assert (key_freshness.DEFAULT_FRESH, key_freshness.USABLE) == (3600, 24 * 3600)
    assert (key_freshness.SHORTEST_FRESH, key_freshness.LONGEST_FRESH) == (5 * 60, 24 * 3600)
    assert f"{TOTAL_TIMEOUT:g} s in all, {MAX_BYTES // 1024} KiB" in page
    assert f"at most once in {key_freshness.REFETCH_GAP} s" in page
    assert f"{pruning.BATCH} rows at a time" in page
