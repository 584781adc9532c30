"""Reading what people paste: an assertion alone, a form, a curl command, or a request as it went over the wire.

Tolerant about the wrapping (prompts, continued lines, line ends), exact about the parameters: what is read here goes
through the same checks as a request that was really sent.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from urllib.parse import unquote_plus

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidRequest, MethodNotAllowed, RequestTooLarge
from exchange_apps.domain.token_request import SentForm

MOST_CHARACTERS = 64 * 1024
_FORM = "application/x-www-form-urlencoded"
_START_LINE = re.compile(r"(?P<method>[A-Z]{3,8}) \S+(?: HTTP/[\d.]+)?")
_CURL = re.compile(r"(?:\$ |> )?curl\s")
_NAMES = (
    "grant_type|client_assertion|client_assertion_type|client_id|subject_token|subject_token_type|audience|scope"
    "|expires_in|requested_token_type|resource"
)
_FIELDS = re.compile(rf"(?:^|&|\n)\s*(?:{_NAMES})=")

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PastedRequest:
    """A request as it would be sent. `pairs` is None where its body is no form."""

    pairs: Pairs | None
    method: str = "POST"
    has_authorization: bool = False

    def sent_form(self) -> SentForm:
        """As the endpoint would have read it; raises MethodNotAllowed, InvalidRequest, RequestTooLarge."""
        if self.method != "POST":
            raise MethodNotAllowed(DenialReason.METHOD_NOT_ALLOWED)
        if self.pairs is None:
            raise InvalidRequest(DenialReason.NOT_A_FORM)
        if sum(len(name) + len(value) + 2 for name, value in self.pairs) > MOST_CHARACTERS:
            raise RequestTooLarge(DenialReason.BODY_TOO_LARGE)
        return SentForm(self.pairs, self.has_authorization)


def parse_pasted(text: str) -> PastedRequest | str:
    """The request in `text`, or the text itself, trimmed, where it can only be an assertion alone.

    Raises ValueError, without repeating anything, for a curl command whose quotation marks do not close.
    """
    text = text.strip().replace("\r\n", "\n")
    if _CURL.match(text):
        return _curl(text)
    if (start := _START_LINE.match(text)) and "\n" in text[start.end() :][:1]:
        return _http(text, start["method"])
    if _FIELDS.search(text):
        return PastedRequest(_form(_joined(text)))
    if text.startswith("{"):
        return PastedRequest(None)  # JSON, as other token endpoints take it
    return text


def _joined(text: str) -> str:
    """A form that was broken into lines, one pair or a part of one in each."""
    joined = ""
    for line in filter(None, map(str.strip, text.split("\n"))):
        begins_pair = bool(_FIELDS.match(line)) and not line.startswith("&")
        joined += f"&{line}" if begins_pair and joined and not joined.endswith("&") else line
    return joined


def _form(body: str) -> Pairs | None:
    fields = [field.partition("=") for field in body.split("&") if field]
    try:
        return tuple((_decoded(name), _decoded(value)) for name, _, value in fields)
    except ValueError:
        return None


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="strict")


def _http(text: str, method: str) -> PastedRequest:
    head, _, body = text.partition("\n\n")
    headers = dict(_header(line) for line in head.split("\n")[1:])
    is_form = headers.get("content-type", _FORM).partition(";")[0].strip().lower() == _FORM
    return PastedRequest(_form(_joined(body)) if is_form else None, method, "authorization" in headers)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


_DATA = {"-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json"}
_WITH_VALUE = _DATA | {"-H", "--header", "-X", "--request", "-u", "--user", "-F", "--form", "-o", "--output"}


def _curl(text: str) -> PastedRequest:
    try:
        words = shlex.split(re.sub(r"\\\n", " ", text))
    except ValueError:
        raise ValueError("its quotation marks do not close") from None
    pairs: list[tuple[str, str]] = []
    method, is_form, has_authorization = "", True, False
    for option, value in _options(words):
        if option == "--data-urlencode":
            name, equals, content = value.partition("=")
            pairs.append((name, content) if equals else ("", name))
        elif option in _DATA - {"--json"}:
            found = _form(value)
            is_form = is_form and found is not None and not value.lstrip().startswith("{")
            pairs += found or ()
        elif option in ("-F", "--form", "--json"):
            is_form = False
        elif option in ("-H", "--header"):
            name, content = _header(value)
            is_form = is_form and (name != "content-type" or content.partition(";")[0].strip().lower() == _FORM)
            has_authorization = has_authorization or name == "authorization"
        elif option in ("-X", "--request"):
            method = value.upper()
        elif option in ("-u", "--user"):
            has_authorization = True
        elif option in ("-G", "--get"):
            method = "GET"
    return PastedRequest(tuple(pairs) if is_form else None, method or "POST", has_authorization)


def _options(words: list[str]) -> list[tuple[str, str]]:
    """Options with their values, however they are written: `-d x`, `-dx`, `--data x`, `--data=x`."""
    found: list[tuple[str, str]] = []
    rest = iter(words[1:])
    for word in rest:
        if word.startswith("--") and "=" in word and word.partition("=")[0] in _WITH_VALUE:
            option, _, value = word.partition("=")
            found.append((option, value))
        elif word in _WITH_VALUE:
            found.append((word, next(rest, "")))
        elif len(word) > 2 and word[:2] in _WITH_VALUE and not word.startswith("--"):
            found.append((word[:2], word[2:]))
        elif word.startswith("-"):
            found.append((word, ""))
    return found
