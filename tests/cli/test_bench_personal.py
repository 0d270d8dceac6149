"""`udi bench personal`: its files are the same each time, and its score is what the detectors give."""

import pytest

from bench.load.personal.files import (
    APART,
    FILES,
    LabelledColumn,
    LabelledFile,
    labelled_files,
)
from bench.load.personal.score import Score, score_files
from bench.personal import LOWEST_TUNED, find_faults
from tests.depth import examples
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.report import (
    PersonalDataFinding,
    PersonalDataReport,
    PersonalDataSeverity,
)

LOWEST_UNSEEN = 0.9
ONE_IN = examples(8, 1)
"""Of how many groups of labelled files one is searched; each group has a file that is kept apart."""


def test_the_files_are_the_same_each_time_and_a_third_is_apart() -> None:
    first = list(labelled_files())
    second = list(labelled_files())

    assert [file.content for file in first] == [file.content for file in second]
    assert (len(first), sum(file.unseen for file in first)) == (FILES, FILES // 3)
    assert len({file.content for file in first}) == FILES


def test_no_name_of_tuned_files_is_in_those_apart() -> None:
    values: dict[bool, set[str]] = {True: set(), False: set()}
    for file in labelled_files():
        values[file.unseen] |= {
            value
            for column in file.columns
            if column.kind == "name"
            for value in column.values
        }

    assert not values[True] & values[False]


@pytest.mark.thorough
def test_people_are_found_in_labelled_files(capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        file
        for number, file in enumerate(labelled_files())
        if number // APART % ONE_IN == 0
    ]
    score = score_files(files)
    with capsys.disabled():
        print({part: rows["all"] for part, rows in score.items()})  # noqa: T201 - a figure to publish

    assert len(files) * ONE_IN >= FILES
    assert find_faults({"labelled": score}) == []
    assert score["unseen"]["all"]["recall"] >= LOWEST_UNSEEN
    assert score["unseen"]["all"]["precision"] >= LOWEST_TUNED


def test_a_score_counts_what_is_missed_and_what_is_told_in_vain() -> None:
    columns = (
        LabelledColumn("a", ("x",), "name"),
        LabelledColumn("b", ("x",)),
        LabelledColumn("c", ("x",), public=True),
    )
    report = PersonalDataReport(
        (
            PersonalDataFinding(
                ("b",), PersonalDataKind.PHONE, PersonalDataSeverity.WARNING, 1, 1
            ),
            PersonalDataFinding(
                ("c",), PersonalDataKind.FULL_NAME, PersonalDataSeverity.WARNING, 1, 1
            ),
        ),
        rows=1,
        columns=3,
    )
    score = Score()

    score.add(
        LabelledFile("f.csv", unseen=False, columns=columns), ["a", "b", "c"], report
    )

    assert score.as_json()["all"] == {
        "labelled": 1,
        "found": 0,
        "false": 1,
        "recall": 0.0,
        "precision": 0.0,
    }


def test_a_low_score_is_a_fault() -> None:
    report = {"labelled": {"tuned": {"all": {"recall": 0.5, "precision": 1.0}}}}

    assert find_faults(report) == [
        f"The recall on tuned files is 0.5, below {LOWEST_TUNED}."
    ]
