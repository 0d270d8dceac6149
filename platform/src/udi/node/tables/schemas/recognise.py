"""Which schemas a header follows: shared columns, rare ones first, required ones first."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from udi.node.tables.schemas.match import pair
from udi.node.tables.schemas.schema import Schema, folded
from udi.node.tables.sentence import Said

ENOUGH, FEWEST = 0.5, 3
REQUIRED_WEIGHT = 3.0
MOST_PROPOSED = 5


@dataclass(frozen=True)
class Match:
    """A schema that a file seems to follow; `score` is between 0 and 1, `matched` and `missing` are the schema's names."""

    schema: Schema
    score: float
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    why: Said


def recognise(columns: Sequence[str], schemas: Sequence[Schema]) -> list[Match]:
    """The likely schemas of a file from the names of its columns, best first; empty when none is near enough."""
    rarity = _rarity(schemas)
    found = [match for schema in schemas if (match := _match(columns, schema, rarity))]
    found.sort(key=lambda match: (-match.score, match.schema.source))
    best: dict[str, Match] = {}
    for match in found:
        best.setdefault(match.schema.name, match)
    return list(best.values())[:MOST_PROPOSED]


def _rarity(schemas: Sequence[Schema]) -> dict[str, float]:
    """How much a name says: `id` is in many schemas, `id_pdc_itinerance` in two."""
    held = Counter(name for schema in schemas for name in {folded(field.name) for field in schema.fields})
    return {name: math.log(1 + len(schemas) / count) for name, count in held.items()}


def _match(columns: Sequence[str], schema: Schema, rarity: dict[str, float]) -> Match | None:
    pairs = pair(columns, schema)
    matched = {field.name for field, _ in pairs}
    if len(matched) < min(FEWEST, len(schema.fields), len(columns)):
        return None
    weights = {
        field.name: rarity[folded(field.name)] * (REQUIRED_WEIGHT if field.required else 1) for field in schema.fields
    }
    held = sum(weights[name] for name in matched) / sum(weights.values())
    unknown = math.log(1 + len(rarity)) / 2
    of_file = sum(rarity.get(folded(column), unknown) for column in columns)
    known = sum(rarity[folded(name)] for name in matched) / of_file if of_file else 0.0
    score = math.sqrt(held * known)
    if score < ENOUGH:
        return None
    missing = tuple(name for name in schema.required if name not in matched)
    return Match(schema, score, tuple(sorted(matched)), missing, _why(schema, len(matched), len(columns), missing))


def _why(schema: Schema, matched: int, columns: int, missing: Sequence[str]) -> Said:
    values = {"title": schema.title, "matched": matched, "columns": columns, "missing": ", ".join(missing[:5])}
    if missing:
        return Said(
            "%(matched)s of your %(columns)s columns are those of «%(title)s»; it also asks for: %(missing)s.", values
        )
    return Said("%(matched)s of your %(columns)s columns are those of «%(title)s».", values)
