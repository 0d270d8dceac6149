"""A portal for the node's tests: a real HTTP server whose answers the test decides."""

import json
import threading
import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from udi.kit.clock import now
from udi.kit.credentials import SignedTokenKind
from udi.kit.keys import Signer, new_secret
from udi.protocol.credentials import REPORT


@dataclass
class PortalDouble:
    """Keeps what it receives in `pushed`; `answers` are used in order, then every push is taken."""

    slug: str
    pushed: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)
    answers: list[tuple[int, Any]] = field(default_factory=list)
    tokens: int = 0
    token_status: int = 200
    signer: Signer = field(default_factory=lambda: Signer.from_secret(new_secret()))

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )
        self._thread.start()

    @property
    def origin(self) -> str:
        return f"http://{self.slug}.localhost:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def token(
        self,
        audience: str,
        subject: object,
        kind: SignedTokenKind = REPORT,
        *,
        lifetime: int = 300,
        issuer: str = "",
        signer: Signer | None = None,
    ) -> str:
        """A token as the portal signs it, or not quite."""
        lasting = replace(kind, lifetime=timedelta(seconds=lifetime))
        return (signer or self.signer).sign(
            lasting,
            subject=str(subject),
            issuer=issuer or self.origin,
            audience=audience,
        )

    def bearer(
        self,
        audience: str,
        subject: object,
        kind: SignedTokenKind = REPORT,
        **changed: Any,
    ) -> dict[str, str]:
        """The header with such a token, which works once."""
        return {
            "Authorization": f"Bearer {self.token(audience, subject, kind, **changed)}"
        }

    def answer(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, Any]:
        if path == "/.well-known/jwks.json":
            return 200, self.signer.public_keys()
        if path == "/oauth2/token":
            self.tokens += 1
            return self.token_status, {
                "access_token": f"token-{self.tokens}",
                "expires_in": 300,
            }
        self.pushed.append((method, path, json.loads(body) if body else None, headers))
        if self.answers:
            return self.answers.pop(0)
        return (200, str(uuid.uuid4()))


def report(
    dataset: str,
    method: str = "POST",
    *,
    report_id: str = "",
    errors: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """A report of the portal; refused when there are errors."""
    return {
        "report_id": report_id or str(uuid.uuid4()),
        "submission_date": now().isoformat(),
        "treatment_date": now().isoformat(),
        "method": method,
        "version": "1.4.1",
        "resource_id": dataset,
        "resource_title": "x",
        "integration_status": "KO" if errors else "OK",
        "integration_errors": errors or [],
    }


def _handler(double: PortalDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, content = double.answer(self.command, self.path, body, headers)
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
