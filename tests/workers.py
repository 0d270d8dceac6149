"""A pytest plugin: the processes of a run are forked from one that has imported the tests.

Each would import them again, with both programs: some fifteen seconds of processor, where a fork takes three to collect
the same. Whoever collects says what cannot be imported, as before.
"""

import json
import os
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from execnet import gateway_base, gateway_io

from tests import children, commands
from tests.ansible.machine import PLAYBOOKS
from tests.commands import ONE_THREAD
from tests.forks import Preloaded
from tests.preloaded import COLLECTED, INHERITED

ERRORS = 2
"""The descriptor on which a process of the run says what goes wrong, as that of this one."""
SHARED = (commands.shared.preloaded, PLAYBOOKS.preloaded, children.tables)
"""What all processes of the run ask for forks."""


class ForkedWorker(gateway_io.Popen2IOMaster):
    """A process of the run, as execnet sees it: what it reads, what it writes, and its end."""

    def __init__(self, suite: Preloaded, execmodel: Any) -> None:
        reading, writing = os.pipe()
        try:
            self.popen = suite.start(
                ["-c"],
                os.environ,
                folder=Path.cwd(),
                stdin=reading,
                stdout=subprocess.PIPE,
                stderr=ERRORS,
            )
        finally:
            os.close(reading)
        gateway_base.Popen2IO.__init__(
            self, os.fdopen(writing, "wb"), self.popen.stdout, execmodel
        )


class Forks:
    """Gives pytest-xdist a fork where it would start a process on this machine."""

    def __init__(self, suite: Preloaded) -> None:
        self._suite = suite

    def pytest_xdist_setupnodes(self, config: pytest.Config) -> None:
        """From now on, for a process that takes the place of another too."""
        start = gateway_io.create_io
        gateway_io.create_io = partial(create_worker, self._suite, start)
        config.add_cleanup(partial(setattr, gateway_io, "create_io", start))


def create_worker(suite: Preloaded, start: Any, spec: Any, execmodel: Any) -> Any:
    """Fork a process of the run, unless it is to be another program or elsewhere."""
    if spec.popen and not spec.python:
        return ForkedWorker(suite, execmodel)
    return start(spec, execmodel)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin to import the tests, once the run has its folder."""
    if config.option.collectonly or hasattr(config, "workerinput"):
        return
    if config.option.dist != "no" and config.option.tx:
        collected = [str(config.invocation_params.dir), *config.args]
        environment = {**os.environ, **ONE_THREAD, COLLECTED: json.dumps(collected)}
        shared = {preloaded.program: preloaded.share() for preloaded in SHARED}
        environment[INHERITED] = json.dumps(shared)
        suite = Preloaded("tests", environment)
        suite.begin(shared.values())
        for preloaded in (*SHARED, suite):
            config.add_cleanup(preloaded.kill)
        config.pluginmanager.register(Forks(suite))
