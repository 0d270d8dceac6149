"""A run that another test stops half way: it has a server, a program, and a test that waits for ever. Collected by its name."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.reaper import RUN

PROGRAM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(3600)"


def test_wait_to_be_stopped(postgres: str) -> None:
    run = Path(os.environ[RUN])
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE
    ) as stubborn:
        assert stubborn.stdout is not None
        stubborn.stdout.readline()
        server = int((run / "postgres.pid").read_text())
        family = psutil.Process(server).children(recursive=True)
        pids = [os.getpid(), stubborn.pid, server, *(process.pid for process in family)]
        ready = Path(os.environ["UDI_TEST_READY"])
        ready.with_suffix(".new").write_text(
            json.dumps({"folder": str(run), "pids": pids, "dsn": postgres})
        )
        ready.with_suffix(".new").rename(ready)
        time.sleep(3600)
