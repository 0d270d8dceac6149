"""What a command answers goes to the output, what it logs to the error stream: a program reads the first as it is."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.programs

PROGRAM = """
import sys, structlog
import udi.cli.main as commands
sys.argv = ["udi", "version"]
def version():
    structlog.get_logger().warning("something to say")
    print("{}")
commands.version = version
commands.main()
"""


def test_a_line_of_the_log_never_mixes_with_the_answer() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )

    assert done.stdout == "{}\n"
    assert "something to say" in done.stderr
