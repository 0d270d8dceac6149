"""Lists of JSON objects as tables."""

import json
from pathlib import Path

import pytest

from tests.depth import examples
from tests.node.tables.reading import converted, names, rows
from udi.tabular.profiles.profile import profile_path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "typed.parquet"


RECORDS = [
    {"nom": "Léa", "lieu": {"cp": "01000", "pos": [1, 2]}, "n": 1.50, "ok": True},
    {"nom": "Noé", "lieu": None, "n": None, "autre": {"a": {"b": 1}}},
]
WRITTEN = {
    "array": json.dumps(RECORDS, indent=1),
    "lines": "\n".join(map(json.dumps, RECORDS)),
    "within": json.dumps(
        {"version": "1", "tags": ["x"], "données": {"liste": RECORDS}}
    ),
    "spaced": "\n\n  " + json.dumps(RECORDS) + "\n",
}


@pytest.mark.parametrize("how", WRITTEN)
def test_objects_are_rows_and_their_objects_columns(
    tmp_path: Path, target: Path, how: str
) -> None:
    file = tmp_path / "x.json"
    file.write_text(WRITTEN[how], encoding="utf-8")

    done = converted(file, target)

    assert names(target) == ["nom", "lieu.cp", "lieu.pos", "n", "ok", "lieu", "autre.a"]
    assert [row[1:] for row in rows(target)] == [
        ("Léa", "01000", "[1, 2]", 1.5, True, None, None),
        ("Noé", None, None, None, None, None, '{"b": 1}'),
    ]
    assert done.profile.label == "JSON"


def test_a_long_list_is_read_piece_by_piece(tmp_path: Path, target: Path) -> None:
    rows_written = examples(15_000, 40_000)
    file = tmp_path / "x.json"
    file.write_text(
        "["
        + ",\n".join(json.dumps({"n": n, "t": "é" * 50}) for n in range(rows_written))
        + "]",
        encoding="utf-8",
    )

    done = converted(file, target)

    assert done.profile.rows == rows_written
    assert rows(target)[-1] == (rows_written, rows_written - 1, "é" * 50)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[1, 2]", "no_records"), ("{}", "no_records"), ("[]", "no_records"), ('{"a": [1], "b": 2}', "no_records"),
        ('[{"a": 1}', "not_json"), ("[" * 100_000, "not_json"), ('[{"a": }]', "not_json"), ("{'a': 1}", "not_json"),
        ('[{"a": 1}, 2]', "no_records"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_objects_is_explained(
    tmp_path: Path, content: str, code: str
) -> None:
    file = tmp_path / "x.json"
    file.write_text(content, encoding="utf-8")

    failure = profile_path(file).failure

    assert failure
    assert failure.code == code
