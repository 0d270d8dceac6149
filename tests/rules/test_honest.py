"""Every test can fail: it asserts something, whatever happens before, and never «one of two»."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules.syntax import walk

TESTS = Path(__file__).resolve().parents[1]
FOLDERS = sorted(
    {path.parent.relative_to(TESTS).parts[0] for path in TESTS.rglob("*/test_*.py")}
)
Function = ast.FunctionDef | ast.AsyncFunctionDef
CHECKS = {"raises", "warns", "fail", "expect"}
"""What asserts without the word: pytest's own, and Playwright's."""
HELPERS = ("check", "assert")
"""How the names of functions begin that assert for a test, and give nothing back."""


def find_functions(tree: ast.AST, *beginnings: str) -> Iterator[Function]:
    """Return the functions and methods whose names begin so, wherever they are."""
    return (
        node
        for node in walk(tree)
        if isinstance(node, Function) and node.name.startswith(beginnings)
    )


def is_assertion(node: ast.AST) -> bool:
    """Tell whether this very node asserts, or calls what does."""
    if isinstance(node, ast.Call):
        return name_of(node) in CHECKS
    if isinstance(node, ast.Expr):
        if isinstance(node.value, ast.Await):
            value = node.value.value
        else:
            value = node.value
        return isinstance(value, ast.Call) and name_of(value).startswith(HELPERS)
    return isinstance(node, ast.Assert)


def name_of(call: ast.Call) -> str:
    """The last word of what is called, and nothing where that is no name."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return getattr(call.func, "id", "")


def gives_nothing(function: Function) -> bool:
    returned = function.returns
    return returned is None or (
        isinstance(returned, ast.Constant) and returned.value is None
    )


def asserts(*nodes: ast.AST) -> bool:
    return any(is_assertion(part) for node in nodes for part in walk(node))


def find_faults(source: str) -> list[str]:
    """Return what keeps each test of a module from failing, with its line."""
    tree = ast.parse(source)
    faults = [
        f"{function.lineno}: {function.name} asserts nothing"
        for function in find_functions(tree, "test_", *HELPERS)
        if gives_nothing(function) and not asserts(*function.body)
    ]
    for node in (node for test in find_functions(tree, "test_") for node in walk(test)):
        if isinstance(node, ast.If) and asserts(*node.body, *node.orelse):
            faults.append(f"{node.lineno}: an assertion is made under a condition")
        if (
            isinstance(node, ast.Assert)
            and isinstance(node.test, ast.BoolOp)
            and isinstance(node.test.op, ast.Or)
        ):
            faults.append(f"{node.lineno}: either of two is accepted")
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.IfExp):
            faults.append(f"{node.lineno}: a condition chooses what is asserted")
    return faults


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_test_can_fail(folder: str) -> None:
    files = sorted((TESTS / folder).rglob("*.py"))

    assert files
    faults = [
        f"{path.relative_to(TESTS)}:{fault}"
        for path in files
        for fault in find_faults(path.read_text())
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("assert answer == 1", []),
        ("with pytest.raises(ValueError):\n        read(answer)", []),
        ("check_answer(answer)", []),
        ("await workspace.check_answer(answer)", []),
        ("expected = 1 if answer else 2\n    assert read() == expected", []),
        ("read(answer)", ["1: test_it asserts nothing"]),
        ("faults = check_answer(answer)", ["1: test_it asserts nothing"]),
        ("def check_answer():\n        read()\n    assert answer", ["2: check_answer asserts nothing"]),
        ("if answer:\n        assert read()", ["2: an assertion is made under a condition"]),
        ("if not answer:\n        return\n    else:\n        with pytest.raises(ValueError):\n            read()",
         ["2: an assertion is made under a condition"]),
        ("assert answer or read()", ["2: either of two is accepted"]),
        ("assert answer == 1 if read() else 2", ["2: a condition chooses what is asserted"]),
    ],
)  # fmt: skip
def test_what_cannot_fail_is_found(body: str, fault: list[str]) -> None:
    assert find_faults(f"async def test_it(answer):\n    {body}\n") == fault
