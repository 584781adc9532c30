"""What happened to an assertion on its way from the signer: quotation marks, line breaks, padding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from exchange_apps.domain.near_misses.hint import Hint
from exchange_apps.domain.translatable import gettext_noop as _

_QUOTED = re.compile(r"\s*([\"'`]).*\1\s*", re.DOTALL)

_RULES: tuple[tuple[Callable[[str], object], str], ...] = (
    (_QUOTED.fullmatch, _("It is wrapped in quotation marks: send what is between them.")),
    (re.compile(r"\s*bearer\s", re.IGNORECASE).match, _("It begins with “Bearer”: send the assertion alone.")),
    (re.compile(r"\S\s+\S").search, _("There are spaces or line breaks inside: the assertion is one line.")),
    (re.compile(r"\s").search, _("There is a space or a line break around it: trim it, as `tr -d '\\n'` does.")),
    (re.compile(r"%[0-9A-Fa-f]{2}").search, _("It is percent-encoded once too often.")),
    (re.compile(r"=").search, _("Its parts are padded with “=”: base64url without padding is expected (RFC 7515).")),
    (re.compile(r"[+/]").search, _("It is in base64 with “+” and “/”: base64url is expected (RFC 7515).")),
    (re.compile(r"-----BEGIN").search, _("This is a key, not an assertion. Treat a private key as leaked.")),
    (re.compile(r"\$\{?\w+\}?").match, _("This is the name of a shell variable: it was not filled in.")),
    (lambda text: text.count(".") == 4, _("It has five parts: it is encrypted (JWE); a signed one has three.")),
    (lambda text: text.count(".") == 1, _("It has two parts: the signature is missing, or the text was cut.")),
    (lambda text: text.count(".") == 0, _("A JWT has three parts with dots between them; this is something else.")),
    (lambda text: text.endswith("."), _("Its signature is empty.")),
)


def assertion_hints(text: str) -> Iterator[Hint]:
    """What is wrong with the look of it; repeats nothing of it."""
    for rule, sentence in _RULES:
        if rule(text):
            yield Hint.of(sentence)
            return


def algorithm_hint(algorithm: str) -> Hint | None:
    """For an `alg` that is not accepted."""
    if algorithm.startswith("HS"):
        return Hint.of(
            _("%(alg)s signs with a shared secret. Sign with the app's private key: RS256 or ES256."), alg=algorithm
        )
    if algorithm.casefold() == "none":
        return Hint.of(_("It is not signed at all. Sign with the app's private key: RS256 or ES256."))
    if algorithm.upper() in ("RS256", "ES256"):
        return Hint.of(_("Only capital letters differ: it must be exactly %(wanted)s."), wanted=algorithm.upper())
    family = {"RS": "RS256", "PS": "RS256", "ES": "ES256", "Ed": "ES256"}.get(algorithm[:2])
    if family is None:
        return None
    return Hint.of(_("%(alg)s is not accepted: use %(wanted)s."), alg=algorithm, wanted=family)
