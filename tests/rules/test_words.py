"""Names are the field's: no private words, one class of a name in each program, modules named for what they hold."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from jinja2 import nodes

from tests.rules.syntax import walk
from udi.node.schema import NodeTable
from udi.portal.schema import PortalTable
from udi.ui.domains import declare_tables

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "platform/src/udi"
FORBIDDEN = frozenset(
    [
        "said",
        "told",
        "each",
        "found",
        "asked",
        "wanted",
        "shown",
        "saying",
        "telling",
        "asking",
        "acting",
        "doing",
        "kept",
        "cut",
        "wrong",
        "anew",
        "alike",
        "here",
        "there",
        "keeps",
        "typed",
        "verdict",
        "waits",
    ]
)
"""Participles and pronouns that say nothing of what a value is."""
NICKNAMES = frozenset(
    [
        "deed",
        "depot",
        "desk",
        "envoy",
        "notary",
        "sheaf",
        "shelf",
        "surgery",
        "voice",
    ]
)
"""Names of things that have one in the field: context, storage, agreement, signer (docs/glossary.md)."""
REFUSED = FORBIDDEN | NICKNAMES
REFUSED_ALONE = REFUSED | {"own"}
"""A variable is named for what it holds; in a name of several words, `own_node` is a producer's node (docs/glossary.md)."""
FORBIDDEN_MODULES = frozenset(
    [
        "acting",
        "asked",
        "asking",
        "care",
        "changing",
        "course",
        "cut",
        "deciding",
        "doing",
        "ending",
        "further",
        "inside",
        "jobs",
        "judging",
        "letters",
        "looking",
        "making",
        "meeting",
        "rooms",
        "said",
        "saying",
        "shapes",
        "sheaves",
        "standing",
        "states",
        "storing",
        "telling",
        "told",
        "treating",
        "trying",
        "turns",
        "waiting",
        "wanted",
        "wrong",
    ]
)
NAMING: dict[type[ast.AST], str] = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.Attribute: "attr",
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
    ast.ClassDef: "name",
    ast.keyword: "arg",
    ast.alias: "asname",
}
"""By kind of node of a syntax tree, the field that holds the name which it gives or uses."""
MODULES = sorted(
    path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BENCHMARKS = sorted((ROOT / "bench").rglob("*.py"))
SPEAKS = re.compile(r"\b(told|said|asked|wanted)\b")
PLACE = re.compile(r'\bid="([^"]+)"')
"""The name of an element, to which addresses, styles and scripts lead."""
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))
JINJA = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
OF_THE_QUEUE = "kit/jobs.py"


@dataclass(frozen=True)
class ModuleNames:
    """What is looked for in a module of the product."""

    private_words: tuple[tuple[int, str], ...]
    enum_values: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]
    api_descriptions: tuple[tuple[int, str], ...]


@cache
def read_module(path: Path) -> ModuleNames:
    """Read a module once."""
    tree = ast.parse(path.read_text())
    return ModuleNames(
        tuple(private_words(tree)),
        tuple(enum_values(tree)),
        tuple(node.name for node in tree.body if isinstance(node, ast.ClassDef)),
        tuple(api_descriptions(tree)),
    )


def test_no_variable_parameter_or_function_has_a_private_word() -> None:
    faults = [
        f"{path.relative_to(SOURCE)}:{line}: {name}"
        for path in MODULES
        for line, name in read_module(path).private_words
    ]

    assert len(MODULES) > 900
    assert faults == []


def test_no_name_in_tests_or_benchmarks_is_a_private_word() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in (*TESTS, *BENCHMARKS)
        for line, name in private_words(ast.parse(path.read_text()))
    ]

    assert len(BENCHMARKS) > 40
    assert faults == []


