"""A backup of every database of a country, and its restoration beside: seconds and bytes."""

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.load.country.territories import Country
from udi.cli.local.errors import LocalError

DATABASES = ("udi_portal", "udi_node", "udi_keycloak")
JOBS = "2"


def measure_backup(country: Country) -> dict[str, Any]:
    """Copy each database with pg_dump into a folder, and restore it under another name, which is deleted."""
    figures = {}
    for database in DATABASES:
        with tempfile.TemporaryDirectory(prefix="udi-bench-dump-") as folder:
            figures[database] = _measure(country, database, Path(folder, "copy"))
    return figures


def _measure(country: Country, database: str, target: Path) -> dict[str, Any]:
    started = time.monotonic()
    _run(country, "pg_dump", "-Fd", "-j", JOBS, "-f", str(target), database)
    dumped = time.monotonic()
    size = sum(path.stat().st_size for path in target.iterdir())
    other = f"{database}_restored"
    _run(country, "createdb", "--template", "template0", other)
    try:
        _run(country, "pg_restore", "-j", JOBS, "-d", other, str(target))
        restored = time.monotonic()
    finally:
        _run(country, "dropdb", other)
    return {
        "dump_seconds": round(dumped - started, 1),
        "restore_seconds": round(restored - dumped, 1),
        "bytes": size,
    }


def _run(country: Country, *command: str) -> None:
    settings = country.settings
    environment = os.environ | {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(settings.port(4)),
        "PGUSER": "postgres",
        "PGPASSWORD": settings.secret("postgres_password").strip(),
    }
    done = subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise LocalError(f"{command[0]} failed", done.stderr.strip()[-500:])
