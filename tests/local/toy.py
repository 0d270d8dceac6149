"""The programs of a toy installation: `python toy.py serve|work|identify …`. They import nothing of ours, so they start at once.

Any other word is a command like `udi`'s: `python toy.py up|down|status`, of `toy_command.py`.
"""

import asyncio
import json
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

Respond = Callable[[str], int]


def listen(port: int, respond: Respond) -> HTTPServer:
    """A server on loopback, whose answers have the status that `respond` gives for the text of a request."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._answer(self.rfile.read(length).decode())

        def _answer(self, text: str) -> None:
            self.send_response(respond(text))
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return HTTPServer(("127.0.0.1", port), Answer)


def serve(program: str, port: str) -> None:
    """Answer every request like a healthy program, unless it is to fail."""
    if (Path(os.environ["UDI_STATE"]) / f"refuse-{program}").exists():
        sys.exit("The Python module «granian» is missing.")
    listen(int(port), lambda _: 200).serve_forever()


def work(program: str) -> None:
    """Do nothing for a long time."""
    sys.stdout.write(json.dumps({"working": program}) + "\n")
    time.sleep(3600)


def identify() -> None:
    """What Keycloak is asked here: whether it is ready, and a token of its administrator, whom its first start makes.

    It is told all in its environment, as Keycloak is, keeps the administrator's secret in its database, and takes its time
    to end: who does not wait for that is seen.
    """
    signal.signal(signal.SIGTERM, end_slowly)
    secret = asyncio.run(keep_secret(os.environ["KC_BOOTSTRAP_ADMIN_CLIENT_SECRET"]))

    def respond(form: str) -> int:
        return 200 if parse_qs(form).get("client_secret") == [secret] else 401

    tokens = listen(int(os.environ["KC_HTTP_PORT"]), respond)
    threading.Thread(target=tokens.serve_forever, daemon=True).start()
    listen(int(os.environ["KC_HTTP_MANAGEMENT_PORT"]), lambda _: 200).serve_forever()


def end_slowly(_number: int, _frame: object) -> None:
    """End a moment after the signal, as a virtual machine of Java does."""
    time.sleep(1.5)
    sys.exit()


async def keep_secret(secret: str) -> str:
    """Return the secret that the first start on this database kept in it."""
    import asyncpg  # noqa: PLC0415 - no other toy needs it

    connection = await asyncpg.connect(
        os.environ["KC_DB_URL"].removeprefix("jdbc:"),
        user=os.environ["KC_DB_USERNAME"],
        password=os.environ["KC_DB_PASSWORD"],
    )
    await connection.execute("CREATE TABLE IF NOT EXISTS toy (secret text)")
    insertion = "INSERT INTO toy SELECT $1 WHERE NOT EXISTS (SELECT FROM toy)"
    await connection.execute(insertion, secret)
    first: str = await connection.fetchval("SELECT secret FROM toy")
    await connection.close()
    return first


def main(arguments: list[str]) -> None:
    match arguments:
        case ["serve", program, "--port", port]:
            serve(program, port)
        case ["work", program] | ["operator" as program, "work", *_]:
            work(program)
        case ["identify"]:
            identify()
        case _:
            command = Path(__file__).with_name("toy_command.py")
            runpy.run_path(str(command), run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
