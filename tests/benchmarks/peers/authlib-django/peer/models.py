"""Clients, subjects, tokens, used assertions and audit rows, with Authlib's client interface."""

from authlib.oauth2.rfc6749 import ClientMixin
from django.db import models


class Person(models.Model):
    """Somebody a token may be minted for."""

    email = models.EmailField(unique=True)
    active = models.BooleanField(default=True)


class Client(models.Model, ClientMixin):
    """An application known by its public keys."""

    client_id = models.CharField(max_length=40, unique=True)
    jwks = models.TextField()
    scope = models.CharField(max_length=200)
    organization = models.CharField(max_length=40)

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str) -> str:
        allowed = set(self.scope.split())
        return " ".join(one for one in (scope or "").split() if one in allowed)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "private_key_jwt"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "urn:ietf:params:oauth:grant-type:token-exchange"


class Token(models.Model):
    """A minted token; only its digest is kept."""

    digest = models.BinaryField(primary_key=True)
    client_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    scope = models.CharField(max_length=200)
    expires_at = models.DateTimeField()


class Audit(models.Model):
    """What happened."""

    type = models.CharField(max_length=40)
    client_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    data = models.JSONField()


class UsedAssertion(models.Model):
    """A ``jti`` that cannot be used again."""

    digest = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField()
