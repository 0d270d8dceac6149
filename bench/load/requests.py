"""A web server under the load of wrk: requests a second, how long they wait, and the processor time each takes.

Processor time a request holds on a machine that does other work too; the rest is to be read where `other` is small.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from statistics import median

import psutil

from udi.cli.local.errors import LocalError

SCRIPT = """
local asked, n, i = {{}}, 0, 0
init = function()
  for line in io.lines("{addresses}") do
    local host, path = line:match("^(%S+) (%S+)$")
    n = n + 1
    asked[n] = wrk.format("GET", path, {{ ["Host"] = host, ["Accept-Encoding"] = "gzip" }})
  end
  math.randomseed(7)
  for k = n, 2, -1 do local j = math.random(k); asked[k], asked[j] = asked[j], asked[k] end
end
request = function() i = i % n + 1; return asked[i] end
"""
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
WARMING = 6
"""Seconds before a load, by all its clients: each web worker has answered most addresses once."""
MILLISECONDS = 1000
Address = tuple[str, str]
"""A host, and the path that is asked of it."""


@dataclass(frozen=True)
class Figures:
    """What one load cost; processor time in milliseconds a request, by group of processes."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: dict[str, float]
    other: float
    """Share of the machine's processors that other work took."""
    refused: int

    @property
    def cpu_ms_total(self) -> float:
        return round(sum(self.cpu_ms.values()), 2)


def middle(rounds: Sequence[Figures]) -> Figures:
    """The median of each figure; requests and refusals of all rounds together."""

    def half(figures: Iterable[float]) -> float:
        return round(median(figures), 2)

    return Figures(
        requests=sum(round_figures.requests for round_figures in rounds),
        per_second=half(round_figures.per_second for round_figures in rounds),
        p50_ms=half(round_figures.p50_ms for round_figures in rounds),
        p99_ms=half(round_figures.p99_ms for round_figures in rounds),
        cpu_ms={
            name: half(round_figures.cpu_ms[name] for round_figures in rounds)
            for name in rounds[0].cpu_ms
        },
        other=half(round_figures.other for round_figures in rounds),
        refused=sum(round_figures.refused for round_figures in rounds),
    )


def require_wrk() -> str:
    """Where wrk is.

    Raises:
        LocalError: it is not on this machine.
    """
    path = which("wrk")
    if path is None:
        raise LocalError(
            "The load generator wrk is not here",
            "install the package wrk (apt install wrk)",
        )
    return path


def load(
    base: str,
    addresses: Sequence[Address],
    roots: Mapping[str, int],
    *,
    clients: int,
    seconds: int,
) -> Figures:
    """Ask for the addresses in a shuffled order; `roots` names processes whose time, with their children's, is counted."""
    with tempfile.TemporaryDirectory(prefix="udi-bench-") as folder:
        listed = Path(folder, "addresses")
        script = Path(folder, "load.lua")
        listed.write_text("".join(f"{host} {path}\n" for host, path in addresses))
        script.write_text(SCRIPT.format(addresses=listed))
        _wrk(base, script, clients=clients, seconds=WARMING)
        before = {name: processor_time(pid) for name, pid in roots.items()}
        machine = _machine_time()
        output, client_seconds = _wrk(base, script, clients=clients, seconds=seconds)
        used = {name: processor_time(pid) - before[name] for name, pid in roots.items()}
        all_used = _machine_time() - machine
    return _read(output, used, all_used - sum(used.values()) - client_seconds)


def _wrk(base: str, script: Path, *, clients: int, seconds: int) -> tuple[str, float]:
    command = [
        require_wrk(),
        "-t1",
        f"-c{clients}",
        f"-d{seconds}s",
        "--timeout",
        "30s",
        "--latency",
        "-s",
    ]
    before = os.times()
    done = subprocess.run(
        [*command, str(script), base], capture_output=True, text=True, check=False
    )
    after = os.times()
    if done.returncode:
        raise LocalError(
            "The load could not be made", done.stderr.strip() or done.stdout.strip()
        )
    return (
        done.stdout,
        after.children_user
        + after.children_system
        - before.children_user
        - before.children_system,
    )


def _read(output: str, used: Mapping[str, float], other: float) -> Figures:
    latencies = {
        share: round(float(value) * UNITS[unit], 2)
        for share, value, unit in re.findall(
            r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", output, re.MULTILINE
        )
    }
    match = re.search(r"(\d+) requests in ([\d.]+)(s|m)", output)
    if match is None or len(latencies) < len(("50", "99")):
        raise LocalError(
            "The load generator did not say what it did", output.strip()[-300:]
        )
    requests = int(match[1])
    seconds = float(match[2]) * UNITS[match[3]] / MILLISECONDS
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    lost = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output
    )
    return Figures(
        requests=requests,
        per_second=round(requests / seconds, 1),
        p50_ms=latencies["50"],
        p99_ms=latencies["99"],
        cpu_ms={
            name: round(MILLISECONDS * spent / max(requests, 1), 2)
            for name, spent in used.items()
        },
        other=round(max(other, 0.0) / (seconds * (os.cpu_count() or 1)), 2),
        refused=(int(refused[1]) if refused else 0)
        + (sum(map(int, lost.groups())) if lost else 0),
    )


def processor_time(pid: int) -> float:
    """Seconds of processor that a process and its children took; those that ended are counted by their parent."""
    total = 0.0
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += (
                times.user + times.system + times.children_user + times.children_system
            )
    return total


def memory(pid: int) -> int:
    """Bytes that a process and its children hold, what they share counted once (PSS)."""
    total = 0
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += int(process.memory_full_info().pss)
    return total


def memory_named(pid: int, names: Sequence[str]) -> int:
    """The same of those children only that have one of these names as a word of their title."""
    total = 0
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            if set(names) & set(" ".join(process.cmdline()).split()):
                total += int(process.memory_full_info().pss)
    return total


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _machine_time() -> float:
    times = psutil.cpu_times()
    return float(
        times.user
        + times.nice
        + times.system
        + times.irq
        + times.softirq
        + getattr(times, "steal", 0.0)
    )
