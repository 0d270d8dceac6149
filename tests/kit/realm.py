"""An identity service for tests: a real HTTP server whose tokens the test decides, signed with a real key."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from udi.kit import clock
from udi.kit.oidc import IdentityClient, IdentityService
from udi.settings import Settings

KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
CLIENT = IdentityClient("demo-portal", "secret of the test", "https://data.example")
SUBJECT = "6f1f2a52-6d2c-4d8e-9a1b-3c5e7f901234"


@dataclass
class Realm:
    """Answers every request for a token with the same two tokens, or with a refusal."""

    state: Path
    person: dict[str, Any] = field(default_factory=dict)
    """What the ID token says otherwise than usual; None: not at all."""
    rights: dict[str, Any] = field(default_factory=dict)
    """The same for the access token."""
    refusal: str = ""
    """OAuth's code of the refusal that is answered in the place of tokens."""

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self._thread.start()
        address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.service = IdentityService(Settings(state=self.state, identity_url=address))

    async def stop(self) -> None:
        await self.service.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def sign(self, claims: dict[str, Any], *, kind: str = "JWT") -> str:
        """A token of this realm; claims that are None are left out."""
        moment = int(clock.now().timestamp())
        payload = {
            "iss": self.service.issuer,
            "iat": moment,
            "exp": moment + 300,
            **claims,
        }
        header = {"alg": "RS256", "typ": kind, "kid": KEY.kid}
        return jwt.encode(
            header,
            {name: value for name, value in payload.items() if value is not None},
            KEY,
        )

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if path.endswith("/certs"):
            return 200, dict(KeySet([KEY]).as_dict(private=False))
        if self.refusal:
            return 400, {"error": self.refusal}
        person = {
            "typ": "ID",
            "aud": CLIENT.id,
            "azp": CLIENT.id,
            "sub": SUBJECT,
            "nonce": "n",
            "name": "Compte",
        }
        rights = {
            "typ": "Bearer",
            "aud": [CLIENT.origin, "account"],
            "azp": CLIENT.id,
            "sub": SUBJECT,
        }
        return 200, {
            "id_token": self.sign(person | self.person),
            "access_token": self.sign(rights | self.rights),
            "refresh_token": "refresh",
        }


def _handler(realm: Realm) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = realm.answer(self.path)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
