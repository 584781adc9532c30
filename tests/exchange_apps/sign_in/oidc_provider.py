"""A real OpenID provider on loopback: discovery, keys, codes bound to PKCE, signed ID tokens.

`provider.claims` changes what the next ID token says (ABSENT leaves a claim out); `provider.key` signs it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

from tests.keys import ABSENT, jwks, private_key

CLIENT, SECRET = "counterfoil", "s3cret:with/odd chars"


@dataclass
class Provider:
    issuer: str = ""
    email: str = "ada@acme.test"
    claims: dict[str, Any] = field(default_factory=dict)
    key: str = "provider-1"
    waiting: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def sign_in(self, address: str) -> str:
        """The person signs in at the authorization endpoint; the address the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(8)
        self.waiting[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        asked = self.waiting.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        expected = base64.b64encode(b"counterfoil:s3cret%3Awith%2Fodd%20chars").decode()
        if asked is None or challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        if authorization != f"Basic {expected}" or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(asked)}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        good = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "person-1",
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": asked["nonce"],
            "email": self.email,
            "email_verified": True,
        }
        claims = {name: value for name, value in (good | self.claims).items() if value is not ABSENT}
        return jwt.encode(claims, private_key(self.key), "RS256", headers={"kid": "provider-1"})


@contextmanager
def running_provider() -> Iterator[Provider]:
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.calls.append(self.path)
            if self.path == "/.well-known/openid-configuration":
                self._answer(_discovery(provider.issuer))
            elif self.path == "/keys":
                self._answer(jwks("provider-1"))
            elif self.path == "/me" and self.headers["Authorization"] == "Bearer opaque":
                self._answer({"sub": "person-1", "email": provider.email, "email_verified": True})
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            provider.calls.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            answer = provider.token(form, self.headers.get("Authorization", ""))
            if answer is None:
                self.send_error(400)
            else:
                self._answer(answer)

        def _answer(self, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield provider
        server.shutdown()


def _discovery(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "userinfo_endpoint": f"{issuer}/me",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }
