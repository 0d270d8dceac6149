"""That a trial is one: a worker that ends otherwise than by its kill proves nothing of what a kill leaves."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.outside import Outside
from tests.faults.trials import Trials
from udi.kit.tenancy import Territory
from udi.settings import Settings

KILL = "import os; os.kill(os.getpid(), 9)"


def make_trials(settings: Settings, demo: Territory, folder: Path, code: str) -> Trials:
    """Trials whose worker is a program that has ended."""
    unused: Any = None
    trials = Trials(settings, "portal", demo, Outside(), folder, unused, unused)
    (folder / "work.log").write_text("what it said")
    process: Any = subprocess.Popen([sys.executable, "-c", code])
    process.wait()
    trials.worker.processes["work"] = process
    return trials


async def test_a_worker_that_ends_by_itself_was_not_killed(
    settings: Settings, demo: Territory, tmp_path: Path
) -> None:
    await make_trials(settings, demo, tmp_path, KILL).wait_for_death()

    with pytest.raises(AssertionError, match="what it said"):
        await make_trials(settings, demo, tmp_path, "1 / 0").wait_for_death()
