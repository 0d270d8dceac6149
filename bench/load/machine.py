"""The machine that figures come from."""

import os
import platform
from pathlib import Path
from typing import Any

import psutil


def describe(load_before: float) -> dict[str, Any]:
    """Processor, memory, and how busy it was."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "load_before": round(load_before, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }


def sentence(machine: dict[str, Any]) -> str:
    """The same in words."""
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_bytes'] // 1000**3} GB; load "
        f"{machine['load_before']} before, {machine['load_after']} after"
    )


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
