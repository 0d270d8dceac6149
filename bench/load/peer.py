"""Another portal that answers on this machine, loaded in the same minutes with the same corpus."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.load import requests
from udi.cli.local.errors import LocalError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
REMEDY = "docs/how-to/measure-a-large-catalogue.md shows one"


@dataclass(frozen=True)
class Peer:
    """Where it answers, what it is asked by kind of answer, and the processes that do the work."""

    name: str
    base: str
    datasets: int
    """How many it holds: ours are compared at this size."""
    processes: Mapping[str, int]
    paths: Mapping[str, Sequence[str]]

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc

    def load(self, kind: str, *, clients: int, seconds: int) -> requests.Figures:
        """One kind of answer under load."""
        addresses = [(self.host, path) for path in self.paths[kind]]
        return requests.load(
            self.base, addresses, self.processes, clients=clients, seconds=seconds
        )

    def memory(self) -> dict[str, int]:
        """Bytes that each of its processes holds, with their children, what they share counted once."""
        return {name: requests.memory(pid) for name, pid in self.processes.items()}


def read_peer(file: Path, kinds: Sequence[str]) -> Peer:
    """What a TOML file says of it.

    Raises:
        LocalError: a value lacks or cannot be used.
    """
    try:
        settings = tomllib.loads(file.read_text())
        peer = Peer(str(settings["name"]), str(settings["base"]), int(settings["datasets"]), dict(settings["processes"]),
                    {kind: _lines(file.parent / path) for kind, path in settings["paths"].items()})  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LocalError(
            f"{file} does not say what to ask of the other portal ({error})", REMEDY
        ) from error
    if urlsplit(peer.base).hostname not in LOOPBACK:
        raise LocalError(
            f"{peer.base} is not on this machine",
            "a load is only made on the loopback interface",
        )
    if unknown := sorted(set(peer.paths) - set(kinds)):
        raise LocalError(
            f"{file} asks for «{unknown[0]}», which is none of ours",
            f"ours are: {', '.join(kinds)}",
        )
    if gone := [
        name for name, pid in peer.processes.items() if not psutil.pid_exists(pid)
    ]:
        raise LocalError(
            f"The process «{gone[0]}» of {peer.name} does not run",
            f"start it, then correct {file}",
        )
    return peer


def _lines(file: Path) -> list[str]:
    lines = file.read_text().split()
    if not lines:
        msg = f"{file} is empty"
        raise ValueError(msg)
    return lines


def compare(figures: Sequence[Mapping[str, Any]], peer: Peer) -> list[dict[str, Any]]:
    """For each kind that both were asked for, how many times the peer's requests a second ours are."""
    rates = {
        (row["asked"], row["portal"]): row
        for row in figures
        if row["datasets"] == peer.datasets
    }
    comparisons = []
    for (kind, portal), row in rates.items():
        theirs = rates.get((kind, peer.name))
        if theirs is not None and portal != peer.name:
            comparisons.append({
                "asked": kind, "portal": portal,
                "requests": round(row["per_second"] / theirs["per_second"], 1),
                "cpu": round(theirs["cpu_ms_total"] / max(row["cpu_ms_total"], 0.01), 1),
            })  # fmt: skip
    return comparisons
