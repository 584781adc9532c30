"""Client authentication by private_key_jwt, and a token-exchange grant, in Authlib's terms."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from authlib.integrations.django_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import BaseGrant, OAuth2Request, TokenEndpointMixin, UnauthorizedClientError
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from django.db import connection
from joserfc.jwk import KeySet

from peer.models import Audit, Client, Person, Token
from peer.settings import CONFIG


@lru_cache(maxsize=100)
def parsed_keys(jwks: str) -> KeySet:
    """Parse a key set once, as long as its text stays the same."""
    return KeySet.import_key_set(json.loads(jwks))


class Assertion(JWTBearerClientAssertion):
    """private_key_jwt with a durable replay check."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def get_audiences(self) -> list[str]:
        return [CONFIG["issuer"]]

    def validate_jti(self, claims: dict[str, Any], jti: str) -> bool:
        digest = hashlib.sha256(f"{claims['sub']}:{jti}".encode()).hexdigest()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO peer_usedassertion (digest, expires_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [digest, datetime.fromtimestamp(claims["exp"] + self.leeway, UTC)],
            )
            return cursor.rowcount == 1

    def resolve_client_public_key(self, client: Client) -> KeySet:
        return parsed_keys(client.jwks)


class TokenExchangeGrant(BaseGrant, TokenEndpointMixin):
    """RFC 8693: a client acts for a person of its organization."""

    GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
    TOKEN_ENDPOINT_AUTH_METHODS = ("private_key_jwt",)

    def validate_token_request(self) -> None:
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError()
        self.request.client = client
        self.validate_requested_scope()
        form = self.request.form
        if form.get("audience") != client.organization:
            raise InvalidRequestError("unknown audience")
        person = Person.objects.filter(email=form.get("subject_token"), active=True).first()
        if person is None:
            raise InvalidRequestError("unknown subject")
        self.request.user = person

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        scope = self.request.client.get_allowed_scope(self.request.form.get("scope"))
        token = self.generate_token(
            user=self.request.user, scope=scope, expires_in=3600, include_refresh_token=False
        )
        self.save_token(token)
        return 200, token, self.TOKEN_RESPONSE_HEADER


def save_token(token: dict[str, Any], request: OAuth2Request) -> None:
    """Write the token and its audit row; the view's transaction holds both."""
    client, person, scope = request.client, request.user, token["scope"]
    Token.objects.create(
        digest=hashlib.sha256(token["access_token"].encode()).digest(),
        client_id=client.pk,
        person_id=person.pk,
        scope=scope,
        expires_at=datetime.now(UTC) + timedelta(seconds=token["expires_in"]),
    )
    Audit.objects.create(
        type="ACCESS_TOKEN_MINTED", client_id=client.pk, person_id=person.pk, data={"scope": scope}
    )


server = AuthorizationServer(Client, Token)
server.save_token = save_token
server.register_client_auth_method(Assertion.CLIENT_AUTH_METHOD, Assertion())
server.register_grant(TokenExchangeGrant)
