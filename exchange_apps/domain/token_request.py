"""From the parameters of a form to a well-formed request, or the sentence that says why not.

Three grants are spoken (RFC 8693, RFC 6749 section 4.4 with RFC 7523 section 2.2, RFC 7523 section 2.1). What is asked
for follows from the grant and, in a token exchange, from the type of the subject token.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchange_apps.domain import urns
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidGrant, InvalidRequest, InvalidScope, OAuthError, UnsupportedGrantType
from exchange_apps.domain.lifetimes import SHORTEST_TOKEN_TTL
from exchange_apps.domain.receipt import redacted
from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.subject import SubjectToken, SubjectTokenType
from exchange_apps.domain.token_exchange import TokenExchangeRequest
from exchange_apps.domain.workload_request import DownscopeRequest, WorkloadRequest

Form = dict[str, str]
TokenRequest = TokenExchangeRequest | WorkloadRequest | DownscopeRequest

_GRANTS = (urns.GRANT_TOKEN_EXCHANGE, urns.GRANT_CLIENT_CREDENTIALS, urns.GRANT_JWT_BEARER)


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


def parse_token_request(sent: SentForm) -> TokenRequest:
    """Raises InvalidRequest, InvalidScope or UnsupportedGrantType; nothing is looked up."""
    if sent.has_authorization:
        raise InvalidRequest(DenialReason.AUTHORIZATION_HEADER)
    form = _unrepeated(sent)
    grant_type = _required(form, "grant_type")
    if "requested_token_type" in form:
        _one_of(form, "requested_token_type", urns.TOKEN_TYPE_ACCESS_TOKEN)
    match grant_type:
        case urns.GRANT_TOKEN_EXCHANGE:
            return _token_exchange(form)
        case urns.GRANT_CLIENT_CREDENTIALS:
            _one_of(form, "client_assertion_type", urns.CLIENT_ASSERTION_JWT_BEARER)
            _required(form, "client_id")
            return _workload(form, "client_assertion", InvalidGrant)
        case urns.GRANT_JWT_BEARER:
            if "client_id" not in form:
                _required(form, "audience")
            return _workload(form, "assertion", InvalidGrant)
    raise UnsupportedGrantType(
        DenialReason.GRANT_TYPE_UNSUPPORTED, expected=" or ".join(_GRANTS), seen=redacted(grant_type)
    )


def _token_exchange(form: Form) -> TokenRequest:
    """Who authenticates as a client is an app, and its subject an identifier; otherwise the subject is a credential."""
    if "client_assertion" not in form and "client_assertion_type" not in form:
        match form.get("subject_token_type"):
            case urns.TOKEN_TYPE_ID_TOKEN | urns.TOKEN_TYPE_JWT:
                _required(form, "audience")
                return _workload(form, "subject_token", InvalidRequest)
            case urns.TOKEN_TYPE_ACCESS_TOKEN:
                return DownscopeRequest(
                    token=_required(form, "subject_token"),
                    scopes=_scopes(form),
                    expires_in=_expires_in(form),
                    resource=_printable(form, "resource"),
                )
    _one_of(form, "client_assertion_type", urns.CLIENT_ASSERTION_JWT_BEARER)
    return TokenExchangeRequest(
        client_assertion=_required(form, "client_assertion"),
        client_id=_printable(form, "client_id"),
        subject=_subject(form),
        audience=_required(form, "audience"),
        scopes=_scopes(form),
        expires_in=_expires_in(form),
        resource=_printable(form, "resource"),
    )


def _workload(form: Form, token: str, refusal: type[OAuthError]) -> WorkloadRequest:
    return WorkloadRequest(
        token=_required(form, token),
        provider_id=_printable(form, "client_id"),
        audience=_printable(form, "audience"),
        scopes=_scopes(form),
        expires_in=_expires_in(form),
        resource=_printable(form, "resource"),
        refusal=refusal,
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
