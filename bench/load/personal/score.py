"""What the search finds in labelled files: precision and recall by kind, files kept apart from tuning counted apart."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.load.personal.files import LabelledFile
from udi.tabular.personal.detection import detect_personal_data
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.report import (
    PersonalDataFinding,
    PersonalDataReport,
    PersonalDataSeverity,
)
from udi.tabular.profiles.conversion import convert_table
from udi.tabular.profiles.profile import profile_path

KINDS = {
    "name": {
        PersonalDataKind.FULL_NAME,
        PersonalDataKind.FAMILY_NAME,
        PersonalDataKind.GIVEN_NAME,
    },
    "birth": {PersonalDataKind.BIRTH_DATE, PersonalDataKind.BIRTH_YEAR},
    "address": {PersonalDataKind.ADDRESS},
    "phone": {PersonalDataKind.PHONE},
    "text": {PersonalDataKind.NAME_IN_TEXT},
    "health": {PersonalDataKind.SPECIAL},
    "status": {PersonalDataKind.FAMILY_STATUS},
    "tax": {PersonalDataKind.TAX_NUMBER, PersonalDataKind.NIR},
}
"""Which findings are right for a label."""
OF_KIND = {what: kind for kind, whats in KINDS.items() for what in whats}


@dataclass
class Score:
    """Columns found, missed and told in vain, by kind."""

    detected: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)

    def add(
        self, file: LabelledFile, names: Sequence[str], report: PersonalDataReport
    ) -> None:
        """Count the columns of one file, whatever `names` the node gave them."""
        people = any(column.kind and not column.public for column in file.columns)
        for place, label in enumerate(file.columns):
            if place < len(names):
                findings = report.findings_of(names[place])
            else:
                findings = ()
            right = KINDS.get(label.kind, set())
            if label.kind and not label.public:
                hit = any(finding.what in right for finding in findings)
                (self.detected if hit else self.missed)[label.kind] += 1
                self.misses += [] if hit else [f"{file.name}: {label.header}"]
            for finding in findings:
                self._judge(
                    file,
                    label.header,
                    finding,
                    public=label.public,
                    right=right,
                    people=people,
                )

    def _judge(
        self,
        file: LabelledFile,
        header: str,
        one: PersonalDataFinding,
        *,
        public: bool,
        right: set[PersonalDataKind],
        people: bool,
    ) -> None:
        """Count a finding that no label explains, or that stops what is public."""
        if one.what is PersonalDataKind.SMALL_GROUP and people:
            return
        if public and one.strength is PersonalDataSeverity.WARNING:
            return
        if public or one.what not in right:
            self.false[OF_KIND.get(one.what, one.what.value)] += 1
            self.alarms.append(
                f"{file.name}: {header}: {one.what.value}, {one.strength.value}"
            )

    def as_json(self) -> dict[str, Any]:
        """Precision and recall by kind and for all, as shares; None where nothing counts."""
        kinds = sorted({*self.detected, *self.missed, *self.false})
        rows = {
            kind: self._row(self.detected[kind], self.missed[kind], self.false[kind])
            for kind in kinds
        }
        whole = self._row(
            self.detected.total(), self.missed.total(), self.false.total()
        )
        return {
            "kinds": rows,
            "all": whole,
            "misses": self.misses,
            "alarms": self.alarms,
        }

    @staticmethod
    def _row(detected: int, missed: int, false: int) -> dict[str, Any]:
        return {
            "labelled": detected + missed,
            "found": detected,
            "false": false,
            "recall": round(detected / (detected + missed), 3)
            if detected + missed
            else None,
            "precision": round(detected / (detected + false), 3)
            if detected + false
            else None,
        }


def look(path: Path, folder: Path) -> tuple[list[str], PersonalDataReport] | None:
    """The names of the columns of a file and what its table says of people; None when it is no table."""
    target = folder / "typed.parquet"
    profile = profile_path(path)
    if not profile.is_table or profile.reads == "geo":
        return None
    done = convert_table(path, profile, target)
    if done.failure:
        return None
    columns = done.profile.columns
    return [column.name for column in columns], detect_personal_data(
        target, columns, done.other_headers
    )


def score_files(files: Iterable[LabelledFile]) -> dict[str, dict[str, Any]]:
    """The scores of tuned files and of those kept apart."""
    tuned = Score()
    unseen = Score()
    with tempfile.TemporaryDirectory(prefix="udi-bench-") as folder:
        for file in files:
            path = Path(folder) / file.name
            path.write_bytes(file.content)
            names, report = look(path, Path(folder)) or (
                [],
                PersonalDataReport((), rows=0, columns=0),
            )
            (unseen if file.unseen else tuned).add(file, names, report)
            path.unlink()
    return {"tuned": tuned.as_json(), "unseen": unseen.as_json()}


def count_alarms(tables: Path, largest: int) -> dict[str, int]:
    """What is found in real tables up to `largest` bytes: files, those that stop, those that are only warned of."""
    files = 0
    stopped = 0
    warned = 0
    with tempfile.TemporaryDirectory(prefix="udi-bench-") as folder:
        for path in sorted(tables.iterdir()):
            if path.is_file() and path.stat().st_size <= largest:
                looked = look(path, Path(folder))
            else:
                looked = None
            if looked is None:
                continue
            _, report = looked
            files += 1
            stopped += bool(report.stops)
            warned += bool(report.findings) and not report.stops
    return {"files": files, "stopped": stopped, "warned": warned}
