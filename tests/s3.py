"""A real S3 service of the run: versitygw, built once into the cache, with a bucket and a key of its own."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from udi.settings import Settings

VERSION = "1.8.0"
SOURCE = f"github.com/versity/versitygw/cmd/versitygw@v{VERSION}"
BUILD_SWITCH = "UDI_TEST_CLUSTER"
BUCKET = "files"
KEYS = ("s3_access_key_id", "s3_secret_access_key")


def find_gateway() -> Path:
    """The program; skips, with the reason, where it is not built and building it was not asked for."""
    program = Settings().cache / f"versitygw-{VERSION}"
    if program.exists():
        return program
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if not os.environ.get(BUILD_SWITCH):
        pytest.skip(f"no S3 service is built at {program}: {BUILD_SWITCH}=1 builds it in some two minutes")
    if not go:
        pytest.skip("building an S3 service needs go")
    built = program.with_name(f".{program.name}-{os.getpid()}")
    environment = {**os.environ, "GOBIN": str(built)}
    subprocess.run([go, "install", SOURCE], env=environment, check=True, capture_output=True, timeout=900)
    (built / "versitygw").replace(program)
    shutil.rmtree(built)
    return program


@dataclass
class Gateway:
    """Where it answers, and the folder of secret files that hold its key."""

    endpoint: str
    secrets: Path
    program: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        key, word = ((self.secrets / name).read_text() for name in KEYS)
        environment = {**os.environ, "ROOT_ACCESS_KEY": key, "ROOT_SECRET_KEY": word}
        command = [self.program, "--quiet", "--port", f"127.0.0.1:{self.port}", "posix", self.folder / "data"]
        with (self.folder / "gateway.log").open("ab") as said:
            self.process = subprocess.Popen(command, env=environment, stdout=said, stderr=said, cwd=self.folder)
        deadline = time.monotonic() + 20
        while not self._accepts():
            assert self.process.poll() is None, (self.folder / "gateway.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self) -> None:
        """As a power cut: nothing is told."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def settings(self, **changes: object) -> Settings:
        """What a node is told of it."""
        said = {"object_store": f"s3://{BUCKET}", "object_store_endpoint": self.endpoint, "secrets": self.secrets}
        return Settings(**{**said, **changes})

    def empty_bucket(self) -> Settings:
        """What a node is told of a bucket of its own."""
        bucket = f"b{secrets.token_hex(6)}"
        (self.folder / "data" / bucket).mkdir()
        return self.settings(object_store=f"s3://{bucket}")

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """An S3 service that lives as long as the block."""
    program = find_gateway()
    kept = folder / "s3-secrets"
    kept.mkdir()
    for name in KEYS:
        (kept / name).write_text(secrets.token_hex(16))
        (kept / name).chmod(0o600)
    (folder / "data" / BUCKET).mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Gateway(f"http://127.0.0.1:{port}", kept, program, folder, port)
    found.start()
    try:
        yield found
    finally:
        found.stop()
