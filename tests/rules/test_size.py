"""Small by habit: functions, modules and templates stay readable."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "platform/src/udi"
MAX_FUNCTION, MAX_MODULE, MAX_TEMPLATE, MEDIAN_FUNCTION = 40, 300, 100, 12
FORBIDDEN_NAMES = {"utils", "helpers", "common", "services", "managers", "base", "misc"}
MODULES = sorted(SOURCE.rglob("*.py"))
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_is_small(path: Path) -> None:
    if "versions" not in path.parts:
        assert [f"{name}: {lines} lines" for name, lines in functions(path) if lines > MAX_FUNCTION] == []
    assert len(path.read_text().splitlines()) <= MAX_MODULE
    assert path.stem not in FORBIDDEN_NAMES


def test_the_median_function_is_short() -> None:
    lengths = sorted(lines for path in MODULES for _, lines in functions(path))

    assert lengths[len(lengths) // 2] <= MEDIAN_FUNCTION


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_template_is_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_TEMPLATE
