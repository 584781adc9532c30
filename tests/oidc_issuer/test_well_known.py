"""The documents that relying parties and auditors read."""

from __future__ import annotations

import time

import jwt
import pytest
from django.test import Client

from oidc_issuer import checkpoints
from oidc_issuer.models import SigningKey
from oidc_issuer.services.signing_keys import revoke_signing_key, tend_signing_keys
from tests.oidc_issuer.conftest import START, after, author_at

pytestmark = pytest.mark.django_db
ISSUER = "http://localhost:8000"


def test_discovery_names_the_issuer_and_where_its_keys_are(client: Client) -> None:
    response = client.get("/.well-known/openid-configuration")
    assert response.json() == {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/.well-known/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "scopes_supported": ["openid"],
    }
    assert response["Cache-Control"] == "public, max-age=900"


def test_both_metadata_documents_agree(client: Client) -> None:
    one = client.get("/.well-known/openid-configuration").json()
    other = client.get("/.well-known/oauth-authorization-server").json()
    assert (one["issuer"], one["jwks_uri"]) == (other["issuer"], other["jwks_uri"])


@pytest.mark.parametrize("path", ["/.well-known/jwks", "/.well-known/jwks.json"])
def test_the_key_set_may_be_kept_for_a_quarter_of_an_hour(client: Client, path: str) -> None:
    tend_signing_keys(author=author_at(START))
    response = client.get(path)
    assert [key["alg"] for key in response.json()["keys"]] == ["RS256", "RS256", "ES256", "ES256"]
    assert response["Cache-Control"] == "public, max-age=900"
    assert response["Content-Type"] == "application/json"


def test_an_empty_key_set_is_not_to_be_kept(client: Client) -> None:
    response = client.get("/.well-known/jwks")
    assert (response.json(), response["Cache-Control"]) == ({"keys": []}, "no-store")


def test_whoever_has_the_key_set_already_is_told_so(client: Client) -> None:
    tend_signing_keys(author=author_at(START))
    etag = client.get("/.well-known/jwks")["ETag"]
    again = client.get("/.well-known/jwks", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert again["Cache-Control"] == "public, max-age=900"
    revoke_signing_key(SigningKey.objects.get(algorithm="ES256", state="active"), author=author_at(after(hours=2)))
    assert client.get("/.well-known/jwks", headers={"If-None-Match": etag}).status_code == 200


def test_only_reading_is_possible(client: Client) -> None:
    assert client.post("/.well-known/jwks").status_code == 405
    assert client.head("/.well-known/jwks").status_code == 200


def test_a_checkpoint_can_be_checked_with_the_published_keys_by_its_type_and_key_id(client: Client) -> None:
    before = int(time.time())
    signed = checkpoints.sign(b"root of the tree", typ="checkpoint+jws")
    header = jwt.get_unverified_header(signed)
    assert (header["alg"], header["typ"]) == ("ES256", "checkpoint+jws")
    (key,) = client.get("/.well-known/audit-checkpoint-keys.json").json()["keys"]
    assert key["kid"] == header["kid"]
    assert key.pop("nbf") >= before
    assert jwt.PyJWS().decode(signed, jwt.PyJWK(key), algorithms=["ES256"]) == b"root of the tree"


def test_checkpoint_keys_stay_published_for_ever_and_tell_when_they_signed_and_since_when_they_are_worthless() -> None:
    tend_signing_keys(author=author_at(START))
    tend_signing_keys(author=author_at(after(days=90)))
    active = SigningKey.objects.get(algorithm="ES256", state="active")
    revoke_signing_key(active, author=author_at(after(days=200)))
    first, second, third = checkpoints.public_keys()["keys"]
    moments = {days: int(after(days=days).timestamp()) for days in (0, 90, 200)}
    assert (first["nbf"], first["exp"]) == (moments[0], moments[90])
    assert (second["nbf"], second["revoked"]) == (moments[90], {"revoked_at": moments[200]})
    assert "exp" not in third
