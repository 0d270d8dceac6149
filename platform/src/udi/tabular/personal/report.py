"""What was found about people in a table: where, how many, how sure; counts and line numbers, never a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from udi.tabular.personal.explanations import (
    EXPLANATIONS,
    PersonalDataExplanation,
    PersonalDataKind,
)


class PersonalDataSeverity(StrEnum):
    """`STOP`: not to be published as it is; `WARNING`: to be looked at, may be legitimate."""

    STOP = "stop"
    WARNING = "warning"


@dataclass(frozen=True)
class PersonalDataFinding:
    """One kind of personal data in one column, or in several together (small groups).

    `count` of `total` cells (rows, for small groups) have it; both are exact unless `estimated`.
    `lines` are the first lines of the producer's own file where it stands.
    `public`: the data look like those of a service or of a public office. `place` is the sheet, the layer or the member
    of an archive where it stands, empty for the table itself.
    """

    columns: tuple[str, ...]
    what: PersonalDataKind
    strength: PersonalDataSeverity
    count: int
    total: int
    lines: tuple[int, ...] = ()
    public: bool = False
    estimated: bool = False
    place: str = ""

    @property
    def share(self) -> float:
        if self.total:
            return self.count / self.total
        return 0.0

    @property
    def explanation(self) -> PersonalDataExplanation:
        """Messages that say what it is, why it matters and what to do; `values` fills them."""
        return EXPLANATIONS[
            (self.what, self.public)
            if (self.what, self.public) in EXPLANATIONS
            else (self.what, False)
        ]

    @property
    def values(self) -> dict[str, object]:
        """What the messages quote."""
        columns = ", ".join(self.columns)
        named = f"{self.place} › {columns}" if self.place else columns
        return {"columns": named, "count": self.count, "total": self.total}

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return {
            "columns": list(self.columns),
            "what": self.what.value,
            "strength": self.strength.value,
            "count": self.count,
            "total": self.total,
            "lines": list(self.lines),
            "public": self.public,
            "estimated": self.estimated,
            "place": self.place,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "PersonalDataFinding":
        """What `as_json` gave."""
        return cls(
            **{
                **value,
                "columns": tuple(value["columns"]),
                "lines": tuple(value["lines"]),
                "what": PersonalDataKind(value["what"]),
                "strength": PersonalDataSeverity(value["strength"]),
            }
        )


@dataclass(frozen=True)
class PersonalDataReport:
    """All that was found, the stops first; `rows` and `columns` say how much was looked at."""

    findings: tuple[PersonalDataFinding, ...]
    rows: int
    columns: int

    @property
    def stops(self) -> tuple[PersonalDataFinding, ...]:
        return tuple(
            finding
            for finding in self.findings
            if finding.strength is PersonalDataSeverity.STOP
        )

    def findings_of(self, column: str) -> tuple[PersonalDataFinding, ...]:
        """What was found in one column."""
        return tuple(finding for finding in self.findings if column in finding.columns)

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "rows": self.rows,
            "columns": self.columns,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "PersonalDataReport":
        """What `as_json` gave."""
        findings = tuple(
            PersonalDataFinding.from_json(finding) for finding in value["findings"]
        )
        return cls(findings, rows=value["rows"], columns=value["columns"])
