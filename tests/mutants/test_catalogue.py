"""The tables of mutants stand: each place is in the program once, what comes of it compiles, its tests are there."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.catalogue import ROOT, LostPlaceError, Mutant, load
from tests.mutants.operators import changes

MUTANTS = load()


def test_every_place_is_found_once_and_the_changed_module_compiles() -> None:
    faults = []
    for mutant in MUTANTS:
        source = (ROOT / mutant.path).read_text()
        try:
            assert mutant.apply(source) != source, mutant.id
        except (LostPlaceError, SyntaxError) as error:
            faults.append(f"{mutant.id}: {error}")
    assert faults == []


def test_every_mutant_has_a_name_of_its_own_and_tests_that_are_there() -> None:
    names = Counter(mutant.id for mutant in MUTANTS)
    faults = [name for name, count in names.items() if count > 1]
    for mutant in MUTANTS:
        faults += [f"{mutant.id}: no test" for _ in [0] if not mutant.tests]
        for test in mutant.tests:
            file, _, function = test.partition("::")
            faults += [
                f"{mutant.id}: {test}"
                for _ in [0]
                if function.partition("[")[0] not in _functions(file)
            ]
    assert faults == []


def test_what_kills_a_mutant_runs_before_a_change_lands() -> None:
    faults = [
        f"{mutant.id}: {test}"
        for mutant in MUTANTS
        for test in mutant.tests
        if _is_thorough(*test.split("::"))
    ]

    assert faults == []


def test_a_case_or_a_file_that_is_to_kill_a_mutant_is_tried_in_a_usual_run(
    request: pytest.FixtureRequest,
) -> None:
    """A mark may be on a case alone, which only collecting tells."""
    if [Path(place).name for place in request.config.args] != ["tests"]:
        pytest.skip("needs a run of all tests, which alone collects them")
    places = {
        place for item in request.session.items for place in _list_places(item.nodeid)
    }

    faults = [
        f"{mutant.id}: {test}"
        for mutant in MUTANTS
        for test in mutant.tests
        if test not in places
    ]

    assert faults == []


def _list_places(name: str) -> list[str]:
    """The names by which a mutant may name a case: its own, its function's, its file's, those of its folders."""
    file, _, function = name.partition("::")
    folders = [str(folder) for folder in Path(file).parents]
    return [name, f"{file}::{function.partition('[')[0]}", file, *folders]


def _is_thorough(file: str, function: str = "") -> bool:
    """Whether a test that is named is left out of a usual run."""
    marks = _functions(file).get(function.partition("[")[0], ())
    return any(mark.startswith("pytest.mark.thorough") for mark in marks)


@cache
def _functions(file: str) -> dict[str, list[str]]:
    """The functions of a test file with their marks, and the empty name, which is the whole file; nothing for no file."""
    path = ROOT / file
    if path.is_dir():
        return {"": []}
    if not path.is_file():
        return {}
    tree = ast.parse(path.read_text())
    of_all = [
        ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets) == "pytestmark"
    ]
    return {
        "": of_all,
        **{
            node.name: [*of_all, *(ast.unparse(mark) for mark in node.decorator_list)]
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        },
    }


def test_there_are_as_many_as_were_promised() -> None:
    by_hand = [mutant for mutant in MUTANTS if "/" not in mutant.id]

    assert len(by_hand) >= 120


def test_a_place_that_is_not_there_or_not_once_is_an_error() -> None:
    mutant = Mutant(
        "two", "udi.kit.paging", "page_number", "", "last", "first", ("tests/kit",)
    )
    with pytest.raises(LostPlaceError, match="2 times"):
        mutant.apply("def page_number(last):\n    return last\n")
    with pytest.raises(LostPlaceError, match="no function"):
        mutant.apply("x = 1\n")


def test_operators_change_each_comparison_negation_conjunction_and_refusal() -> None:
    source = "def f(a, b):\n    if not a or a < b <= 'é' and b != 'à':\n        raise ValueError\n    return f'{a < b}'\n"

    replacement_by_name = {
        change.name: (change.old, change.new)
        for change in changes(source, ast.parse(source))
    }

    assert replacement_by_name == {
        "boolean-1": (
            "not a or a < b <= 'é' and b != 'à'",
            "(not a and (a < b <= 'é' and b != 'à'))",
        ),
        "not-1": ("not a", "(a)"),
        "boolean-2": ("a < b <= 'é' and b != 'à'", "(a < b <= 'é' or b != 'à')"),
        "compare-1": ("a < b <= 'é'", "(a <= b <= 'é')"),
        "compare-2": ("a < b <= 'é'", "(a < b < 'é')"),
        "compare-3": ("b != 'à'", "(b == 'à')"),
        "raise-1": ("raise ValueError", "pass"),
    }


@pytest.mark.parametrize(
    "source",
    [
        "if first and last(1, 2):",
        "if (\n        first\n        and last(1, 2)\n    ):",
        "if first and last(\n        1,\n        2,\n    ):",
    ],
)
def test_a_place_is_found_however_its_lines_are_broken(source: str) -> None:
    mutant = Mutant(
        "one",
        "udi.kit.paging",
        "page_number",
        "",
        "if first and last(1, 2):",
        "if False:",
        ("tests/kit",),
    )
    program = f"def page_number(first, last):\n    {source}\n        return 1\n    return firstly\n"

    assert (
        mutant.apply(program)
        == "def page_number(first, last):\n    if False:\n        return 1\n    return firstly\n"
    )
