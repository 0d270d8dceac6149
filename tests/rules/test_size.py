"""Small by habit: functions, modules and templates stay readable."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = (ROOT / "platform/src/udi", ROOT / "bench")
MAX_FUNCTION = 60
MAX_MODULE = 500
MAX_TEMPLATE = 100
MEDIAN_FUNCTION = 12
FORBIDDEN_NAMES = {"utils", "helpers", "common", "services", "managers", "base", "misc"}
TEMPLATE_ENDINGS = {".html", ".jinja", ".txt"}
MODULES = sorted(path for source in SOURCES for path in source.rglob("*.py"))
TEMPLATES = sorted(
    path
    for source in SOURCES
    for path in source.rglob("templates/**/*")
    if path.suffix in TEMPLATE_ENDINGS
)


def functions(content: str) -> list[tuple[str, int]]:
    """The functions of a module, with their numbers of lines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = (node for node in ast.walk(ast.parse(content)) if isinstance(node, kinds))
    return [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in nodes]


def faults(path: Path, content: str) -> Iterator[str]:
    """What is too long in a file, or badly named."""
    lines = len(content.splitlines())
    longest = MAX_TEMPLATE if path.suffix in TEMPLATE_ENDINGS else MAX_MODULE
    if lines > longest:
        yield f"{path}: {lines} lines"
    if path.suffix in TEMPLATE_ENDINGS:
        return
    if path.stem in FORBIDDEN_NAMES:
        yield f"{path}: a name that says nothing"
    if "versions" not in path.parts:
        yield from (
            f"{path}: {name}: {length} lines"
            for name, length in functions(content)
            if length > MAX_FUNCTION
        )


def test_every_function_module_and_template_is_small() -> None:
    assert len(MODULES) > 1000
    assert len(TEMPLATES) > 100
    assert [
        fault
        for path in (*MODULES, *TEMPLATES)
        for fault in faults(path, path.read_text())
    ] == []


def test_the_median_function_is_short() -> None:
    lengths = sorted(
        lines for path in MODULES for _, lines in functions(path.read_text())
    )

    assert lengths[len(lengths) // 2] <= MEDIAN_FUNCTION


def test_what_is_too_long_or_says_nothing_is_named() -> None:
    function = "def long():\n" + "    pass\n" * MAX_FUNCTION
    module = "pass\n" * (MAX_MODULE + 1)

    assert list(faults(Path("a/module.py"), function)) == [
        f"a/module.py: long: {MAX_FUNCTION + 1} lines"
    ]
    assert list(faults(Path("a/versions/module.py"), function)) == []
    assert list(faults(Path("a/module.py"), module)) == [
        f"a/module.py: {MAX_MODULE + 1} lines"
    ]
    assert list(faults(Path("a/helpers.py"), "pass\n")) == [
        "a/helpers.py: a name that says nothing"
    ]
    assert list(faults(Path("a/page.html"), "<p>\n" * (MAX_TEMPLATE + 1))) == [
        f"a/page.html: {MAX_TEMPLATE + 1} lines"
    ]
    assert list(faults(Path("a/page.html"), "<p>\n" * MAX_TEMPLATE)) == []
