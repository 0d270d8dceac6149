"""Names are the field's: no private words, one class of a name in each program, modules named for what they hold."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
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
    ]
)
"""Participles and pronouns that say nothing of what a value is."""
COLUMNS_AND_FIELDS = {
    "shown": "column of deliveries to further portals, of sources; field of a source",
    "told": "column of links and of harvest runs; field of one's agreements",
    "said": "column of links; field of access conditions; key of `udi doctor --json`",
    "found": "column of harvest runs and interests; field of a reading",
    "asked": "field of access and data requests; key of a saved crawl",
    "kept": "field of access conditions",
    "wanted": "column of choices",
}
"""Words that the database or the API already has: they may stand as attributes and keywords."""
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
MODULES = sorted(
    path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts
)
OF_THE_QUEUE = "kit/jobs.py"


def test_the_table_of_exceptions_holds_forbidden_words_only() -> None:
    assert COLUMNS_AND_FIELDS.keys() <= FORBIDDEN


def test_no_variable_parameter_or_function_has_a_private_word() -> None:
    faults = [
        f"{path.relative_to(SOURCE)}:{line}: {name}"
        for path in MODULES
        for line, name in private_words(ast.parse(path.read_text()))
    ]

    assert len(MODULES) > 900
    assert faults == []


def private_words(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Names that a reader cannot place; fields of classes may be columns or keys of JSON."""
    fields = {
        id(statement.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        name = name_of(node)
        may_be_field = isinstance(node, ast.Attribute) or id(node) in fields
        if name in FORBIDDEN and not (may_be_field and name in COLUMNS_AND_FIELDS):
            yield node.lineno, name  # type: ignore[attr-defined]


def name_of(node: ast.AST) -> str:
    """The name that a node of the syntax tree gives or uses."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    return ""


def test_a_class_has_a_name_of_its_own_in_its_program() -> None:
    places = defaultdict(list)
    for path in MODULES:
        program = path.relative_to(SOURCE).parts[0]
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                places[program, node.name].append(str(path.relative_to(SOURCE)))

    assert len(places) > 800
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_a_module_is_named_for_what_it_holds() -> None:
    names = Counter(path.stem for path in MODULES)
    faults = [
        str(path.relative_to(SOURCE))
        for path in MODULES
        if path.stem in FORBIDDEN_MODULES
        and str(path.relative_to(SOURCE)) != OF_THE_QUEUE
    ]

    assert names["schemas"] > 3
    assert faults == []


def test_a_private_word_is_seen_wherever_it_stands() -> None:
    program = """
class Link:
    told: bool
    cut: int

def look(each, *, page):
    said = page.told or page.cut
    return [wanted for wanted in each]

def asking():
    pass
"""

    assert sorted(name for _, name in private_words(ast.parse(program))) == [
        "asking",
        "cut",
        "cut",
        "each",
        "each",
        "said",
        "wanted",
        "wanted",
    ]
