"""The refusal of a configuration file."""

from __future__ import annotations

from exchange_apps.domain.problems import Problems


class ConfigurationRefused(Exception):
    """Nothing was applied. Carries every problem found."""

    def __init__(self, problems: Problems) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