def private_words(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Names that a reader cannot place."""
    for node in walk(tree):
        field = NAMING.get(type(node))
        if field is None:
            continue
        name = getattr(node, field) or ""
        if name in REFUSED_ALONE or name.strip("_").lower() in REFUSED:
            yield node.lineno, name  # type: ignore[attr-defined]


def test_no_name_in_a_template_is_a_private_word() -> None:
    faults = [
        f"{path.relative_to(SOURCE)}:{line}: {name}"
        for path in TEMPLATES
        for line, name in template_words(path.read_text())
        if name in REFUSED_ALONE
    ]

    assert len(TEMPLATES) > 200
    assert faults == []


def test_no_file_or_place_of_a_template_has_a_private_word() -> None:
    files = [path for path in SOURCE.rglob("templates/**/*") if path.is_file()]
    places = [
        f"{path.relative_to(SOURCE)}: {name}"
        for path in TEMPLATES
        for name in PLACE.findall(path.read_text())
    ]

    assert len(files) > 250
    assert [str(path) for path in files if has_private_word(path.stem)] == []
    assert len(places) > 200
    assert [
        place for place in places if has_private_word(place.partition(": ")[2])
    ] == []


def template_words(source: str) -> Iterator[tuple[int, str]]:
    """Names that a template is given, sets, defines, passes or reads of a value."""
    for node in JINJA.parse(source).find_all(nodes.Node):
        for field in ("name", "key", "attr", "target"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                yield node.lineno, name


def test_no_column_has_a_private_word() -> None:
    declare_tables("portal")
    declare_tables("node")
    columns = [
        f"{table.name}.{column.name}"
        for metadata in (PortalTable.metadata, NodeTable.metadata)
        for table in metadata.sorted_tables
        for column in table.columns
    ]

    assert len(columns) > 800
    assert [name for name in columns if has_private_word(name)] == []


def test_no_state_or_code_has_a_private_word() -> None:
    values = [
        f"{path.relative_to(SOURCE)}: {name}.{value}"
        for path in MODULES
        for name, value in read_module(path).enum_values
    ]

    assert len(values) > 500
    assert [
        value for value in values if has_private_word(value.rpartition(".")[2])
    ] == []


def enum_values(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The texts that an enumeration stands for, with its name."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and "StrEnum" in map(ast.unparse, node.bases):
            for statement in node.body:
                if isinstance(statement, ast.Assign) and isinstance(
                    statement.value, ast.Constant
                ):
                    yield node.name, str(statement.value.value)


def has_private_word(name: str) -> bool:
    """Whether one of the words of a name of several says nothing."""
    return not REFUSED.isdisjoint(re.split(r"[^a-z]+", name.lower()))


def test_a_class_has_a_name_of_its_own_in_its_program() -> None:
    places = defaultdict(list)
    for path in MODULES:
        program = path.relative_to(SOURCE).parts[0]
        for name in read_module(path).classes:
            places[program, name].append(str(path.relative_to(SOURCE)))

    assert len(places) > 800
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_a_module_is_named_for_what_it_holds() -> None:
    names = Counter(path.stem for path in MODULES)
    faults = [
        str(path.relative_to(SOURCE))
        for path in MODULES
        if is_unnamed(path.stem) and str(path.relative_to(SOURCE)) != OF_THE_QUEUE
    ]

    assert names["schemas"] > 3
    assert faults == []


def is_unnamed(stem: str) -> bool:
    """Whether the name of a module says nothing of what it holds, or that another one was too long."""
    return stem in FORBIDDEN_MODULES or stem.endswith("_parts")


def test_a_module_that_was_cut_by_its_size_is_seen() -> None:
    names = ["schema_parts", "parts", "states", "part_schemas"]

    assert [is_unnamed(name) for name in names] == [True, False, True, False]


def test_a_module_of_tests_is_named_for_what_it_tests() -> None:
    stems = {path.stem.removeprefix("test_"): path for path in (*TESTS, *BENCHMARKS)}

    assert len(TESTS) > 700
    assert sorted(stems.keys() & (REFUSED | FORBIDDEN_MODULES)) == []


def test_no_description_of_the_api_has_a_private_word() -> None:
    descriptions = [
        f"{path.relative_to(SOURCE)}:{line}: {text}"
        for path in MODULES
        for line, text in read_module(path).api_descriptions
    ]

    assert len(descriptions) > 500
    assert [
        text for text in descriptions if SPEAKS.search(text.partition(": ")[2])
    ] == []


def api_descriptions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What operations, fields and parameters of the API say of themselves."""
    for node in walk(tree):
        if isinstance(node, ast.keyword) and node.arg in {"summary", "description"}:
            text = node.value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.lineno, text.value


def test_a_private_word_is_seen_wherever_it_stands() -> None:
    program = """
from page import Shown as Found

class Link:
    told: bool
    cut: int

def look(each, *, own, own_node, page):
    said = page.told or page._cut
    return [wanted for wanted in each]

def asking():
    render(desk=page)
"""

    assert sorted(name for _, name in private_words(ast.parse(program))) == [
        "Found",
        "_cut",
        "asking",
        "cut",
        "desk",
        "each",
        "each",
        "own",
        "said",
        "told",
        "told",
        "wanted",
        "wanted",
    ]


def test_a_private_word_of_a_template_is_seen_wherever_it_stands() -> None:
    template = """
{% import "x.html" as said %}{% macro told(page) %}{{ page }}{% endmacro %}
{% for each in pages %}{{ each.shown }}{{ ui.list(kept=pages) }}{% endfor %}
{% set found = wanted %}{% block asked %}{% endblock %}
"""

    assert {name for _, name in template_words(template)} & REFUSED == {
        "asked",
        "each",
        "found",
        "kept",
        "said",
        "shown",
        "told",
        "wanted",
    }


def test_a_private_word_of_a_state_is_seen() -> None:
    program = 'class State(StrEnum):\n    OPEN = "open"\n    ASKED = "more_asked"\n'

    assert [
        value for _, value in enum_values(ast.parse(program)) if has_private_word(value)
    ] == ["more_asked"]
    assert has_private_word("link.told_at")
    assert not has_private_word("link.checked_at")
