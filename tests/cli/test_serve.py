"""Processes that live long import what they need: what they do not is memory for nothing."""

import subprocess
import sys

import pytest

IMPORTED = "import sys; from udi.cli.main import build_app; build_app({command!r}); print(*sys.modules)"


@pytest.mark.parametrize("command", ["serve", "work"])
def test_what_starts_a_program_imports_neither(command: str) -> None:
    code = IMPORTED.format(command=command)
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()

    assert "udi.cli.serve" in said
    assert [name for name in said if name.startswith(("udi.portal", "udi.node", "litestar", "sqlalchemy"))] == []
