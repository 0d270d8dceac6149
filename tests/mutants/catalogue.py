"""The mutants: one small change of the program each, in a place that guards something, and the tests that must notice it.

`places/*.toml` list them by area. A `[[module.mutant]]` cuts one guard, written by hand; a `[[module.operators]]` names
functions in which every comparison, negation, conjunction, refusal and small number is changed in turn (`operators.py`).
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.mutants import operators

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "platform/src"
PLACES = Path(__file__).parent / "places"
TOKEN = re.compile(r"""\w+|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\S""")
WORD = re.compile(r"\w\Z|\A\w")
CLOSING = frozenset(")]}")
WRAPPED = frozenset({"if", "elif", "while", "return", "assert"})
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class LostPlaceError(Exception):
    """What a mutant changes is not in the program, or not once."""


@dataclass(frozen=True)
class Mutant:
    """A change of one function (empty: of the whole module), what it cuts in words, and who must notice.

    `survives` is the reason for which no test need notice. `fresh`: what it changes is in a database from its
    migration on, so its tests need one that the changed program made. `alone`: its tests need no fixture of the suite.
    """

    id: str
    module: str
    function: str
    description: str
    old: str
    new: str
    tests: tuple[str, ...]
    occurrence: int = -1
    """Which occurrence of `old` in the function, from 0; -1: the only one."""
    survives: str = ""
    fresh: bool = False
    alone: bool = False

    @property
    def path(self) -> Path:
        """The file of the module, from the root of the project."""
        return module_path(self.module)

    def apply(self, source: str) -> str:
        """Return the source with the change.

        Raises:
            LostPlaceError: the function or the fragment is not there, or the fragment is there more than once.
            SyntaxError: what comes of it is no program.
        """
        start, end = find_span(source, self.function)
        segment = source[start:end]
        places = _find_all(segment, self.old)
        if (
            not places
            or (self.occurrence < 0 and len(places) != 1)
            or self.occurrence >= len(places)
        ):
            where = f"{self.module}.{self.function}".rstrip(".")
            raise LostPlaceError(
                f"{self.id}: {where} holds {self.old!r} {len(places)} times"
            )
        first, last = places[max(self.occurrence, 0)]
        changed = source[: start + first] + self.new + source[start + last :]
        compile(changed, str(self.path), "exec")
        return changed


def module_path(module: str) -> Path:
    """The file of a module, from the root of the project."""
    path = SOURCES.joinpath(*module.split("."))
    if path.is_dir():
        file = path / "__init__.py"
    else:
        file = path.with_suffix(".py")
    return file.relative_to(ROOT)


def _find_all(text: str, fragment: str) -> list[tuple[int, int]]:
    """Where a fragment starts and ends: as it is written, else however its lines are broken."""
    places = [
        (match.start(), match.start() + len(fragment))
        for match in re.finditer(f"(?={re.escape(fragment)})", text)
    ]
    return places or [
        match.span() for match in re.finditer(_layout_free(fragment), text)
    ]


@cache
def _layout_free(fragment: str) -> str:
    """A pattern of the fragment's tokens, whatever the white space between them, with or without the parentheses and the
    last comma that the formatter adds.
    """
    tokens = TOKEN.findall(fragment)
    if tokens[0] not in WRAPPED:
        return _join_tokens(tokens)
    colon = tokens[-1] == ":"
    expression = _join_tokens(tokens[1:-1] if colon else tokens[1:])
    return rf"{tokens[0]}\s*(\(\s*)?{expression}(?(1)\s*\)){':' if colon else ''}"


def _join_tokens(tokens: Sequence[str]) -> str:
    pattern = ""
    before = ""
    for token in tokens:
        if WORD.search(before) and WORD.match(token):
            pattern += r"\s+"
        elif before:
            pattern += r",?\s*" if token in CLOSING and before != "," else r"\s*"
        pattern += re.escape(token)
        before = token
    return pattern


def find_span(source: str, function: str) -> tuple[int, int]:
    """Where a function or class stands in its source, by its qualified name; the whole source where that is empty.

    Raises:
        LostPlaceError: there is none of this name.
    """
    if not function:
        return 0, len(source)
    node = find_node(source, function)
    lines = source.splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1]))
    return start, start + sum(map(len, lines[node.lineno - 1 : node.end_lineno]))


def find_node(source: str, function: str) -> Definition:
    """The definition of a qualified name, such as `Gate.turn`; of two with one name, the first.

    Raises:
        LostPlaceError: there is none of this name.
    """
    definition = _definitions(source).get(function)
    if definition is None:
        raise LostPlaceError(f"no function {function}")
    return definition


@cache
def _definitions(source: str) -> dict[str, Definition]:
    """The functions and classes of a source, by their qualified names."""
    definitions: dict[str, Definition] = {}
    waiting: list[tuple[str, ast.AST]] = [("", ast.parse(source))]
    while waiting:
        prefix, parent = waiting.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, Definition):
                definitions.setdefault(prefix + node.name, node)
                waiting.append((f"{prefix}{node.name}.", node))
            elif isinstance(node, ast.stmt | ast.excepthandler):
                waiting.append((prefix, node))
    return definitions


def load(folder: Path = PLACES) -> list[Mutant]:
    """Every mutant of the tables, in their order.

    Raises:
        LostPlaceError: operators are asked for in a function that is not there.
    """
    return [
        mutant
        for path in sorted(folder.glob("*.toml"))
        for module in tomllib.loads(path.read_text())["module"]
        for mutant in _of_module(module)
    ]


def _of_module(module: dict[str, Any]) -> Iterator[Mutant]:
    name = module["name"]
    usual = module.get("tests", [])
    for entry in module.get("mutant", ()):
        yield Mutant(
            id=entry["id"],
            module=name,
            function=entry.get("in", ""),
            description=entry["cut"],
            old=entry["old"],
            new=entry["new"],
            tests=tuple(entry.get("tests", usual)),
            occurrence=entry.get("occurrence", -1),
            survives=entry.get("survives", ""),
            fresh=entry.get("fresh", False),
            alone=entry.get("alone", module.get("alone", False)),
        )
    for group in module.get("operators", ()):
        for function in group["in"]:
            yield from _of_operators(module, group, function)


def _of_operators(
    about: dict[str, Any], group: dict[str, Any], function: str
) -> Iterator[Mutant]:
    module = about["name"]
    tests = tuple(group.get("tests", about.get("tests", ())))
    reasons = group.get("survives", {})
    source = (ROOT / module_path(module)).read_text()
    start, end = find_span(source, function)
    for change in operators.changes(source, find_node(source, function)):
        name = f"{module.removeprefix('udi.')}.{function}/{change.name}"
        before = [first for first, _ in _find_all(source[start:end], change.old)]
        yield Mutant(
            id=name,
            module=module,
            function=function,
            description=change.words,
            old=change.old,
            new=change.new,
            tests=tests,
            occurrence=before.index(change.at - start),
            survives=reasons.get(f"{function}/{change.name}", ""),
            alone=group.get("alone", about.get("alone", False)),
        )
