"""`udi bench reading`: its files are the same each time, a third is apart, and its score is what the node reads."""

import pytest

from bench.load.reading.families import FAMILIES, FILES_A_FAMILY, generated_files
from bench.load.reading.labels import LABELS, LabelledReading
from bench.load.reading.score import score_readings
from bench.reading import LOWEST, find_faults
from tests.depth import examples

ONE_IN = examples(10, 1)
"""Of how many families one file is read."""
LEFT = {"geometry as a name"}
"""Families that are not read wholly right: a column that its file calls `geometry` is renamed."""


@pytest.mark.thorough
def test_the_files_are_the_same_each_time_and_some_are_apart() -> None:
    first = list(generated_files())
    second = list(generated_files())

    assert [file.content() for file in first] == [file.content() for file in second]
    assert len(first) == len(FAMILIES) * FILES_A_FAMILY
    assert len({file.name for file in first}) == len(first)
    assert 0.2 * len(first) < sum(file.is_apart for file in first) < 0.5 * len(first)


def test_the_labels_of_real_files_are_readings_of_one_file_each() -> None:
    lines = LABELS.read_text(encoding="utf-8").splitlines()[1:]

    assert len({tuple(line.split("\t")[:2]) for line in lines}) == len(lines) > 150


def test_generated_files_are_read_wholly_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [file for file in generated_files(1) if file.family not in LEFT]
    score = score_readings(file for file in files[::ONE_IN] if not file.is_apart)[
        "tuned"
    ]
    with capsys.disabled():
        print(f"\nread wholly right: {score['right']}/{score['files']}")  # noqa: T201 - a figure to publish

    assert score["misses"] == []
    assert score["files"] > len(FAMILIES) / ONE_IN / 3


def test_a_wrong_label_is_a_miss_in_its_family() -> None:
    mislabelled = LabelledReading(
        "t.csv", "x", lambda: b"a;b\nc;1\nd;2\n", ("a", "b"), 3, "UTF-8", ";"
    )

    scores = score_readings([mislabelled])
    part = next(part for part in scores.values() if part["files"])

    assert (part["right"], part["families"]) == (0, {"x": [0, 1]})
    assert part["wrong"] == {"rows": 1}


def test_a_low_share_is_a_fault() -> None:
    part = {"files": 10, "share": LOWEST}

    assert find_faults({"tuned": {**part, "share": 0.5}, "apart": part}) == [
        "tuned: 50.0% of the files are read wholly right, below 97%."
    ]
