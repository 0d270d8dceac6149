"""A small evaluator of ODRL 2.2, over RDF: written from the W3C's model and the profile's description, not from our code.

A permission holds when all its constraints do (ODRL information model 2.5); a left operand that is not known holds never.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

from tests.protocol.drawn import Cell, DrawnReading, Table

ODRL = "http://www.w3.org/ns/odrl/2/"
DPV = "https://w3id.org/dpv#"
XSD = "http://www.w3.org/2001/XMLSchema#"
OURS = "urn:udi:odrl:"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PURPOSES = {
    "research": f"{DPV}ScientificResearch",
    "public_service": f"{DPV}ImprovePublicServices",
    "education": f"{OURS}Education",
    "information": f"{OURS}PublicInformation",
    "civic": f"{OURS}CivicActivity",
    "commercial": f"{DPV}CommercialPurpose",
}
Node = NamedNode | BlankNode
Value = Decimal | str | datetime


class Graph:
    """Triples by subject and predicate."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.objects: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for quad in parse(json.dumps(document), format=RdfFormat.JSON_LD):
            self.objects[str(quad.subject), quad.predicate.value].append(quad.object)

    def all(self, subject: Any, name: str) -> list[Any]:
        return self.objects.get(
            (str(subject), name if ":" in name else ODRL + name), []
        )

    def one(self, subject: Any, name: str) -> Any:
        objects = self.all(subject, name)
        assert len(objects) == 1, f"{name}: {objects}"
        return objects[0]

    def policy(self, kind: str) -> NamedNode:
        subjects = [
            subject
            for (subject, name), values in self.objects.items()
            if name == TYPE and NamedNode(ODRL + kind) in values
        ]
        assert len(subjects) == 1
        return NamedNode(subjects[0].strip("<>"))


@dataclass(frozen=True)
class Constraint:
    """One comparison."""

    left: str
    operator: str
    right: tuple[str, ...]


def constraints(graph: Graph, rule: Any) -> list[Constraint]:
    return [
        Constraint(
            graph.one(constraint, "leftOperand").value,
            graph.one(constraint, "operator").value.removeprefix(ODRL),
            tuple(right.value for right in graph.all(constraint, "rightOperand")),
        )
        for constraint in graph.all(rule, "constraint")
    ]


def compare(operator: str, left: Value, right: tuple[str, ...]) -> bool:
    values = [_as(left, literal) for literal in right]
    if operator in {"isAnyOf", "isNoneOf"}:
        return any(left == value for value in values) is (operator == "isAnyOf")
    assert len(values) == 1
    value: Any = values[0]
    single: dict[str, Callable[[Any], bool]] = {
        "eq": lambda it: bool(it == value),
        "neq": lambda it: bool(it != value),
        "lt": lambda it: bool(it < value),
        "lteq": lambda it: not it > value,
        "gt": lambda it: bool(it > value),
        "gteq": lambda it: not it < value,
    }
    return single[operator](left)


def _as(left: Value, text: str) -> Value:
    if isinstance(left, datetime):
        return datetime.fromisoformat(text)
    if isinstance(left, Decimal):
        return Decimal(text)
    return text


def evaluate(
    graph: Graph, reading: DrawnReading, table: Table, recipient: str = ""
) -> tuple[object, ...]:
    """Refused, or the columns and rows of the table whose use the one permission covers."""
    policy = graph.policy("Agreement")
    permission = graph.one(policy, "permission")
    assert graph.one(permission, "action").value == f"{ODRL}use"
    rules = constraints(graph, permission)
    about_columns = [rule for rule in rules if rule.left == f"{OURS}column"]
    about_cells = [rule for rule in rules if rule.left.startswith(f"{OURS}cell:")]
    world: dict[str, Value] = {
        f"{ODRL}dateTime": reading.moment,
        f"{ODRL}recipient": recipient,
        f"{OURS}bytesThisMonth": Decimal(reading.bytes_before + max(reading.size, 1)),
        f"{OURS}readingsThisMinute": Decimal(reading.readings_before + 1),
    }
    if reading.purpose is not None:
        world[f"{ODRL}purpose"] = PURPOSES[reading.purpose]
    general = [
        rule for rule in rules if rule not in about_columns and rule not in about_cells
    ]
    # A purpose that is not stated is the one that was agreed.
    stated = [
        rule for rule in general if rule.left in world or rule.left != f"{ODRL}purpose"
    ]
    holds = all(compare(rule.operator, world[rule.left], rule.right) for rule in stated)

    def opens(column: str) -> bool:
        return all(compare(rule.operator, column, rule.right) for rule in about_columns)

    def gives(row: dict[str, Cell]) -> bool:
        return all(_cell_holds(rule, row) for rule in about_cells)

    # A file as it is uses whatever it holds: columns that nobody named, cells that are empty.
    if reading.as_file:
        holds = (
            holds
            and opens("\N{REPLACEMENT CHARACTER}")
            and gives(dict.fromkeys(table.numeric))
        )
    if (
        not holds
        or not all(map(opens, reading.columns or ()))
        or graph.one(policy, "target").value != f"urn:uuid:{reading.dataset}"
    ):
        return (False,)
    return (
        True,
        frozenset(filter(opens, table.numeric)),
        tuple(gives(row) for row in table.rows),
    )


def _cell_holds(rule: Constraint, row: dict[str, Cell]) -> bool:
    cell = row[unquote(rule.left.removeprefix(f"{OURS}cell:"))]
    return cell is not None and compare(rule.operator, cell, rule.right)


def duties(graph: Graph, policy: Any) -> set[tuple[str, tuple[Constraint, ...]]]:
    rule = graph.one(policy, "permission")
    return {
        (graph.one(duty, "action").value, tuple(constraints(graph, duty)))
        for duty in graph.all(rule, "duty")
    }


def prohibitions(graph: Graph, policy: Any) -> set[tuple[str, tuple[Constraint, ...]]]:
    rules = graph.all(policy, "prohibition")
    return {
        (graph.one(rule, "action").value, tuple(constraints(graph, rule)))
        for rule in rules
    }


__all__ = [
    "Constraint",
    "Graph",
    "Literal",
    "constraints",
    "duties",
    "evaluate",
    "prohibitions",
]
