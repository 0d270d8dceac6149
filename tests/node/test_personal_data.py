"""Personal data are found in a labelled set, and next to none where there are none."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.depth import examples
from tests.node.personal_set import Labelled
from tests.node.personal_tables import labelled_tables
from tests.node.typed_tables import TextColumn, write_table
from udi.tabular.columns.column import ColumnType
from udi.tabular.personal.detection import detect_personal_data
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.numbers import find_nir, nir_key
from udi.tabular.personal.report import PersonalDataReport, PersonalDataSeverity

DIRECT = frozenset({PersonalDataKind.EMAIL, PersonalDataKind.PHONE, PersonalDataKind.NIR, PersonalDataKind.IBAN, PersonalDataKind.FULL_NAME, PersonalDataKind.FAMILY_NAME, PersonalDataKind.GIVEN_NAME,
                    PersonalDataKind.BIRTH_DATE, PersonalDataKind.ADDRESS, PersonalDataKind.PLATE})  # fmt: skip
NAMED = frozenset(
    {
        PersonalDataKind.FULL_NAME,
        PersonalDataKind.FAMILY_NAME,
        PersonalDataKind.GIVEN_NAME,
    }
)
Look = Callable[..., PersonalDataReport]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Write columns as a typed table and look at it."""

    def looked(*columns: TextColumn) -> PersonalDataReport:
        return detect_personal_data(*write_table(tmp_path, columns))

    return looked


@dataclass
class Score:
    """What the check made of the labelled columns."""

    columns: int = 0
    detected: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    other_strength: list[str] = field(default_factory=list)

    @property
    def direct(self) -> int:
        return len(self.detected) + len(self.missed)

    @property
    def recall(self) -> float:
        return len(self.detected) / self.direct

    @property
    def precision(self) -> float:
        return len(self.detected) / (len(self.detected) + len(self.false))

    def add(self, table: int, label: Labelled, report: PersonalDataReport) -> None:
        where = f"{table}: {label.column.name}"
        allowed = label.what | (NAMED if label.what & NAMED else frozenset())
        flags = report.findings_of(label.column.name)
        self.columns += 1
        self.false += [
            f"{where} {finding.what}"
            for finding in flags
            if finding.what not in allowed
        ]
        if label.what & DIRECT:
            (
                self.detected
                if any(finding.what in allowed for finding in flags)
                else self.missed
            ).append(where)
            stops = any(
                finding.strength is PersonalDataSeverity.STOP
                for finding in flags
                if finding.what is not PersonalDataKind.SMALL_GROUP
            )
            self.other_strength += [where] if stops is label.public else []

    def __str__(self) -> str:
        return (
            f"{self.columns} columns, {self.direct} with direct identifiers: recall {self.recall:.3f}, "
            f"precision {self.precision:.3f}; missed {self.missed}, false {self.false}, "
            f"other strength {self.other_strength}"
        )


def test_recall_and_precision_on_the_labelled_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score = Score()
    for number, table in enumerate([*labelled_tables()][:: examples(3, 1)]):
        typed_table = write_table(
            tmp_path, [label.column for label in table], name=f"t{number}"
        )
        report = detect_personal_data(*typed_table)
        for label in table:
            score.add(number, label, report)
    with capsys.disabled():
        print(f"\n{score}")  # noqa: T201 - a figure to publish

    assert score.columns >= examples(100, 300)
    assert score.direct >= examples(33, 100)
    assert score.recall >= 0.95
    assert score.precision >= 0.95
    assert len(score.other_strength) <= 0.1 * score.direct


def rows(*values: str, times: int = 10) -> list[str]:
    return [value for value in values for _ in range(times)]


def test_a_report_goes_through_json_and_holds_no_value(look: Look) -> None:
    report = look(
        TextColumn("Nom", rows("KERDRAON", "LE GOFF", "RIOU")), TextColumn("Prénom", rows("Camille", "Hugo", "Léa")),
        TextColumn("mel", rows("camille.kerdraon@example.org", "hugo.legoff@example.org", "lea.riou@example.org")),
    )  # fmt: skip

    stored = json.dumps(report.as_json(), ensure_ascii=False)

    assert PersonalDataReport.from_json(json.loads(stored)) == report
    assert {finding.what for finding in report.stops} == {
        PersonalDataKind.FAMILY_NAME,
        PersonalDataKind.GIVEN_NAME,
        PersonalDataKind.EMAIL,
    }
    assert not [
        word for word in ("KERDRAON", "Camille", "example.org") if word in stored
    ]


