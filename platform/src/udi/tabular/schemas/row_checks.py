"""The `custom_checks` of a schema: rules between the columns of a row, and numbers whose digits must add up.

They are those of the registry schema.data.gouv.fr, as Validata names and reads them; `bal-key-value` is our own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udi.tabular.sandbox.duckdb_sandbox import literal
from udi.tabular.schemas.opening_hours import EXAMPLE, OPENING_HOURS
from udi.tabular.schemas.predicates import ColumnRule, number_of
from udi.tabular.schemas.schema import NUMERIC, FieldType, RowCheck, SchemaField

OPERATORS = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "<>", "=": "<>"}
"""What a column must be beside another, with what breaks it."""
SIGNS = {"<=": "≤", ">=": "≥", "==": "="}
MATTERS = (
    "Commande publique",
    "Urbanisme",
    "Domaine et patrimoine",
    "Fonction publique",
    "Institutions et vie politique",
    "Libertés publiques et pouvoirs de police",
    "Finances locales",
    "Domaines de compétences par thèmes",
    "Autres domaines de compétences",
)
"""The nine matters of the national nomenclature of acts (system @CTES)."""
PHONE = r"(\+|00)[1-9]\d{6,14}|0[1-9]\d{8}|1\d{1,3}|11[68]\d{3}|3\d{3}"
"""E.164, ten digits of France, or a short number of the French plan."""
POST_OFFICE = "356000000"
"""Its establishments have a SIRET whose digits add up to a multiple of five instead (INSEE)."""

COLUMNS = {
    "one-of-required": ("column1", "column2"),
    "compare-columns-value": ("column", "column2"),
}
"""The parameters that name a column, by kind; `column` for the others."""
LISTS = {"cohesive-columns-value": "othercolumns", "sum-columns-value": "columns"}
"""The parameter that lists columns, by kind."""


@dataclass(frozen=True)
class CheckedField:
    """A column of the schema that the file has: `value` is the SQL of its cell, NULL when missing."""

    field: SchemaField
    value: str


Fields = Mapping[str, CheckedField]
RuleMaker = Callable[[Mapping[str, Any], Fields], ColumnRule | None]


def row_check_rules(
    checks: Sequence[RowCheck], fields: Fields
) -> Iterator[tuple[str, ColumnRule]]:
    """(name of the column, rule) of each check that can be made: its columns are in the file, its kind is known."""
    for check in checks:
        maker = MAKERS.get(check.kind)
        column = column_of(check, fields)
        if maker is None or column not in fields or not _is_complete(check):
            continue
        rule = maker(check.parameters, fields)
        if rule:
            yield column, rule


def unknown_checks(checks: Sequence[RowCheck], fields: Fields) -> Iterator[RowCheck]:
    """The checks that nobody here can make, on columns that the file has: of an unknown kind, or without a parameter."""
    for check in checks:
        is_known = check.kind in MAKERS and _is_complete(check)
        if not is_known and column_of(check, fields) in fields:
            yield check


def _is_complete(check: RowCheck) -> bool:
    """Whether a check has the parameters that its kind needs."""
    parameters = check.parameters
    columns = all(
        isinstance(parameters.get(key), str) and parameters[key]
        for key in COLUMNS.get(check.kind, ("column",))
    )
    others = LISTS.get(check.kind)
    if others and not _names(parameters.get(others)):
        return False
    return columns and (
        check.kind != "compare-columns-value" or str(parameters.get("op")) in OPERATORS
    )


def _names(value: Any) -> list[str]:
    """Names of columns; none for what is no list."""
    if not isinstance(value, list):
        return []
    return [str(name) for name in value]


def column_of(check: RowCheck, fields: Fields) -> str:
    """The column whose cell is said to be wrong; of two, the first that the file has."""
    keys: tuple[str, ...] = ("column",)
    if check.kind not in MAKERS or not _is_complete(check):
        keys = ("column", "column1", "column2")
    elif check.kind == "one-of-required":
        keys = COLUMNS[check.kind]
    names = [str(check.parameters.get(key, "")) for key in keys]
    return next((name for name in names if name in fields), names[0])


def _siren(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule:
    value = fields[str(parameters["column"])].value
    return ColumnRule("siren", f"{value} IS NOT NULL AND NOT ({_adds_up(value, 9)})")


def _siret(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule:
    value = fields[str(parameters["column"])].value
    plain = _without_marks(value)
    digits = [_digit(plain, place) for place in range(1, 15)]
    of_post_office = (
        f"(starts_with({plain}, '{POST_OFFICE}')"
        f" AND regexp_full_match({plain}, '\\d{{14}}')"
        f" AND ({' + '.join(digits)}) % 5 = 0)"
    )
    right = f"({_adds_up(value, 14)}) OR {of_post_office}"
    return ColumnRule("siret", f"{value} IS NOT NULL AND NOT ({right})")


def _adds_up(value: str, length: int) -> str:
    """Whether a text has that many digits, and they add up by Luhn's rule (ISO/IEC 7812-1, annex B)."""
    plain = _without_marks(value)
    terms = []
    for place in range(1, length + 1):
        digit = _digit(plain, place)
        is_doubled = (length - place) % 2 == 1
        terms.append(
            f"({digit} * 2 - CASE WHEN {digit} > 4 THEN 9 ELSE 0 END)"
            if is_doubled
            else digit
        )
    total = " + ".join(terms)
    return f"regexp_full_match({plain}, '\\d{{{length}}}') AND coalesce(({total}) % 10 = 0, false)"


def _without_marks(value: str) -> str:
    """A number without the blanks and points between its groups."""
    return f"regexp_replace({value}, '[ .\\x{{a0}}\\x{{202f}}]', '', 'g')"


