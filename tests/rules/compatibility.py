"""What a revision may do beside the program of the release before, read from its text.

Found: Alembic's operations by name, and SQL in any string. A table that the same file creates is nobody's yet.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

OPERATIONS = {
    "drop_table": "takes a table away",
    "drop_column": "takes a column away",
    "rename_table": "renames a table",
    "create_unique_constraint": "forbids what the program before may write",
    "create_check_constraint": "forbids what the program before may write",
    "create_foreign_key": "forbids what the program before may write",
    "create_exclude_constraint": "forbids what the program before may write",
}
SQL = {
    r"\bDROP\s+(TABLE|VIEW|MATERIALIZED\s+VIEW|SCHEMA|TYPE|FUNCTION)\b": "takes something away",
    r"\bDROP\s+COLUMN\b": "takes a column away",
    r"\bRENAME\s+(COLUMN|TO|CONSTRAINT)\b": "renames",
    r"\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b": "changes a type",
    r"\bSET\s+NOT\s+NULL\b": "forbids what the program before may write",
    r"\bADD\s+(COLUMN\s+)?(?!CONSTRAINT)[^,;]*\bNOT\s+NULL\b(?![^,;]*\bDEFAULT\b)(?<!DEFAULT)": "asks for a value that it does not write",
    r"\bADD\s+CONSTRAINT\b": "forbids what the program before may write",
    r"\bTRUNCATE\s+TABLE\b": "takes rows away",
    r"\bREVOKE\b": "takes a right away",
}
REASON = "compatible_because"
SHORTEST_REASON = 20


def constant(tree: ast.Module, name: str) -> object:
    """The value that a module gives to a name at its top, None without."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == name for t in node.targets
        ):
            return ast.literal_eval(node.value)
    return None


def faults(path: Path) -> list[str]:
    """What is wrong with one revision; nothing for a contracting one, nor where a reason stands."""
    tree = ast.parse(path.read_text())
    phase = constant(tree, "phase")
    reason = constant(tree, REASON)
    if phase == "contract":
        since = constant(tree, "unused_since")
        if isinstance(since, str):
            return []
        return ["says no `unused_since`, the first version that can do without"]
    if phase != "expand":
        return ['says neither `phase = "expand"` nor `"contract"`']
    if isinstance(reason, str) and len(reason) >= SHORTEST_REASON:
        return []
    return [*_operations(tree), *_sql(tree)]


def _operations(tree: ast.Module) -> Iterator[str]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    created = {_text(call) for call in calls if _name(call) == "create_table"}
    for call in calls:
        name = _name(call)
        line = f"line {call.lineno}"
        ours = _table(call) in created
        if name in OPERATIONS and not ours:
            yield f"{line}: {name} {OPERATIONS[name]}"
        elif name == "alter_column":
            yield from (
                f"{line}: alter_column {alteration}"
                for alteration in _alterations(call)
            )
        elif name == "add_column" and not ours and _is_asked_for(call):
            yield f"{line}: add_column asks for a value that the program before does not write"
        elif name == "create_index" and not ours and _keyword(call, "unique"):
            yield f"{line}: create_index forbids what the program before may write"


def _alterations(call: ast.Call) -> Iterator[str]:
    if _keyword(call, "new_column_name"):
        yield "renames a column"
    if _keyword(call, "type_"):
        yield "changes a type"
    if any(
        keyword.arg == "nullable" and not getattr(keyword.value, "value", True)
        for keyword in call.keywords
    ):
        yield "forbids what the program before may write"


def _is_asked_for(call: ast.Call) -> bool:
    for column in (
        node
        for node in ast.walk(call)
        if isinstance(node, ast.Call) and _name(node) == "Column"
    ):
        refused = any(
            keyword.arg == "nullable" and not getattr(keyword.value, "value", True)
            for keyword in column.keywords
        )
        if refused and not _keyword(column, "server_default"):
            return True
    return False


def _sql(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for pattern, problem in SQL.items():
                if re.search(pattern, node.value, re.IGNORECASE):
                    yield f"line {node.lineno}: «{node.value.strip()[:60]}» {problem}"


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _keyword(call: ast.Call, name: str) -> bool:
    """Whether it is given, as something else than None or False."""
    return any(
        keyword.arg == name and getattr(keyword.value, "value", 0) not in (None, False)
        for keyword in call.keywords
    )


def _text(call: ast.Call, place: int = 0) -> object:
    if len(call.args) > place:
        return getattr(call.args[place], "value", None)
    return None


def _table(call: ast.Call) -> object:
    """Constraints and indexes name themselves first, then their table."""
    return _text(call, 1 if _name(call).startswith("create_") else 0)