def test_the_report_says_where_in_the_file(look: Look) -> None:
    texts = ["Rien à signaler."] * 40
    texts[7], texts[30] = "Rappeler au 06 12 34 56 78", "Écrire à lea.riou@free.example"
    report = look(TextColumn("remarque", texts), TextColumn("zone", ["A"] * 40))

    assert [
        (finding.what, finding.count, finding.total, finding.lines)
        for finding in report.findings
    ] == [
        (PersonalDataKind.EMAIL, 1, 40, (32,)),
        (PersonalDataKind.PHONE, 1, 40, (9,)),
    ]
    assert "«%(columns)s»" in report.findings[0].explanation.what
    assert report.findings[0].values == {"columns": "remarque", "count": 1, "total": 40}


def test_a_large_table_is_searched_whole(look: Look) -> None:
    texts = ["Rien à signaler."] * 30_000
    texts[29_990] = "Écrire à lea.riou@free.example"
    report = look(TextColumn("remarque", texts), TextColumn("zone", ["A"] * 30_000))

    assert [
        (finding.what, finding.count, finding.lines) for finding in report.findings
    ] == [(PersonalDataKind.EMAIL, 1, (29_992,))]


def test_chance_makes_no_security_number(look: Look) -> None:
    draw = random.Random(5)  # noqa: S311 - made-up values
    numbers = [f"{draw.choice('12')}{draw.randrange(10**14):014}" for _ in range(3000)]

    assert (
        look(
            TextColumn("identifiant", numbers), TextColumn("zone", ["A"] * 3000)
        ).findings
        == ()
    )


def test_corsica_and_decimals(look: Look) -> None:
    corsican = f"1850320A118012{0}"
    key = nir_key("1850 2 2A 004 018".replace(" ", "")[:13])

    assert find_nir(f"185022A004018{key:02}") is True
    assert find_nir(f"1 85 02 2A 004 018 {key:02}") is True
    assert find_nir(f"185022A004018{key % 97 + 1:02}") is False
    assert find_nir(corsican) is None
    assert find_nir(f"48.185022004018{key:02}") is None


def test_small_groups_are_counted(look: Look) -> None:
    ages = rows("34", "51", times=20)
    towns = rows("29000", "29100", times=20)
    report = look(
        TextColumn("age", [*ages, "97"], ColumnType.INTEGER), TextColumn("code_postal", [*towns, "29000"], ColumnType.POSTCODE),
        TextColumn("loisir", ["judo"] * 41),
    )  # fmt: skip

    (group,) = report.stops
    assert (group.what, group.columns, group.count, group.total, group.lines) == (
        PersonalDataKind.SMALL_GROUP, ("age",), 1, 41, (42,),
    )  # fmt: skip


def test_counts_by_group_single_nobody_out(look: Look) -> None:
    report = look(
        TextColumn("age", ["34", "51", "97"]),
        TextColumn("sexe", ["F", "H", "F"]),
        TextColumn("nombre", ["400", "380", "12"]),
    )

    assert report.findings == ()


@pytest.mark.parametrize(
    "name", ['a"b', "with 'quotes'", "é; DROP VIEW t; --", "%(count)s"]
)
def test_any_name_of_column_will_do(look: Look, name: str) -> None:
    report = look(
        TextColumn(name, rows("lea.riou@free.example")),
        TextColumn("n", rows("1"), ColumnType.INTEGER),
    )

    assert [finding.columns for finding in report.findings] == [(name,)]


def test_an_empty_table_says_nothing(look: Look) -> None:
    assert (
        look(TextColumn("Nom", []), TextColumn("age", [], ColumnType.INTEGER)).findings
        == ()
    )
