"""SQL that reads the text of a cell as its column's type, and that tells why a cell does not fit."""

from udi.tabular.columns.column import TEXT_STORED, ColumnType, TypedColumn
from udi.tabular.columns.value_patterns import (
    CLOCK,
    COMPACT,
    DAMAGED,
    FALSE,
    FOLDED,
    INTEGERS,
    MONTHS,
    NULLS,
    NUMBERS,
    PIVOT,
    SHAPES,
    TAIL,
    TIME,
    TRUE,
    YEAR,
    ZONE,
    DateOrder,
    date_order,
)
from udi.tabular.sandbox.duckdb_sandbox import literal

MOMENTS = {ColumnType.DATE: "date", ColumnType.DATETIME: "timestamp"}
PLACES = {ColumnType.LATITUDE: 90, ColumnType.LONGITUDE: 180}
AS_WRITTEN = {ColumnType.TEXT, ColumnType.JSON, ColumnType.EMPTY}
"""Types whose text is kept to the last space."""
CODES = {
    ColumnType.BOOLEAN: "not_a_boolean",
    ColumnType.INTEGER: "not_an_integer",
    ColumnType.NUMBER: "not_a_number",
    ColumnType.DATE: "not_a_date",
    ColumnType.DATETIME: "not_a_datetime",
    ColumnType.TIME: "not_a_time",
    ColumnType.YEAR: "not_a_year",
    ColumnType.LATITUDE: "not_a_latitude",
    ColumnType.LONGITUDE: "not_a_longitude",
    ColumnType.POINT: "not_a_point",
    ColumnType.UUID: "not_a_uuid",
    ColumnType.URL: "not_a_url",
    ColumnType.EMAIL: "not_an_email",
    ColumnType.PHONE: "not_a_phone",
    ColumnType.CODE: "not_a_code",
    ColumnType.POSTCODE: "not_a_postcode",
    ColumnType.COMMUNE: "not_a_commune",
    ColumnType.DEPARTMENT: "not_a_department",
    ColumnType.REGION: "not_a_region",
    ColumnType.SIREN: "not_a_siren",
    ColumnType.SIRET: "not_a_siret",
}
NO_SUCH_DAY = "no_such_day"
NO_SUCH_TIME = "no_such_time"
DAMAGED_NUMBER = "damaged_number"
DECORATIONS = "+ \u00a0\u202f'’€$£%)"
_BLANK = " \t\n\u00a0\u202f"
BLANKS = f"^[{_BLANK}]|[{_BLANK}]$"
SILENT = rf"(?i)[{_BLANK}]*(?:{'|'.join(NULLS)})[{_BLANK}]*"
TRIMMED = _BLANK


def text_or_null(raw: str, kind: ColumnType) -> str:
    """The text of a cell without the blanks around it, NULL when it says nothing; `raw` is a name."""
    if kind in AS_WRITTEN:
        return f"nullif({raw}, '')"
    trimmed = f"case when regexp_matches({raw}, {literal(BLANKS)}) then trim({raw}, {literal(TRIMMED)}) else {raw} end"
    silent = f"regexp_full_match({raw}, {literal(SILENT)})"
    return f"case when {silent} then null else {trimmed} end"


def cast_value(value: str, column: TypedColumn) -> str:
    """The value of a said cell as its column stores it; NULL when it does not fit."""
    kind = column.type
    if column.sql_type == TEXT_STORED:
        return value
    if kind in MOMENTS:
        return _moment(value, column)
    return _READ.get(kind, _decimal)(value, column)


def _boolean(value: str, _: TypedColumn) -> str:
    low = f"lower({value})"
    return f"case when {low} in {_sql_list(TRUE)} then true when {low} in {_sql_list(FALSE)} then false end"


def _time(value: str, _: TypedColumn) -> str:
    return _when_matches(
        value, TIME, f"try_cast(regexp_replace({value}, '[hH]', ':') as time)"
    )


def _year(value: str, _: TypedColumn) -> str:
    return _when_matches(value, YEAR, f"try_cast({value} as integer)")


def _integer(value: str, column: TypedColumn) -> str:
    return _when_matches(
        value, INTEGERS[_mark(column)], _number(value, column, "bigint")
    )


def _decimal(value: str, column: TypedColumn) -> str:
    number = _when_matches(
        value, NUMBERS[_mark(column)], _number(value, column, "double")
    )
    most = PLACES.get(column.type)
    return f"case when {f'abs({number}) <= {most}' if most else f'isfinite({number})'} then {number} end"


_READ = {
    ColumnType.BOOLEAN: _boolean,
    ColumnType.TIME: _time,
    ColumnType.YEAR: _year,
    ColumnType.INTEGER: _integer,
}


def fits(value: str, column: TypedColumn) -> str:
    """Whether a said cell fits its column."""
    if column.sql_type == TEXT_STORED:
        shape = SHAPES.get(column.type)
        if shape:
            return f"regexp_full_match({value}, {literal(shape)})"
        return "true"
    return f"({cast_value(value, column)}) is not null"


