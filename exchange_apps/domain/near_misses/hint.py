"""One near miss: what the value looks like it was meant to be, as a sentence that can be translated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hint:
    """`sentence` is a format with the names in `values`; whoever shows it translates the sentence first."""

    sentence: str
    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, sentence: str, **values: object) -> Hint:
        return cls(sentence, tuple((name, str(value)) for name, value in values.items()))

    def __str__(self) -> str:
        return self.sentence % dict(self.values)
