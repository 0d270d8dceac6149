"""What became of each thing found in documents, as a table that a command prints and a test compares."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from udi.portal.nodes.harvest.record import Page


@dataclass(frozen=True)
class Line:
    """One document: `found` is always `records` and `refused` together; `others` are services and what is no dataset."""

    name: str
    format: str
    found: int
    records: int
    refused: int
    others: int
    reasons: tuple[str, ...]


def tally(name: str, page: Page) -> Line:
    """The line of a document; reasons are codes of faults, the most frequent first."""
    refused = [each for each in page.refused if each.counts]
    told = Counter(each.faults[0].code for each in page.refused)
    told.update(fault.code for fault in page.faults)
    reasons = tuple(f"{code} {count}" for code, count in told.most_common())
    others = len(page.services) + len(page.refused) - len(refused)
    return Line(name, page.format or "—", page.found, len(page.records), len(refused), others, reasons)


def write_table(lines: Iterable[Line]) -> str:
    """The table, with tabs between columns and sums at the end."""
    kept = list(lines)
    head = "file\tformat\tfound\tcreated\trefused\tothers\treasons"
    rows = [
        f"{each.name}\t{each.format}\t{each.found}\t{each.records}\t{each.refused}\t{each.others}\t{', '.join(each.reasons)}"
        for each in kept
    ]
    sums = [sum(getattr(each, name) for each in kept) for name in ("found", "records", "refused", "others")]
    return "\n".join((head, *rows, f"{len(kept)} files\t\t" + "\t".join(map(str, sums)))) + "\n"
