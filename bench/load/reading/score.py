"""What of each labelled file is read as it should be, by part and by family."""

import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from bench.load.reading.labels import LabelledReading
from udi.tabular.columns.column import LINE
from udi.tabular.profiles.conversion import TableConversion, convert_table
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import profile_path
from udi.tabular.sandbox.duckdb_sandbox import identifier, literal

PARTS = ("tuned", "apart")


@dataclass
class FamilyScore:
    """Files of a family, and those that are wholly right."""

    files: int = 0
    right: int = 0


@dataclass
class ReadingScore:
    """One part of the labelled files."""

    families: dict[str, FamilyScore] = field(default_factory=dict)
    mistakes: Counter[str] = field(default_factory=Counter)
    """Files in which a thing is wrong, by that thing."""
    misses: list[str] = field(default_factory=list)

    def add(self, reading: LabelledReading, differences: dict[str, str]) -> None:
        """Count one file."""
        family = self.families.setdefault(reading.family, FamilyScore())
        family.files += 1
        family.right += not differences
        self.mistakes.update(differences.keys())
        if differences:
            self.misses.append(f"{reading.family}: {reading.name}: {differences}")

    def as_json(self) -> dict[str, Any]:
        """Counts, shares and misses."""
        files = sum(family.files for family in self.families.values())
        right = sum(family.right for family in self.families.values())
        return {
            "files": files,
            "right": right,
            "share": round(right / files, 4) if files else None,
            "families": {
                name: [family.right, family.files]
                for name, family in sorted(self.families.items())
            },
            "wrong": dict(self.mistakes.most_common()),
            "misses": self.misses,
        }


def score_readings(readings: Iterable[LabelledReading]) -> dict[str, dict[str, Any]]:
    """The score of each part."""
    scores = {part: ReadingScore() for part in PARTS}
    with tempfile.TemporaryDirectory(prefix="udi-bench-") as folder:
        for reading in readings:
            part = PARTS[reading.is_apart]
            scores[part].add(reading, find_differences(reading, Path(folder)))
    return {part: score.as_json() for part, score in scores.items()}


def find_differences(reading: LabelledReading, folder: Path) -> dict[str, str]:
    """What differs between a label and what the node makes of the file, as read and as converted."""
    path = folder / reading.name
    path.write_bytes(reading.content())
    corrections = Corrections(sheet=reading.sheet)
    profile = profile_path(path, corrections=corrections)
    target = folder / "typed.parquet"
    try:
        if reading.failure or not profile.is_table:
            code = profile.failure.code if profile.failure else "not a table"
            return _differing({"failure": (code, reading.failure)})
        done = convert_table(path, profile, target, corrections=corrections)
        if done.failure:
            return {"failure": done.failure.code}
        codes = {note.code for note in (*profile.notes, *done.profile.notes)}
        return _compare(reading, done, codes, _first_line(target))
    finally:
        path.unlink()
        target.unlink(missing_ok=True)


def _compare(
    reading: LabelledReading, done: TableConversion, codes: set[str], first_line: int
) -> dict[str, str]:
    profile = done.profile
    types = {column.name: column.type.value for column in profile.columns}
    pairs: dict[str, tuple[object, object]] = {
        "encoding": (profile.encoding if reading.encoding else "", reading.encoding),
        "delimiter": (profile.delimiter, reading.delimiter),
        "header": (profile.header_line, reading.header_line),
        "first line": (first_line if reading.first_line else 0, reading.first_line),
        "rows": (profile.rows, reading.rows),
        "names": (tuple(types), reading.names),
        "types": (_wrong_types(types, reading), {}),
        "remarks": (sorted(reading.remarks - codes), []),
    }
    return _differing(pairs)


def _differing(pairs: dict[str, tuple[object, object]]) -> dict[str, str]:
    return {
        name: f"{actual!r} for {right!r}"[:300]
        for name, (actual, right) in pairs.items()
        if actual != right
    }


def _wrong_types(types: dict[str, str], reading: LabelledReading) -> dict[str, str]:
    return {
        name: types[name]
        for name, right in reading.types.items()
        if name in types and types[name] not in right
    }


def _first_line(target: Path) -> int:
    query = f"select coalesce(min({identifier(LINE)}), 0) from read_parquet({literal(target)})"
    with duckdb.connect() as connection:
        row = connection.execute(query).fetchone()
    if row:
        return int(row[0])
    return 0
