"""Children for tables, forked from a process that has done their imports: half of what an upload costs.

They put up the same walls after the fork. That a child starts from nothing is shown by `tests/node/test_child.py`, by
`tests/faults` and by every installation that runs as processes.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from tests.forks import Preloaded
from udi.kit import child

OWN = {"TMPDIR"}
"""What a child reads of its environment after its imports."""
_tables = Preloaded(
    "tables", {**child.CHILD_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(sys.path)}
)
_launch = child.launch


def launch(
    limits: str, environment: Mapping[str, str], wire: int
) -> subprocess.Popen[bytes]:
    """Fork a child, unless its environment says something to its imports."""
    if environment.keys() - OWN:
        return _launch(limits, environment, wire)
    forked = _tables.start(
        [limits],
        {**child.CHILD_ENVIRONMENT, **environment},
        folder=Path.cwd(),
        stdin=wire,
    )
    return cast("subprocess.Popen[bytes]", forked)


@pytest.fixture(scope="session", autouse=True)
def forked_children() -> Iterator[None]:
    """Children are forked, for the whole run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "launch", launch)
        yield


@pytest.fixture(scope="module")
def real_children(forked_children: None) -> Iterator[None]:
    """Children start from nothing, for the tests of one module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "launch", _launch)
        yield
