"""From bytes to a well-formed request (RFC 6749 section 3.2, RFC 8693 section 2.1), or the sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus

from django.http import HttpRequest

from exchange_apps.domain import urns
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidRequest, InvalidScope, RequestTooLarge, UnsupportedGrantType
from exchange_apps.domain.lifetimes import SHORTEST_TOKEN_TTL
from exchange_apps.domain.receipt import redacted
from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.subject import SubjectToken, SubjectTokenType
from exchange_apps.domain.token_exchange import TokenExchangeRequest

MOST_BODY_BYTES = 64 * 1024
_MOST_PARAMETERS = 100
_MOST_KEPT_CHARACTERS = 200
_FORM = "application/x-www-form-urlencoded"

Form = dict[str, str]


@dataclass(frozen=True, slots=True)
class SentForm:
    """What came as a form, in order, and whether an `Authorization` header came along."""

    pairs: tuple[tuple[str, str], ...]
    has_authorization: bool

    @property
    def client_assertion(self) -> str:
        """The assertion that tells who sent even a malformed request; empty when there is none, or several."""
        sent = [value for name, value in self.pairs if name == "client_assertion"]
        return sent[0] if len(sent) == 1 else ""


def read_form(request: HttpRequest) -> SentForm:
    """The parameters of the body. The query string is never looked at. Raises InvalidRequest, RequestTooLarge."""
    body = _read_body(request)
    if request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidRequest(DenialReason.NOT_A_FORM)
    try:
        fields = [field.partition("=") for field in body.decode("ascii").split("&") if field]
        pairs = tuple((_decoded(name), _decoded(value)) for name, _, value in fields[: _MOST_PARAMETERS + 1])
    except ValueError:
        raise InvalidRequest(DenialReason.NOT_A_FORM) from None
    if len(pairs) > _MOST_PARAMETERS:
        raise InvalidRequest(DenialReason.NOT_A_FORM)
    return SentForm(pairs, "HTTP_AUTHORIZATION" in request.META)


def _decoded(text: str) -> str:
    """Percent-decoded, as UTF-8 without mercy. Short texts are kept: the URNs are the same in every request."""
    if "%" not in text and "+" not in text:
        return text
    return _decoded_short(text) if len(text) <= _MOST_KEPT_CHARACTERS else unquote_plus(text, errors="strict")


@lru_cache(maxsize=2048)
def _decoded_short(text: str) -> str:
    return unquote_plus(text, errors="strict")


def parse_token_request(sent: SentForm) -> TokenExchangeRequest:
    """Raises InvalidRequest, InvalidScope or UnsupportedGrantType; nothing is looked up."""
    if sent.has_authorization:
        raise InvalidRequest(DenialReason.AUTHORIZATION_HEADER)
    form = _unrepeated(sent)
    grant_type = _required(form, "grant_type")
    if grant_type != urns.GRANT_TOKEN_EXCHANGE:
        raise UnsupportedGrantType(
            DenialReason.GRANT_TYPE_UNSUPPORTED, expected=urns.GRANT_TOKEN_EXCHANGE, seen=redacted(grant_type)
        )
    _one_of(form, "client_assertion_type", urns.CLIENT_ASSERTION_JWT_BEARER)
    if "requested_token_type" in form:
        _one_of(form, "requested_token_type", urns.TOKEN_TYPE_ACCESS_TOKEN)
    return TokenExchangeRequest(
        client_assertion=_required(form, "client_assertion"),
        client_id=_printable(form, "client_id"),
        subject=_subject(form),
        audience=_required(form, "audience"),
        scopes=_scopes(form),
        expires_in=_expires_in(form),
        resource=_printable(form, "resource"),
    )


def _unrepeated(sent: SentForm) -> Form:
    """Each parameter once, the empty ones left out."""
    form = dict(sent.pairs)
    if len(form) != len(sent.pairs):
        names = [name for name, _ in sent.pairs]
        raise InvalidRequest(
            DenialReason.PARAMETER_REPEATED, parameter=redacted(next(name for name in names if names.count(name) > 1))
        )
    return {name: value for name, value in form.items() if value}


def _read_body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > MOST_BODY_BYTES):
        raise RequestTooLarge(DenialReason.BODY_TOO_LARGE)
    # A chunked body has no length; Django would take it for empty, so it is read from the server itself
    is_chunked = not length and request.META.get("wsgi.input_terminated")
    source = request.META["wsgi.input"] if is_chunked else request
    body: bytes = source.read(MOST_BODY_BYTES + 1)
    if len(body) > MOST_BODY_BYTES:
        raise RequestTooLarge(DenialReason.BODY_TOO_LARGE)
    return body


def _required(form: Form, name: str) -> str:
    value = _printable(form, name)
    if value is None:
        raise InvalidRequest(DenialReason.PARAMETER_MISSING, parameter=name)
    return value


def _printable(form: Form, name: str) -> str | None:
    value = form.get(name)
    if value is not None and not value.isprintable():
        raise InvalidRequest(DenialReason.PARAMETER_MALFORMED, parameter=name, expected="printable characters")
    return value


def _one_of(form: Form, name: str, *accepted: str) -> str:
    value = _required(form, name)
    if value not in accepted:
        raise InvalidRequest(
            DenialReason.PARAMETER_MALFORMED, parameter=name, expected=" or ".join(accepted), seen=redacted(value)
        )
    return value


def _subject(form: Form) -> SubjectToken:
    value = _required(form, "subject_token")
    token_type = SubjectTokenType(_one_of(form, "subject_token_type", *SubjectTokenType))
    try:
        return SubjectToken.parse(value, token_type)
    except ValueError as error:
        raise InvalidRequest(DenialReason.PARAMETER_MALFORMED, parameter="subject_token", expected=str(error)) from None


def _scopes(form: Form) -> ScopeSet | None:
    text = _printable(form, "scope")
    if text is None or not text.strip():
        return None
    try:
        return ScopeSet.parse(text)
    except ValueError as error:
        raise InvalidScope(DenialReason.SCOPE_MALFORMED, parameter=str(error)) from None


def _expires_in(form: Form) -> int | None:
    text = form.get("expires_in")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18) or int(text) < SHORTEST_TOKEN_TTL:
        raise InvalidRequest(
            DenialReason.PARAMETER_MALFORMED,
            parameter="expires_in",
            expected=f"whole seconds, {SHORTEST_TOKEN_TTL} or more",
            seen=redacted(text),
        )
    return int(text)
