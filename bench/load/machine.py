"""The machine that figures come from."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from udi import __version__
from udi.settings import Settings


def describe(load_before: float) -> dict[str, Any]:
    """Processor, memory, and how busy it was."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "load_before": round(load_before, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }


def sentence(report: Mapping[str, Any]) -> str:
    """The machine of a report in words, and the versions where it has any."""
    machine = report["machine"]
    words = (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_bytes'] // 1000**3} GB; load "
        f"{machine['load_before']} before, {machine['load_after']} after"
    )
    numbers = ", ".join(
        f"{name} {number}" for name, number in report.get("versions", {}).items()
    )
    return f"{words}; {numbers}" if numbers else words


def list_versions(*packages: str, settings: Settings | None = None) -> dict[str, str]:
    """The versions of ours, of Python and of packages; with the settings of an installation, of its PostgreSQL."""
    versions = {
        "udi": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }
    if settings is not None:
        postgres = settings.state / "postgres/data/PG_VERSION"
        versions["postgresql"] = postgres.read_text().strip()
    return versions


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (
        line.partition(":")[2].strip()
        for line in lines
        if line.startswith("model name")
    )
    return next(named, platform.machine())
