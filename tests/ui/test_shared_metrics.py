"""Several processes of one program count: one look adds them up, also those that ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from udi.kit.web_workers import METRICS_FOLDER

PROGRAM = """
import os, sys
from udi.ui.metrics import LABELS, Metrics, render_metrics

metrics = Metrics()
labels = dict.fromkeys(LABELS, "x")

def start_worker(requests):
    ready_in, ready_out = os.pipe()
    stop_in, stop_out = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(stop_out)
        for _ in range(requests):
            metrics.count_request(labels, 0.3)
        os.write(ready_out, b"r")
        os.read(stop_in, 1)
        os._exit(0)
    os.close(stop_in)
    os.read(ready_in, 1)
    return pid, stop_out

def stop_worker(pid, stop):
    os.write(stop, b"s")
    os.waitpid(pid, 0)

first = start_worker(3)
second = start_worker(4)
stop_worker(*first)
third = start_worker(5)
stop_worker(*third)
stop_worker(*second)
print(render_metrics(metrics.families()))
memory = metrics.measure_process("portal")[1].samples[0].value
print("memory", memory > 10**7)
"""


@pytest.mark.programs
def test_workers_add_up_and_the_next_one_goes_on_in_the_files_of_one_that_ended(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        env={**os.environ, METRICS_FOLDER: str(tmp_path)},
    )

    lines = done.stdout.splitlines()
    labels = 'method="x",program="x",route="x",status="x",territory="x"'
    seconds = "udi_http_request_duration_seconds"
    assert f"udi_http_requests_total{{{labels}}} 12.0" in lines
    assert f'{seconds}_bucket{{le="0.25",{labels}}} 0.0' in lines
    assert f'{seconds}_bucket{{le="0.5",{labels}}} 12.0' in lines
    assert f"{seconds}_count{{{labels}}} 12.0" in lines
    assert f"# UNIT {seconds} seconds" in lines
    assert lines[-1] == "memory True"
    assert sorted(path.name for path in tmp_path.glob("*.db")) == [
        "counter_1.db",
        "counter_2.db",
        "histogram_1.db",
        "histogram_2.db",
    ]
