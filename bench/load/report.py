"""What `udi bench search` found, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.load import floor
from bench.load.machine import sentence
from bench.load.portals import OTHERS, UNCACHED

MIB = 1024**2
HEADINGS = (
    "", "Datasets", "in", "Portal", "Requests/s", "p50 ms", "p99 ms", "CPU ms", "by part", "Other", "Refused",
)  # fmt: skip


def growth(figures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each kind and portal of one territory: processor time at the largest size over that at the smallest."""
    rows_by_kind: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in figures:
        if row["territories"] == 1:
            rows_by_kind.setdefault((row["asked"], row["portal"]), []).append(row)
    return [
        {
            "asked": kind, "portal": portal, "from": rows[0]["datasets"], "to": rows[-1]["datasets"],
            "cpu": round(rows[-1]["cpu_ms_total"] / max(rows[0]["cpu_ms_total"], 0.01), 2),
        }
        for (kind, portal), rows in rows_by_kind.items()
        if len(rows) > 1
    ]  # fmt: skip


def compare_with_framework(
    figures: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """For each kind that makes its answer anew: its processor time over that of a page of the framework alone."""
    bare_pages = {
        (row["datasets"], row["territories"]): row["cpu_ms_total"]
        for row in figures
        if row["asked"] == floor.PAGE_KIND
    }
    return [
        {
            "asked": row["asked"], "datasets": row["datasets"], "territories": row["territories"],
            "cpu_ms": row["cpu_ms_total"],
            "times": round(row["cpu_ms_total"] / max(bare_pages[row["datasets"], row["territories"]], 0.01), 1),
        }
        for row in figures
        if row["portal"] == UNCACHED
    ]  # fmt: skip


def show(report: Mapping[str, Any], console: Console) -> None:
    """The table of loads, then a line for each other figure."""
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for row in report["figures"]:
        cells = (
            _spread(row, "per_second"),
            row["p50_ms"],
            _spread(row, "p99_ms"),
            _spread(row, "cpu_ms_total"),
            _shares(row["cpu_ms"]),
            f"{row['other']:.0%}",
        )
        size = (str(row["datasets"]), str(row["territories"]))
        table.add_row(
            row["asked"], *size, row["portal"], *map(str, cells), str(row["refused"])
        )
    console.print(table)
    for line in _lines(report):
        console.print(line, highlight=False, soft_wrap=True)


def _lines(report: Mapping[str, Any]) -> list[str]:
    pushed = report["push"]
    return [
        *map(_step, report["steps"]),
        *(
            f"{row['asked']}, {row['portal']}: from {row['from']} to {row['to']} datasets, processor time × {row['cpu']}."
            for row in report["growth"]
        ),
        *(
            f"{row['asked']}, {row['datasets']} datasets, caches off: {row['cpu_ms']} ms of processor, "
            f"{row['times']} times a page of the framework alone."
            for row in report["framework"]
        ),
        *(
            f"{row['asked']}, {row['portal']}: {row['requests']} times the requests a second of the other portal, "
            f"{row['cpu']} times less processor time."
            for row in report.get("beside", ())
        ),
        *(
            f"Pushed {how}: {row['per_second']} descriptions a second, {_shares(row['cpu_ms'])} ms of processor each."
            for how, row in pushed["pushed"].items()
        ),
        f"A search finds one after {pushed['seen_p50_ms']} ms (half), {pushed['seen_max_ms']} ms at most.",
        *(
            f"Memory {moment}: {_sizes(sizes)}."
            for moment, sizes in report["memory_bytes"].items()
        ),
        *(
            [f"Memory of the other portal: {_sizes(report['peer_memory_bytes'])}."]
            if "beside" in report
            else ()
        ),
        sentence(report),
    ]


def _spread(row: Mapping[str, Any], figure: str) -> str:
    """The middle of the rounds, with the least and the most where there were several."""
    values = row["rounds"][figure]
    if len(values) > 1:
        return f"{row[figure]} ({min(values)}–{max(values)})"
    return f"{row[figure]}"


def _shares(spent: Mapping[str, float]) -> str:
    return " + ".join(f"{name} {milliseconds}" for name, milliseconds in spent.items())


def _sizes(sizes: Mapping[str, int]) -> str:
    listing = ", ".join(f"{name} {size // MIB} MiB" for name, size in sizes.items())
    program_size = sum(size for name, size in sizes.items() if name != OTHERS)
    if OTHERS in sizes:
        return f"{listing}; {program_size // MIB} MiB without what serves others"
    return listing


def _step(step: Mapping[str, Any]) -> str:
    if step["territories"] > 1:
        places = f" in {step['territories']} territories, as many each"
    else:
        places = ""
    return (
        f"{step['datasets']} datasets{places}: database {step['database_bytes'] // MIB} MiB, indexes "
        f"{step['index_bytes'] // MIB} MiB, filled in {step['fill_seconds']} s, index made in {step['index_seconds']} s; "
        f"memory after the loads: {_sizes(step['memory_bytes'])}."
    )
