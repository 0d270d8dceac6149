"""A command line like `udi`, with toy programs: `python toy.py up|down|status|serve|work …`."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from udi.cli.local.down import down
from udi.cli.local.plan import DemoAccount, StartupPlan, TerritoryAddress
from udi.cli.local.status import status
from udi.cli.local.up import up
from udi.settings import Settings


class Health(BaseHTTPRequestHandler):
    """Answers every request like a healthy program."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _migrate(settings: Settings) -> None:
    if (settings.state / "refuse-migration").exists():
        msg = "The migration 0042 is missing."
        raise RuntimeError(msg)
    (settings.state / "migrated").touch()
    (settings.secrets_folder / "drawn_by_migration").touch(mode=0o600)


def _apply(settings: Settings) -> None:
    (settings.state / "applied").touch()


def toy_plan(settings: Settings) -> StartupPlan:
    """A plan whose programs are this file."""
    return StartupPlan(
        settings=settings,
        migrate=_migrate,
        apply_tenants=_apply,
        territories=lambda _: [
            TerritoryAddress(
                "demo", "http://demo.localhost", "http://node.demo.localhost"
            )
        ],
        accounts=lambda _: [DemoAccount("ana@demo.example", "pass", "publisher")],
        command=(sys.executable, str(Path(__file__).resolve())),
    )


def _main(arguments: list[str]) -> int:
    plan = toy_plan(Settings())
    match arguments:
        case ["up", *options]:
            events = int(options[1]) if options[:1] == ["--events"] else None
            return up(plan, detach="--detach" in options, events=events)
        case ["down"]:
            return down(plan.settings)
        case ["status"]:
            return status(plan, json=True)
        case ["serve", program, "--port", port]:
            if (plan.settings.state / f"refuse-{program}").exists():
                sys.exit("The Python module «granian» is missing.")
            HTTPServer(("127.0.0.1", int(port)), Health).serve_forever()
        case ["work", program] | ["operator" as program, "work", *_]:
            sys.stdout.write(json.dumps({"working": program}) + "\n")
            time.sleep(3600)
    return 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