def misfit_code(value: str, column: TypedColumn) -> str:
    """Why a said cell does not fit: a code of `CODES`, or one that says more."""
    code = literal(CODES.get(column.type, "not_a_code"))
    if column.type in MOMENTS:
        order = date_order(column.format)
        like = f"regexp_full_match({value}, {literal(f'(?:{order.pattern}){TAIL}?')})"
        return f"case when {like} and {_day(value, order)} is null then '{NO_SUCH_DAY}' when {like} then '{NO_SUCH_TIME}' else {code} end"
    if column.type is ColumnType.TIME:
        return f"case when regexp_full_match({value}, {literal(CLOCK)}) then '{NO_SUCH_TIME}' else {code} end"
    if column.sql_type == TEXT_STORED:
        return f"case when regexp_full_match({value}, {literal(DAMAGED)}) then '{DAMAGED_NUMBER}' else {code} end"
    return code


def _sql_list(words: tuple[str, ...]) -> str:
    return f"({', '.join(map(literal, words))})"


def _when_matches(value: str, pattern: str, then: str) -> str:
    return f"case when regexp_full_match({value}, {literal(pattern)}) then {then} end"


def _mark(column: TypedColumn) -> str:
    if column.format == ",":
        return ","
    return ""


def _number(value: str, column: TypedColumn, stored: str) -> str:
    """The number that a text says, which is known to be one; most have nothing but digits and their mark."""
    mark = _mark(column)
    bare = f"translate({value}, {literal(('.' if mark else ',') + DECORATIONS)}, '')"
    bare = f"replace(replace({bare}, '(', '-'), ',', '.')"
    if mark:
        plain = (
            f"case when not contains({value}, '.') then replace({value}, ',', '.') end"
        )
    else:
        plain = value
    return f"coalesce(try_cast({plain} as {stored}), try_cast({bare} as {stored}))"


def _day(value: str, order: DateOrder) -> str:
    """ISO's text of a day as a DATE, NULL when there is no such day."""
    places = {
        directive: index for index, directive in enumerate(order.directives, start=1)
    }
    if {"Y", "m"} <= places.keys():
        iso = rf"\{places['Y']}-\{places['m']}-\{places['d']}"
        return f"try_cast(regexp_replace({value}, {literal(f'^(?:{order.pattern}).*$')}, {literal(iso)}, 's') as date)"
    parts = {
        key: f"regexp_extract({value}, {literal(order.pattern)}, {place})"
        for key, place in places.items()
    }
    year = (
        parts.get("Y")
        or f"(case when {parts['y']} >= '{PIVOT}' then '19' else '20' end || {parts['y']})"
    )
    month = parts.get("m") or _month(parts["B"])
    return f"try_cast({year} || '-' || {month} || '-' || {parts['d']} as date)"


def _month(word: str) -> str:
    letters = "".join(chr(code) for code in FOLDED)
    plain = f"lower(translate({word}, {literal(letters)}, {literal(''.join(map(str, FOLDED.values())))}))"
    listed = ", ".join(
        f"{literal(name)}: '{number}'" for name, number in MONTHS.items()
    )
    return f"map {{{listed}}}[{plain}]"


def _moment(value: str, column: TypedColumn) -> str:
    """The day or moment that a text says: the way most are written first, then the others."""
    order = date_order(column.format)
    stored = MOMENTS[column.type]
    iso = order.directives == "Ymd" and order is not COMPACT
    if iso:
        usual = f"try_cast({value} as {stored})"
    else:
        usual = f"try_strptime({value}, {literal(column.format)})::{stored}"
    if column.type is ColumnType.DATE:
        return _when_matches(
            value, order.pattern, f"coalesce({usual}, {_day(value, order)})"
        )
    return _when_matches(
        value,
        f"(?:{order.pattern}){TAIL}?",
        f"coalesce({usual}, {_parse_timestamp(value, order)})",
    )


def _parse_timestamp(value: str, order: DateOrder) -> str:
    day = _day(value, order)
    clock = f"regexp_extract({value}, {literal(f'^(?:{order.pattern})({TAIL})?$')}, {len(order.directives) + 1})"
    bare = f"trim(replace(regexp_replace({clock}, {literal(f'^T|{ZONE}$')}, '', 'g'), ',', '.'))"
    whole = f"{day}::varchar || ' ' || {bare}"
    halves = "['%Y-%m-%d %I:%M:%S %p', '%Y-%m-%d %I:%M %p', '%Y-%m-%d %I:%M:%S%p', '%Y-%m-%d %I:%M%p']"
    moment = f"coalesce(try_cast({whole} as timestamp), try_strptime(replace({whole}, '.', ''), {halves}))"
    return f"case when {bare} = '' then {day}::timestamp else {moment} end"
