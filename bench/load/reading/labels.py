"""What a file should be read as: labels of real files, made by looking at their lines, and the part kept apart."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

LABELS = Path(__file__).with_name("labels.tsv")
APART = 3
"""One file in `APART`, by the hash of its name, is kept apart: no rule was tuned on it."""
DELIMITERS = {"TAB": "\t"}


@dataclass(frozen=True)
class LabelledReading:
    """A file and what it holds.

    `header_line` is 0 without names; `first_line` is that of the first record, 0 in formats without lines. `types` go by name of
    column, and list each type that is right. `remarks` are codes of notes that must be made. `failure` is the code of
    the reason why the file is no table.
    """

    name: str
    family: str
    content: Callable[[], bytes]
    names: tuple[str, ...] = ()
    rows: int = 0
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_line: int = 1
    first_line: int = 2
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)
    remarks: frozenset[str] = frozenset()
    failure: str = ""

    @property
    def is_apart(self) -> bool:
        """Whether no rule may be tuned on this file."""
        return sha256(self.name.encode()).digest()[0] % APART == 0


def real_files(data: Path) -> Iterator[LabelledReading]:
    """The labelled files of the shared data that are there."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            path = data / line["file"]
            if path.is_file():
                yield _read_label(line, path)


def _read_label(line: Mapping[str, str], path: Path) -> LabelledReading:
    types = json.loads(line["types"])
    return LabelledReading(
        name=path.name,
        family=f"real: {path.parent.name}",
        content=partial(Path.read_bytes, path),
        names=tuple(json.loads(line["names"])),
        rows=int(line["rows"]),
        encoding=line["encoding"],
        delimiter=DELIMITERS.get(line["delimiter"], line["delimiter"]),
        sheet=line["sheet"],
        header_line=int(line["header_line"]),
        first_line=int(line["first_line"]),
        types={name: frozenset(kinds.split("|")) for name, kinds in types.items()},
    )
