"""A process ends at a named step only where a trial asked for it."""

import subprocess
import sys
from pathlib import Path

import pytest

import udi

pytestmark = pytest.mark.programs

CODE = "from udi.kit.crash import crash_at; [crash_at('here') for _ in range(3)]; crash_at('there'); print('alive')"
ALIVE = (0, "alive\n")
KILLED = (-9, "")


@pytest.mark.parametrize(
    ("crash_point", "ended"),
    [
        ("", ALIVE),
        ("elsewhere", ALIVE),
        ("here:4", ALIVE),
        ("here", KILLED),
        ("here:3", KILLED),
        ("there", KILLED),
    ],
)
def test_a_process_ends_where_it_was_asked_to(
    crash_point: str, ended: tuple[int, str]
) -> None:
    environment = {
        "UDI_CRASH_AT": crash_point,
        "PYTHONPATH": str(Path(udi.__file__).parents[1]),
    }

    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == ended
