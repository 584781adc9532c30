"""The OpenID Connect client of the portal: discovery, the code for an ID token, and what is believed of it.

Written here and not taken from allauth: its provider leaves the signature of the ID token unchecked, sends no nonce,
prefers the user info answer over the token, and calls out past `safe_fetch`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from exchange_apps.domain.id_token import IDTokenRefused, check_id_token, verified_email
from exchange_apps.domain.jwk import inspect_jwks
from exchange_apps.jose import proven_claims
from exchange_apps.safe_fetch import FetchedDocument, FetchError, safe_call, safe_fetch

DISCOVERY_SECONDS = 3600
_WELL_KNOWN = "/.well-known/openid-configuration"


class SignOnFailed(Exception):
    """Nobody is signed in. Its text is the reason's code, for the log."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What discovery says, as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    posts_secret: bool
    read_at: float


@dataclass(frozen=True, slots=True)
class Started:
    """What the session remembers between leaving for the provider and coming back."""

    state: str
    nonce: str
    verifier: str
    at: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for. `email` is verified there."""

    subject: str
    email: str


_known: dict[str, Provider] = {}


def is_configured() -> bool:
    return bool(settings.OIDC_SSO_ISSUER)


def discover() -> Provider:
    """The provider, asked at most once an hour by each process. Raises SignOnFailed."""
    issuer = settings.OIDC_SSO_ISSUER
    known = _known.get(issuer)
    if known is None or time.time() - known.read_at > DISCOVERY_SECONDS:
        known = _known[issuer] = _discovered(issuer)
    return known


def forget_discovery() -> None:
    """For tests: a new process knows nothing."""
    _known.clear()


def _discovered(issuer: str) -> Provider:
    document = _json(_get(issuer.rstrip("/") + _WELL_KNOWN), "discovery")
    if document.get("issuer") != issuer:
        raise SignOnFailed("discovery_issuer")
    try:
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Provider(
            issuer=issuer,
            authorization_endpoint=str(document["authorization_endpoint"]),
            token_endpoint=str(document["token_endpoint"]),
            jwks_uri=str(document["jwks_uri"]),
            userinfo_endpoint=str(document.get("userinfo_endpoint", "")),
            posts_secret="client_secret_basic" not in methods,
            read_at=time.time(),
        )
    except (KeyError, TypeError) as error:
        raise SignOnFailed("discovery_incomplete") from error


def start() -> Started:
    return Started(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), time.time())


def authorization_url(started: Started, *, callback: str, again: bool) -> str:
    """Where the browser goes (RFC 6749 4.1.1, RFC 7636). `again`: the provider is to ask the person anew."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(started.verifier.encode()).digest()).rstrip(b"=").decode()
    parameters = {
        "response_type": "code",
        "client_id": settings.OIDC_SSO_CLIENT_ID,
        "redirect_uri": callback,
        "scope": "openid email profile",
        "state": started.state,
        "nonce": started.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    parameters |= {"prompt": "login", "max_age": "0"} if again else {}
    endpoint = discover().authorization_endpoint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def identify(code: str, started: Started, *, callback: str, again: bool) -> Identity:
    """Turn the code into the identity it stands for. Raises SignOnFailed."""
    provider = discover()
    answer = _json(_redeem(provider, code, started.verifier, callback), "token")
    keys = inspect_jwks(_get(provider.jwks_uri).body).usable
    claims = proven_claims(str(answer.get("id_token", "")), keys)
    if claims is None:
        raise SignOnFailed("id_token_signature")
    try:
        subject = check_id_token(
            claims,
            issuer=provider.issuer,
            client_id=settings.OIDC_SSO_CLIENT_ID,
            nonce=started.nonce,
            now=time.time(),
            signed_in_since=started.at if again else None,
        )
        if "email" not in claims and provider.userinfo_endpoint:
            claims = _user_info(provider, str(answer.get("access_token", "")), subject)
        return Identity(subject, verified_email(claims))
    except IDTokenRefused as refusal:
        raise SignOnFailed(str(refusal)) from refusal


def _redeem(provider: Provider, code: str, verifier: str, callback: str) -> FetchedDocument:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": verifier}
    client, secret = settings.OIDC_SSO_CLIENT_ID, settings.OIDC_SSO_CLIENT_SECRET
    if provider.posts_secret:
        return _post(provider.token_endpoint, form | {"client_id": client, "client_secret": secret}, None)
    pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"  # RFC 6749 2.3.1
    return _post(provider.token_endpoint, form, "Basic " + base64.b64encode(pair.encode()).decode())


def _user_info(provider: Provider, access_token: str, subject: str) -> dict[str, Any]:
    """For providers whose ID tokens carry no address; it must speak of the same subject (Core 5.3.2)."""
    try:
        found = safe_call(provider.userinfo_endpoint, token=access_token, **_where())
    except FetchError as error:
        raise SignOnFailed("userinfo_unreachable") from error
    claims = _json(found, "userinfo")
    if claims.get("sub") != subject:
        raise SignOnFailed("userinfo_subject")
    return claims


def _get(url: str) -> FetchedDocument:
    try:
        return safe_fetch(url, **_where())
    except FetchError as error:
        raise SignOnFailed("provider_unreachable") from error


def _post(url: str, form: Mapping[str, str], authorization: str | None) -> FetchedDocument:
    try:
        return safe_call(url, form=form, authorization=authorization, **_where())
    except FetchError as error:
        raise SignOnFailed("code_refused") from error


def _where() -> dict[str, Any]:
    return {
        "allowed_networks": settings.OUTBOUND_ALLOWED_NETWORKS,
        "ca_bundle": settings.OUTBOUND_CA_BUNDLE or None,
    }


def _json(found: FetchedDocument, what: str) -> dict[str, Any]:
    try:
        document = json.loads(found.body)
    except ValueError as error:
        raise SignOnFailed(f"{what}_unreadable") from error
    if not isinstance(document, dict):
        raise SignOnFailed(f"{what}_unreadable")
    return document
