"""Processes that live long import what they need: what they do not is memory for nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from udi.settings import Settings

pytestmark = pytest.mark.programs

IMPORTED = "import sys; from udi.cli.main import build_app; build_app({command!r}); print(*sys.modules)"
STARTED = "import sys; import udi.{program}.{part}; print(*sys.modules)"
SERVED = """
import sys
from granian.server import Server
from udi.cli.serve import serve
Server.serve = lambda self, **_: print(*sys.modules)
serve("portal", port=1, workers={workers})
"""


def modules(code: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """Names of all that a new process has imported after this code."""
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return done.stdout.split()


@pytest.mark.parametrize("command", ["serve", "work"])
def test_what_starts_a_program_imports_neither(command: str) -> None:
    said = modules(IMPORTED.format(command=command))

    assert "udi.cli.serve" in said
    assert [name for name in said if name.startswith(("udi.portal", "udi.node", "litestar", "sqlalchemy"))] == []


@pytest.mark.parametrize("program", ["portal", "node"])
def test_web_workers_have_nothing_of_what_only_the_worker_does(program: str) -> None:
    said = modules(STARTED.format(program=program, part="app"))

    only = (
        "alembic",
        "keycloak",
        "requests",
        f"udi.{program}.work",
        "udi.portal.notifications.jobs",
        "udi.portal.nodes.jobs",
    )
    assert f"udi.{program}.site" in said
    assert [name for name in said if name.startswith(only)] == []


def test_the_worker_has_no_page() -> None:
    said = modules(STARTED.format(program="portal", part="work"))

    assert "udi.portal.app" not in said
    assert "udi.portal.catalogue.pages.search" not in said


@pytest.mark.parametrize("workers", [1, 2])
def test_several_web_workers_start_from_one_program_in_memory(settings: Settings, workers: int) -> None:
    environment = {
        **os.environ, "UDI_STATE": str(settings.state), "UDI_SECRETS": str(settings.secrets_folder),
        "UDI_BASE_PORT": str(settings.base_port), "UDI_PRIVATE_HOSTS": json.dumps(settings.private_hosts), "UDI_TENANTS": str(settings.tenants),
    }  # fmt: skip

    said = modules(SERVED.format(workers=workers), environment)

    assert ("udi.portal.app" in said) == (workers > 1), "one alone loads it itself: what watches over it need not"
