"""From a column of a schema to SQL: does a text fit its type, and what breaks each constraint."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from udi.tabular.sandbox.duckdb_sandbox import literal
from udi.tabular.schemas.patterns import compile_pattern
from udi.tabular.schemas.schema import BOUNDS, NUMERIC, FieldType, SchemaField

PLAIN_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(INF|inf|Infinity)|NaN"
MOST_SHOWN = 10
REGEX_FORMATS = {
    "email": r"(?i)[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])",
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:\S*",
    "uuid": r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    "binary": r"(?s)[A-Za-z0-9+/\s]*={0,2}\s*",
}
SHAPES = {
    FieldType.YEAR: r"\d{4}",
    FieldType.YEARMONTH: r"\d{4}-(0[1-9]|1[0-2])",
    FieldType.TIME: r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.,]\d+)?(Z|[+-]\d\d(:?\d\d)?)?",
    FieldType.DURATION: r"-?P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
}
DIGITS = {
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), r"\d{1,2}"),
}
INSTANT = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d(:?\d\d)?)?"
GEOMETRIES = "Point MultiPoint LineString MultiLineString Polygon MultiPolygon GeometryCollection Feature FeatureCollection"


@dataclass(frozen=True)
class ColumnRule:
    """One thing that can be wrong in a column: `breaks` is true where it is; `expected` is shown to the person."""

    kind: str
    breaks: str
    expected: str = ""


def full_match(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"


def number_of(field: SchemaField, value: str) -> str:
    """A numeric column's text as a number of DuckDB, NULL when it is none."""
    return f"try_cast({_plain(field, value)} AS DOUBLE)"


def _plain(field: SchemaField, value: str) -> str:
    """A number as programs write it: no unit around, no separator of thousands, a point for the decimals."""
    if not field.bare:
        value = f"regexp_replace({value}, '^[^-0-9]+|[^0-9]+$', '', 'g')"
    if field.group_mark:
        value = f"replace({value}, {literal(field.group_mark)}, '')"
    if field.decimal_mark != ".":
        value = f"CASE WHEN contains({value}, '.') THEN 'x' ELSE replace({value}, {literal(field.decimal_mark)}, '.') END"
    return value


def fits(field: SchemaField, value: str) -> str:
    """True where the text `value` (never NULL) is of the field's type."""
    kind = field.type
    if kind in {FieldType.INTEGER, FieldType.NUMBER}:
        return full_match(
            _plain(field, value),
            r"[-+]?\d+" if kind is FieldType.INTEGER else PLAIN_NUMBER,
        )
    if kind is FieldType.BOOLEAN:
        return f"{value} IN ({', '.join(literal(allowed_value) for allowed_value in (*field.true_values, *field.false_values))})"
    if kind is FieldType.STRING:
        if field.format in REGEX_FORMATS:
            return full_match(value, REGEX_FORMATS[field.format])
        return "true"
    if kind in {FieldType.DATE, FieldType.DATETIME, FieldType.TIME}:
        return _fits_moment(field, value)
    if kind in SHAPES:
        return full_match(value, SHAPES[kind])
    return _fits_document(field, value)


def _fits_moment(field: SchemaField, value: str) -> str:
    if field.format not in {"default", "any"}:
        moment = f"try_strptime({value}, {literal(field.format)}) IS NOT NULL"
        return f"({full_match(value, _shape(field.format))} AND {moment})"
    if field.format == "any":
        return f"coalesce(try_cast({value} AS TIMESTAMP), try_strptime({value}, '%d/%m/%Y')) IS NOT NULL"
    if field.type is FieldType.DATE:
        return f"(try_strptime({value}, '%Y-%m-%d') IS NOT NULL AND {full_match(value, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}')})"
    if field.type is FieldType.TIME:
        return full_match(value, SHAPES[FieldType.TIME])
    moment = f"try_strptime(replace(left({value}, 19), 'T', ' '), '%Y-%m-%d %H:%M:%S')"
    return f"({full_match(value, INSTANT)} AND {moment} IS NOT NULL)"


def _shape(directives: str) -> str:
    """How long the figures of a format are: DuckDB reads 1 as a year."""
    parts = re.split(r"(%.)", directives)
    return "".join(
        DIGITS.get(part, ".+" if part.startswith("%") else re.escape(part))
        for part in parts
    )


def _fits_document(field: SchemaField, value: str) -> str:
    kind = field.type
    json_type = f"CASE WHEN json_valid({value}) THEN json_type({value}) END"
    if kind is FieldType.GEOPOINT:
        return _fits_point(field, value)
    if kind is FieldType.GEOJSON:
        geojson_types = ", ".join(
            literal(type_name) for type_name in (*GEOMETRIES.split(), "Topology")
        )
        named = f"CASE WHEN json_valid({value}) THEN json_extract_string({value}, '$.type') END"
        return (
            f"coalesce({json_type} = 'OBJECT' AND {named} IN ({geojson_types}), false)"
        )
    if kind in {FieldType.ARRAY, FieldType.OBJECT}:
        return f"coalesce({json_type} = {literal(kind.upper())}, false)"
    return "true"


def _fits_point(field: SchemaField, value: str) -> str:
    if field.format == "default":
        parts = [f"trim(split_part({value}, ',', {place}))" for place in (1, 2)]
        shape = f"len(string_split({value}, ',')) = 2"
    else:
        if field.format == "array":
            paths = ("$[0]", "$[1]")
        else:
            paths = ("$.lon", "$.lat")
        parts = [
            f"CASE WHEN json_valid({value}) THEN json_extract_string({value}, {literal(path)}) END"
            for path in paths
        ]
        shape = f"CASE WHEN json_valid({value}) THEN {_pair(field, value)} END"
    within = [
        f"try_cast({part} AS DOUBLE) BETWEEN -{limit} AND {limit}"
        for part, limit in zip(parts, (180, 90), strict=True)
    ]
    return f"coalesce({' AND '.join([shape, *within])}, false)"


