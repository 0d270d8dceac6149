"""Small by habit, never by packing: functions, modules and templates stay readable, and so do their lines."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.rules.syntax import walk

ROOT = Path(__file__).parents[2]
SOURCES = (ROOT / "platform/src/udi", ROOT / "bench")
MAX_FUNCTION = 59
MAX_MODULE = 499
MAX_TEMPLATE = 99
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


COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def functions(nodes: Iterable[ast.AST]) -> list[tuple[str, int]]:
    """The functions of a module, with their numbers of lines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        (node.name, (node.end_lineno or 0) - node.lineno + 1)
        for node in nodes
        if isinstance(node, kinds)
    ]


def packed_lines(nodes: Iterable[ast.AST]) -> list[tuple[int, str]]:
    """Lines that ask more than one thing: a conditional in a conditional, a comprehension with two conditions."""
    packed = []
    for node in nodes:
        if isinstance(node, ast.IfExp):
            conditionals = sum(isinstance(part, ast.IfExp) for part in walk(node))
            if conditionals > 1:
                packed.append((node.lineno, "a conditional in a conditional"))
        elif isinstance(node, COMPREHENSIONS):
            conditions = sum(len(part.ifs) for part in node.generators)
            if conditions > 1:
                packed.append((node.lineno, "a comprehension with two conditions"))
    return packed


@cache
def measure(content: str) -> tuple[list[tuple[str, int]], list[tuple[int, str]]]:
    """The functions of a module and its packed lines, looked for once."""
    nodes = [*walk(ast.parse(content))]
    return functions(nodes), sorted(packed_lines(nodes))


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
        lengths, packed = measure(content)
        yield from (
            f"{path}: {name}: {length} lines"
            for name, length in lengths
            if length > MAX_FUNCTION
        )
        yield from (f"{path}:{line}: {what}" for line, what in packed)


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
        length for path in MODULES for _, length in measure(path.read_text())[0]
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


def test_a_packed_line_is_named() -> None:
    program = """
width = 1 if small else 2
width = 1 if small else 2 if wide else 3
names = [name for name in names if name]
names = [name for page in pages if page for name in page if name]
"""

    assert list(faults(Path("a/module.py"), program)) == [
        "a/module.py:3: a conditional in a conditional",
        "a/module.py:5: a comprehension with two conditions",
    ]
