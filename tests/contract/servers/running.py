"""Servers of others, each in an environment of its own, that answer on loopback for as long as a block."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import free_ports
from tests.contract.readers.environments import environment

FOLDER = Path(__file__).parent
PATIENCE = 120


@contextmanager
def running(
    name: str, records: Path, workplace: Path, *more: str, patience: float = PATIENCE
) -> Iterator[str]:
    """Start `serve_<name>.py` with these records; its address."""
    port = free_ports(1)
    log = workplace / "server.log"
    command = [
        environment(name, folder=FOLDER),
        FOLDER / f"serve_{name}.py",
        str(port),
        records,
        workplace,
        *more,
    ]
    with (
        log.open("w") as log_file,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log_file, text=True
        ) as process,
    ):
        late = threading.Timer(patience, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            first = process.stdout.readline().strip()
            late.cancel()
            assert first == "ready", log.read_text()[-2000:]
            yield f"http://127.0.0.1:{port}"
        finally:
            late.cancel()
            process.terminate()
