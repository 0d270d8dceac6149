"""Which schemas a header follows: shared columns, rare ones first, required ones first."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.schemas.column_pairs import match_columns
from udi.tabular.schemas.schema import TableSchema, fold_name

ENOUGH = 0.5
FEWEST = 3
REQUIRED_WEIGHT = 3.0
MOST_PROPOSED = 5


@dataclass(frozen=True)
class SchemaMatch:
    """A schema that a file seems to follow; `score` is between 0 and 1, `matched` and `missing` are the schema's names."""

    schema: TableSchema
    score: float
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    why: TranslatableMessage


def recognise_schemas(
    columns: Sequence[str], schemas: Sequence[TableSchema]
) -> list[SchemaMatch]:
    """The likely schemas of a file from the names of its columns, best first; empty when none is near enough."""
    rarity = _rarity(schemas)
    matches = [
        match for schema in schemas if (match := _match(columns, schema, rarity))
    ]
    matches.sort(key=lambda match: (-match.score, match.schema.source))
    best: dict[str, SchemaMatch] = {}
    for match in matches:
        best.setdefault(match.schema.name, match)
    return list(best.values())[:MOST_PROPOSED]


def _rarity(schemas: Sequence[TableSchema]) -> dict[str, float]:
    """How much a name says: `id` is in many schemas, `id_pdc_itinerance` in two."""
    counts = Counter(
        name
        for schema in schemas
        for name in {fold_name(field.name) for field in schema.fields}
    )
    return {name: math.log(1 + len(schemas) / count) for name, count in counts.items()}


def _match(
    columns: Sequence[str], schema: TableSchema, rarity: dict[str, float]
) -> SchemaMatch | None:
    pairs = match_columns(columns, schema)
    matched = {field.name for field, _ in pairs}
    if len(matched) < min(FEWEST, len(schema.fields), len(columns)):
        return None
    weights = {
        field.name: rarity[fold_name(field.name)]
        * (REQUIRED_WEIGHT if field.required else 1)
        for field in schema.fields
    }
    schema_coverage = sum(weights[name] for name in matched) / sum(weights.values())
    unknown = math.log(1 + len(rarity)) / 2
    of_file = sum(rarity.get(fold_name(column), unknown) for column in columns)
    if of_file:
        file_coverage = sum(rarity[fold_name(name)] for name in matched) / of_file
    else:
        file_coverage = 0.0
    score = math.sqrt(schema_coverage * file_coverage)
    if score < ENOUGH:
        return None
    missing = tuple(name for name in schema.required if name not in matched)
    return SchemaMatch(
        schema,
        score,
        tuple(sorted(matched)),
        missing,
        _explain_match(schema, len(matched), len(columns), missing),
    )


def _explain_match(
    schema: TableSchema, matched: int, columns: int, missing: Sequence[str]
) -> TranslatableMessage:
    values = {
        "title": schema.title,
        "matched": matched,
        "columns": columns,
        "missing": ", ".join(missing[:5]),
    }
    if missing:
        return TranslatableMessage(
            "%(matched)s of your %(columns)s columns are those of «%(title)s»; it also asks for: %(missing)s.",
            values,
        )
    return TranslatableMessage(
        "%(matched)s of your %(columns)s columns are those of «%(title)s».", values
    )