def _digit(text: str, place: int) -> str:
    return f"try_cast(substr({text}, {place}, 1) AS INTEGER)"


def _phone(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule:
    value = fields[str(parameters["column"])].value
    plain = f"regexp_replace({value}, '[ ./()\\x{{a0}}\\x{{202f}}-]', '', 'g')"
    return ColumnRule(
        "phone",
        f"{value} IS NOT NULL AND NOT regexp_full_match({plain}, {literal(PHONE)})",
        "+33 2 99 00 00 00",
    )


def _opening_hours(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule:
    value = fields[str(parameters["column"])].value
    right = f"regexp_full_match({value}, {literal(OPENING_HOURS)})"
    return ColumnRule("hours", f"{value} IS NOT NULL AND NOT {right}", EXAMPLE)


def _compare(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule | None:
    """Two columns beside each other: as numbers or moments where both are, else as texts; an empty one is let be."""
    column = fields.get(str(parameters.get("column")))
    other = fields.get(str(parameters.get("column2")))
    sign = str(parameters.get("op"))
    if not column or not other or sign not in OPERATORS:
        return None
    left = _comparable(column, column, other)
    right = _comparable(other, column, other)
    breaks = f"coalesce({left} {OPERATORS[sign]} {right}, false)"
    return ColumnRule("compare", breaks, f"{SIGNS.get(sign, sign)} {other.field.name}")


def _comparable(
    compared: CheckedField, column: CheckedField, other: CheckedField
) -> str:
    types = {column.field.type, other.field.type}
    if types <= NUMERIC:
        return number_of(compared.field, compared.value)
    if types <= {FieldType.DATE, FieldType.DATETIME}:
        return f"try_cast({compared.value} AS TIMESTAMP)"
    return compared.value


def _cohesive(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule:
    """All of the columns are filled, or none; one that the file lacks is empty."""
    names = [str(parameters["column"]), *_names(parameters.get("othercolumns"))]
    values = [fields[name].value for name in names if name in fields]
    filled = " + ".join(f"({value} IS NOT NULL)::INTEGER" for value in values)
    breaks = f"({filled}) NOT IN (0, {len(names)})"
    return ColumnRule("cohesive", breaks, ", ".join(names[1:]))


def _one_of(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule | None:
    """One of two columns is filled; one that the file lacks is empty, and without both there is no rule."""
    names = [str(parameters.get(key)) for key in ("column1", "column2")]
    values = [fields[name].value for name in names if name in fields]
    if not values:
        return None
    breaks = " AND ".join(f"{value} IS NULL" for value in values)
    return ColumnRule("one_of", breaks, ", ".join(names))


def _years(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule:
    """Two years in order, as 2025/2026; a single one where the schema lets it."""
    value = fields[str(parameters["column"])].value
    first, second = (
        f"try_cast(split_part({value}, '/', {place}) AS INTEGER)" for place in (1, 2)
    )
    right = f"regexp_full_match({value}, '\\d{{4}}/\\d{{4}}') AND {first} < {second}"
    examples = "2025/2026"
    if str(parameters.get("allow-year-only", "")).lower() in {"yes", "true", "1"}:
        right = f"({right}) OR regexp_full_match({value}, '\\d{{4}}')"
        examples = "2026, 2025/2026"
    return ColumnRule(
        "pattern", f"{value} IS NOT NULL AND NOT coalesce({right}, false)", examples
    )


def _sum(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule | None:
    """A column is the sum of others; where one of them is empty, nothing is said."""
    names = _names(parameters.get("columns"))
    total = fields.get(str(parameters.get("column")))
    parts = [fields[name] for name in names if name in fields]
    if not total or not parts or len(parts) < len(names):
        return None
    added = " + ".join(number_of(part.field, part.value) for part in parts)
    breaks = f"coalesce({number_of(total.field, total.value)} <> {added}, false)"
    return ColumnRule("sum", breaks, " + ".join(names))


def _matters(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule:
    """A text that begins with one of the nine matters of acts, then a slash; capitals and accents do not count."""
    value = fields[str(parameters["column"])].value
    matter = f"lower(strip_accents(trim(split_part({value}, '/', 1))))"
    allowed = ", ".join(f"lower(strip_accents({literal(name)}))" for name in MATTERS)
    right = f"contains({value}, '/') AND {matter} IN ({allowed})"
    return ColumnRule(
        "matter", f"{value} IS NOT NULL AND NOT ({right})", ", ".join(MATTERS)
    )


def _bal_key(parameters: Mapping[str, Any], fields: Fields) -> ColumnRule:
    """The key of an address says the same municipality and the same number as the columns beside it."""
    value = fields[str(parameters["column"])].value
    breaks = []
    if municipality := fields.get("commune_insee"):
        breaks.append(f"split_part({value}, '_', 1) <> {municipality.value}")
    if number := fields.get("numero"):
        in_key = f"try_cast(split_part({value}, '_', 3) AS INTEGER)"
        breaks.append(f"{in_key} <> try_cast({number.value} AS INTEGER)")
    return ColumnRule("bal_key", f"coalesce({' OR '.join(breaks) or 'false'}, false)")


MAKERS: dict[str, RuleMaker] = {
    "french-siren-value": _siren,
    "french-siret-value": _siret,
    "phone-number-value": _phone,
    "opening-hours-value": _opening_hours,
    "compare-columns-value": _compare,
    "cohesive-columns-value": _cohesive,
    "one-of-required": _one_of,
    "year-interval-value": _years,
    "sum-columns-value": _sum,
    "nomenclature-actes-value": _matters,
    "bal-key-value": _bal_key,
}
