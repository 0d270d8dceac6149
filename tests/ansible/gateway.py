"""The S3 service of the cluster of machines: versitygw, built once by Go into the cache."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from udi.settings import Settings

VERSION = "1.8.0"
SOURCE = f"github.com/versity/versitygw/cmd/versitygw@v{VERSION}"


def find_gateway() -> Path:
    """Return the program, built if it is not there yet; skip where there is no Go."""
    program = Settings().cache / f"versitygw-{VERSION}"
    if program.exists():
        return program
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not go:
        pytest.skip(
            "the S3 service of the cluster is built by Go 1.25 or newer, which is not here"
        )
    folder = program.with_name(f".{program.name}-{os.getpid()}")
    environment = {**os.environ, "GOBIN": str(folder)}
    subprocess.run(
        [go, "install", SOURCE],
        env=environment,
        check=True,
        capture_output=True,
        timeout=900,
    )
    (folder / "versitygw").replace(program)
    shutil.rmtree(folder)
    return program
