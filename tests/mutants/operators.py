"""Small changes made everywhere in a function: comparisons turned, limits moved by one, negations and refusals left out."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
LEFT_OUT = "pass"


@dataclass(frozen=True)
class Change:
    """A fragment of a source at a place, and what takes its place; `name` is unique in its function."""

    name: str
    words: str
    at: int
    old: str
    new: str


def changes(source: str, function: ast.AST) -> Iterator[Change]:
    """The changes of a function, in the order of its text."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    counted: Counter[str] = Counter()
    for node in _inside(function):
        for kind, words, new in _of_node(node):
            at = _place(lines, starts, node.lineno, node.col_offset)  # type: ignore[attr-defined]
            end = _place(lines, starts, node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
            counted[kind] += 1
            yield Change(f"{kind}-{counted[kind]}", words, at, source[at:end], new)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """A node and those below it; of texts with values in them, whose places older Pythons do not know, nothing."""
    if isinstance(node, ast.JoinedStr):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _inside(child)


def _place(lines: list[str], starts: list[int], line: int, column: int) -> int:
    """The place of a node in the text; the syntax tree counts columns in bytes."""
    return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())


def _of_node(node: ast.AST) -> Iterator[tuple[str, str, str]]:
    """(kind, words, replacement) of each change of one node."""
    if isinstance(node, ast.Compare):
        yield from _turned(node)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        changed = ast.BoolOp(op=other, values=node.values)
        yield "boolean", "«and» and «or» change places", f"({ast.unparse(changed)})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", "a negation is left out", f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.Raise):
        yield "raise", "a refusal is left out", LEFT_OUT


def _turned(node: ast.Compare) -> Iterator[tuple[str, str, str]]:
    for number, operator in enumerate(node.ops):
        other = COMPARISONS[type(operator)]()
        ops = [*node.ops[:number], other, *node.ops[number + 1 :]]
        changed = ast.Compare(left=node.left, ops=ops, comparators=node.comparators)
        yield "compare", "a comparison is turned", f"({ast.unparse(changed)})"
