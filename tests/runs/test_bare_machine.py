"""On a machine that lacks something a run starts all the same, leaves out what needs it by name, and says the remedy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.browser import REMEDY
from tests.changed import ROOT
from tests.services import skipped_without
from udi.cli.local.errors import LocalError

pytestmark = pytest.mark.programs


@pytest.mark.thorough
def test_without_a_browser_the_tests_that_need_one_are_left_out_by_name(
    tmp_path: Path,
) -> None:
    """No browser on the path, no package manager, and nowhere to download one from."""
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "UDI_", "PLAYWRIGHT_"))
    }
    surroundings |= {
        "PATH": str(tmp_path),
        "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "browsers"),
        "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9",
        "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}",
    }
    command = [
        sys.executable,
        "-P",
        "-m",
        "tests.command",
        "-p",
        "no:cacheprovider",
        "tests/runs/browsing.py",
    ]

    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"    1 needs a browser: {REMEDY}" in done.stdout
    assert "This run was not whole: 1 test could not run here." in done.stdout


def test_without_a_tool_that_cannot_be_fetched_a_test_is_left_out_with_the_remedy() -> (
    None
):
    with pytest.raises(pytest.skip.Exception) as left_out, skipped_without():
        raise LocalError("No Java", "install one")

    assert (
        str(left_out.value) == "needs what this machine has not: No Java: install one."
    )