def _pair(field: SchemaField, value: str) -> str:
    if field.format == "array":
        return f"json_array_length({value}) = 2"
    return f"len(json_keys({value})) = 2"


def rules(
    field: SchemaField, value: str, *, inside: bool = False
) -> Iterator[ColumnRule]:
    """What can be wrong in a column whose cells are `value` (NULL when missing), or `inside` its arrays.

    Uniqueness and keys, which look at several rows, come apart.
    """
    if field.required and not inside:
        yield ColumnRule("required", f"{value} IS NULL")
    right = fits(field, value)
    if right != "true":
        yield ColumnRule(
            "type", f"{value} IS NOT NULL AND NOT ({right})", _expected_type(field)
        )
    guard = f"{value} IS NOT NULL AND " + ("" if right == "true" else f"{right} AND ")
    for rule in _constraints(field, value):
        yield ColumnRule(rule.kind, f"{guard}{rule.breaks}", rule.expected)
    if field.type is FieldType.ARRAY and field.item and not inside:
        yield from _item_rules(field.item, value, right)


def _expected_type(field: SchemaField) -> str:
    plain = field.format in {"default", "any"} or field.type in {
        FieldType.GEOPOINT,
        FieldType.GEOJSON,
    }
    if field.type is FieldType.BOOLEAN:
        return _join_values((field.true_values[0], field.false_values[0]))
    if plain:
        return field.type.value
    return f"{field.type.value} {field.format}"


def _constraints(field: SchemaField, value: str) -> Iterator[ColumnRule]:
    if field.enum:
        yield ColumnRule("enum", _outside(field, value), _join_values(field.enum))
    for name, comparison in BOUNDS.items():
        if name in field.bounds and (
            broken := _beyond(field, value, comparison, field.bounds[name])
        ):
            yield ColumnRule(name, broken, field.bounds[name])
    for name, limit, comparison in (
        ("minLength", field.shortest, "<"),
        ("maxLength", field.longest, ">"),
    ):
        if limit is not None:
            yield ColumnRule(
                name, f"{_length(field, value)} {comparison} {limit}", str(limit)
            )
    if (
        field.pattern
        and field.type in {FieldType.STRING, FieldType.ANY}
        and (compiled := compile_pattern(field.pattern))
    ):
        yield ColumnRule(
            "pattern",
            _unmatched(field, value, python=compiled.python, text=compiled.text),
            _example_of(field),
        )


def _outside(field: SchemaField, value: str) -> str:
    if field.type in NUMERIC:
        numbers = ", ".join(
            f"try_cast({literal(allowed_value)} AS DOUBLE)"
            for allowed_value in field.enum
        )
        return f"coalesce({number_of(field, value)} NOT IN ({numbers}), true)"
    return f"{value} NOT IN ({', '.join(literal(allowed_value) for allowed_value in field.enum)})"


def _beyond(field: SchemaField, value: str, comparison: str, bound: str) -> str:
    """NaN is beyond any bound; a bound that is not of the column's type is none."""
    if field.type in NUMERIC:
        number = number_of(field, value)
        return f"({number} {comparison} try_cast({literal(bound)} AS DOUBLE) OR isnan({number}))"
    if field.type in {FieldType.DATE, FieldType.DATETIME}:
        moments = [_moment(field, moment) for moment in (value, literal(bound))]
        return f"{moments[0]} {comparison} {moments[1]}"
    if field.type in {FieldType.TIME, FieldType.YEARMONTH}:
        return f"{value} {comparison} {literal(bound)}"
    return ""


def _moment(field: SchemaField, text: str) -> str:
    if field.format in {"default", "any"}:
        if field.type is FieldType.DATETIME:
            return f"try_cast({text} AS TIMESTAMPTZ)"
        return f"try_cast({text} AS DATE)"
    return f"try_strptime({text}, {literal(field.format)})"


def _length(field: SchemaField, value: str) -> str:
    if field.type is FieldType.ARRAY:
        return f"json_array_length({value})"
    if field.type is FieldType.OBJECT:
        return f"len(json_keys({value}))"
    return f"length({value})"


def python_function_name(pattern: str, *, anywhere: bool) -> str:
    """The name under which a pattern that only Python reads is given to DuckDB."""
    return f"matches_{crc32(pattern.encode()):x}{'_part' if anywhere else ''}"


def _unmatched(field: SchemaField, value: str, *, python: bool, text: str) -> str:
    if python:
        return f"NOT {python_function_name(field.pattern, anywhere=field.anywhere)}({value})"
    return f"NOT regexp_{'matches' if field.anywhere else 'full_match'}({value}, {literal(text)})"


def _item_rules(item: SchemaField, value: str, right: str) -> Iterator[ColumnRule]:
    """Rules of what an array holds: broken when one of its items breaks them."""
    items = f"CASE WHEN {right} THEN json_extract_string({value}, '$[*]') END"
    for rule in rules(item, "item", inside=True):
        yield ColumnRule(
            rule.kind,
            f"coalesce(len(list_filter({items}, lambda item: {rule.breaks})) > 0, false)",
            rule.expected,
        )


def _join_values(values: tuple[str, ...]) -> str:
    more = " …" if len(values) > MOST_SHOWN else ""
    return ", ".join(values[:MOST_SHOWN]) + more


def _example_of(field: SchemaField) -> str:
    """What a person can imitate: the schema's example when it has one, else the pattern."""
    return field.example or field.pattern
