"""What became of each thing found in documents, as a table that a test compares."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from udi.portal.nodes.harvest.record import HarvestedPage


@dataclass(frozen=True)
class DocumentTally:
    """One document: `found` is always `records` and `refused` together; `others` are services and what is no dataset."""

    name: str
    format: str
    dataset_count: int
    records: int
    refused: int
    others: int
    reasons: tuple[str, ...]


def tally(name: str, page: HarvestedPage) -> DocumentTally:
    """The line of a document; reasons are codes of faults, the most frequent first."""
    refused = [refusal for refusal in page.refused if refusal.is_dataset]
    counts_by_code = Counter(refusal.faults[0].code for refusal in page.refused)
    counts_by_code.update(fault.code for fault in page.faults)
    reasons = tuple(f"{code} {count}" for code, count in counts_by_code.most_common())
    others = len(page.services) + len(page.refused) - len(refused)
    return DocumentTally(
        name,
        page.format or "—",
        page.dataset_count,
        len(page.records),
        len(refused),
        others,
        reasons,
    )


def write_table(lines: Iterable[DocumentTally]) -> str:
    """The table, with tabs between columns and sums at the end."""
    all_lines = list(lines)
    head = "file\tformat\tfound\tcreated\trefused\tothers\treasons"
    rows = [
        f"{line.name}\t{line.format}\t{line.dataset_count}\t{line.records}\t{line.refused}\t{line.others}\t{', '.join(line.reasons)}"
        for line in all_lines
    ]
    sums = [
        sum(getattr(line, name) for line in all_lines)
        for name in ("dataset_count", "records", "refused", "others")
    ]
    return (
        "\n".join(
            (head, *rows, f"{len(all_lines)} files\t\t" + "\t".join(map(str, sums)))
        )
        + "\n"
    )
