"""The commands as they are called: exit codes, what goes to which stream, and files on disk.

One call of each is a process of its own, as in life: nothing else may speak on its streams.
"""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pytest_django import Settings

from exchange_apps.domain.jwk import JWKSet
from tests.config.conftest import Manage
from tests.configurations import acme, document
from tests.installation import Installation


class TestKeygen:
    @pytest.mark.parametrize(("algorithm", "label"), [("RS256", "RSA 2048-bit"), ("ES256", "EC P-256")])
    def test_it_writes_a_pair_that_belongs_together(
        self, manage: Manage, tmp_path: Path, algorithm: str, label: str
    ) -> None:
        done = manage("keygen", "--alg", algorithm, "--out", "keys")
        assert (done.returncode, done.stdout) == (0, "")
        private = tmp_path / "keys" / "private_key.pem"
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
        assert private.read_text().startswith("-----BEGIN PRIVATE KEY-----")
        key = JWKSet.parse((tmp_path / "keys" / "jwks.json").read_bytes()).keys[0]
        assert (key.algorithm, key.label(), key.kid, key.use) == (algorithm, label, key.thumbprint, "sig")
        loaded = load_pem_private_key(private.read_bytes(), None)
        assert loaded.public_key().public_numbers() == key.public_key().public_numbers()  # type: ignore[union-attr]

    def test_a_private_key_is_replaced_only_by_force(self, manage: Manage, tmp_path: Path) -> None:
        manage("keygen", "--out", "keys", "--kid", "first")
        before = (tmp_path / "keys" / "private_key.pem").read_bytes(), (tmp_path / "keys" / "jwks.json").read_bytes()
        done = manage("keygen", "--out", "keys", "--kid", "second")
        assert done.returncode == 1
        assert done.stderr == "CommandError: keys/private_key.pem exists and is kept; --force replaces it.\n"
        after = (tmp_path / "keys" / "private_key.pem").read_bytes(), (tmp_path / "keys" / "jwks.json").read_bytes()
        assert after == before
        assert manage("keygen", "--out", "keys", "--kid", "second", "--force").returncode == 0
        assert json.loads((tmp_path / "keys" / "jwks.json").read_text())["keys"][0]["kid"] == "second"


class TestSignAssertion:
    @pytest.mark.servers
    def test_it_prints_an_assertion_and_nothing_else(self, tmp_path: Path) -> None:
        installation = Installation(tmp_path)
        installation.manage("keygen", "--alg", "ES256", "--kid", "mine", "--out", ".")
        done = installation.manage("sign_assertion", "--key", "private_key.pem", "--client-id", "0" * 20)
        assert done.stderr == ""
        token = done.stdout.removesuffix("\n")
        assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "mine", "typ": "JWT"}
        key = JWKSet.parse((tmp_path / "jwks.json").read_bytes()).keys[0].public_key()
        claims = jwt.decode(token, key, ["ES256"], audience="http://localhost:8000/oauth/token")
        assert (claims["iss"], claims["sub"]) == ("0" * 20, "0" * 20)
        assert claims["exp"] - claims["iat"] == 300
        assert abs(claims["iat"] - time.time()) < 60
        assert claims["jti"]

    def test_everything_can_be_said_otherwise(self, manage: Manage, tmp_path: Path, settings: Settings) -> None:
        settings.PUBLIC_URL = "https://tokens.example.com"
        manage("keygen", "--out", ".")
        (tmp_path / "jwks.json").unlink()
        options = ("--key", "private_key.pem", "--client-id", "x", "--ttl", "60", "--no-jti")
        token = manage("sign_assertion", *options).stdout.strip()
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["aud"] == "https://tokens.example.com/oauth/token"
        assert (claims["exp"] - claims["iat"], "jti" in claims) == (60, False)
        assert len(jwt.get_unverified_header(token)["kid"]) == 43, "the thumbprint where no jwks.json says more"
        token = manage("sign_assertion", *options, "--kid", "k", "--aud", "urn:a").stdout.strip()
        assert jwt.get_unverified_header(token)["kid"] == "k"
        assert jwt.decode(token, options={"verify_signature": False})["aud"] == "urn:a"

    def test_what_is_no_private_key_is_named(self, manage: Manage, tmp_path: Path) -> None:
        (tmp_path / "x.pem").write_text("x")
        for file, problem in (("x.pem", "is no private key in PEM"), ("no.pem", "cannot be read: No such file")):
            done = manage("sign_assertion", "--key", file, "--client-id", "x")
            assert (done.returncode, done.stdout) == (1, "")
            assert done.stderr.startswith(f"CommandError: {file} {problem}")


class TestApply:
    @pytest.mark.django_db(transaction=True)
    def test_plan_apply_and_plan_again(self, manage: Manage, tmp_path: Path) -> None:
        (tmp_path / "acme.yaml").write_text(yaml.safe_dump(document(acme())))
        plan = manage("apply", "acme.yaml", "--plan")
        assert plan.returncode == 2
        assert "+ organization acme" in plan.stdout
        assert "This is a plan: nothing was changed." in plan.stdout
        done = manage("apply", "acme.yaml")
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "4 created.")
        again = manage("apply", "acme.yaml", "--plan")
        assert (again.returncode, again.stdout) == (0, "4 unchanged: nothing to do.\n")

    @pytest.mark.servers
    def test_json_prints_one_document_and_the_rest_elsewhere(self, installation: Installation) -> None:
        done = installation.manage("apply", "-", "--json", stdin=json.dumps(document(acme())))
        assert done.returncode == 0
        told = json.loads(done.stdout)
        assert (told["version"], told["changed"], told["errors"]) == (1, True, [])
        assert len(told["organizations"][0]["token_exchange_apps"][0]["client_id"]) == 20
        assert done.stderr == "4 created.\n"

    @pytest.mark.django_db(transaction=True)
    def test_a_refusal_names_everything_on_standard_error_and_in_the_document(self, manage: Manage) -> None:
        file = json.dumps(document(acme(nme=1, exchange_rate_limit=-1)))
        done = manage("apply", "-", "--json", stdin=file)
        assert done.returncode == 1
        errors = json.loads(done.stdout)["errors"]
        assert [error["path"] for error in errors] == ["organizations[0].exchange_rate_limit", "organizations[0].nme"]
        assert done.stderr.splitlines() == [
            *(f"{error['path']}: {error['message']}" for error in errors),
            "CommandError: Refused for 2 problems; nothing was changed.",
        ]

    @pytest.mark.django_db(transaction=True)
    def test_a_file_that_is_not_there_is_named(self, manage: Manage) -> None:
        done = manage("apply", "no.yaml")
        assert (done.returncode, done.stderr) == (
            1,
            "CommandError: no.yaml cannot be read: No such file or directory.\n",
        )

    @pytest.mark.servers
    def test_without_migrations_it_says_so(self, tmp_path: Path) -> None:
        done = Installation(tmp_path).manage("apply", "-", stdin="version: 1")
        assert done.returncode == 1
        assert "Run manage.py migrate first" in done.stderr
