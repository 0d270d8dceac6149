"""How the values of each column read: the name of the column and the shape of its values first, then what they say."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.columns.column_values import ColumnValues, non_null_values
from udi.tabular.columns.dates import date_column, time_column
from udi.tabular.columns.lost_zeros import note_lost_zeros
from udi.tabular.columns.numbers import number_column, proven_decimal_mark
from udi.tabular.columns.value_patterns import (
    DAMAGED,
    DIGITS,
    LONG_INTEGER,
    SHAPES,
    YEAR,
    cached_pattern,
)
from udi.tabular.messages.notes import Note

PLACES = {ColumnType.LATITUDE: 90.0, ColumnType.LONGITUDE: 180.0}
HINTS: dict[ColumnType, str] = {
    ColumnType.SIRET: r"siret",
    ColumnType.SIREN: r"siren|epci$",
    ColumnType.PHONE: r"(^|_)(tel|telephone|phone|fax|mobile|portable|gsm|telefono|cellulare)([0-9_]|$)|telephone|phone",
    ColumnType.POSTCODE: r"(^|_)(cp|cap|zip|plz|postcode|codepostal|pcode)(_|$)|code_?postal|postal_?code|zip_?code"
    r"|postcode|^cap_",
    ColumnType.COMMUNE: r"insee|depcom|numcom|cheflieu|(^|_)cog(_|$)|code_?comm?une|comm?une_(code|insee|in$)|^com$"
    r"|^code_com$|codgeo",
    ColumnType.DEPARTMENT: r"^(code_?|num_?|n_?)?(dep|dept|departement)s?(_?code|_?num|_?insee)?$",
    ColumnType.REGION: r"^(code_?|cod_?|num_?)?(reg|region)s?(_?code|_?insee)?$",
}
"""Types that only a name can tell, in the order in which they are tried."""
CODES_WITH_ZEROS = (ColumnType.COMMUNE, ColumnType.SIREN, ColumnType.SIRET)
"""Codes that a value without its first zero is one of only beside whole ones."""
CONTENT = (ColumnType.EMAIL, ColumnType.URL, ColumnType.UUID, ColumnType.POINT)
LATITUDES = r"(^|_)(y_?)?lat(itude?)?([0-9_]|$)|latitud"
LONGITUDES = r"(^|_)(x_?)?(lon|lng|long)(gitude?)?([0-9_]|$)|longitud"
YEARS = r"(^|_)(annee|annees|an|year|anno|exercice|millesime|jahr|ano)(_|$)"
BOOLEANS = (
    ("true", "false"),
    ("vrai", "faux"),
    ("oui", "non"),
    ("yes", "no"),
    ("si", "no"),
    ("sì", "no"),
    ("o", "n"),
    ("y", "n"),
    ("t", "f"),
)
DIGITS_OF_SIRET = 14
LUHN_SHARE = 0.9
CODE_SHARE = 0.8
LONGEST_NUMBER = 18


def infer_types(
    names: Sequence[str], columns: Sequence[Iterable[str]], *, delimiter: str = ""
) -> tuple[tuple[TypedColumn, ...], tuple[Note, ...]]:
    """The type of each column from its values, and what stays doubtful."""
    counted = [non_null_values(values) for values in columns]
    mark = proven_decimal_mark(counted)
    typed_columns = []
    notes = list[Note]()
    for name, counts in zip(names, counted, strict=True):
        values = ColumnValues(name, counts, comma=delimiter == ",", mark=mark)
        typed_columns.append(infer_type(values))
        notes += values.notes
    return tuple(typed_columns), tuple(notes)


def infer_type(values: ColumnValues) -> TypedColumn:
    """The type of one column."""
    for find in (
        _empty_type,
        _type_from_name,
        _type_from_content,
        _boolean,
        _code_type,
        _number,
        date_column,
        time_column,
    ):
        note_count = len(values.notes)
        if column := find(values):
            return column
        del values.notes[note_count:]
    return TypedColumn(values.name, ColumnType.TEXT)


def _empty_type(values: ColumnValues) -> TypedColumn | None:
    if values.counts:
        return None
    return TypedColumn(values.name, ColumnType.EMPTY)


def _type_from_name(values: ColumnValues) -> TypedColumn | None:
    """What a name promises and the values keep."""
    for kind, hint in HINTS.items():
        if not re.search(hint, values.hint):
            continue
        damaged = [
            value for value in values.counts if cached_pattern(DAMAGED).fullmatch(value)
        ]
        if damaged and kind in {ColumnType.SIRET, ColumnType.SIREN, ColumnType.PHONE}:
            values.add_note("damaged_number", value=damaged[0])
        rest = ColumnValues(
            values.name,
            values.counts - Counter({value: values.counts[value] for value in damaged}),
        )
        if rest.counts and rest.fits(SHAPES[kind]) and _plausible(kind, rest):
            values.notes += rest.notes
            note_lost_zeros(kind, values)
            return TypedColumn(values.name, kind)
        if damaged and not rest.counts:
            values.add_note("damaged_number", value=damaged[0])
            return TypedColumn(values.name, ColumnType.TEXT)
    return None


def _plausible(kind: ColumnType, values: ColumnValues) -> bool:
    """Regions and departments look like any small number: their names must differ from a count's."""
    if kind is ColumnType.PHONE:
        return any(
            sum(character.isdigit() for character in value) > 7  # noqa: PLR2004 - fewer digits are no number of a telephone
            for value in values.counts
        )
    if kind in CODES_WITH_ZEROS:
        whole = any(len(value) != DIGITS[kind] - 1 for value in values.counts)
        return whole or (kind is ColumnType.COMMUNE and "insee" in values.hint)
    return True


def _type_from_content(values: ColumnValues) -> TypedColumn | None:
    for kind in CONTENT:
        if values.fits(SHAPES[kind]):
            return TypedColumn(values.name, kind)
    if all(value[0] in "{[" and _is_json(value) for value in values.counts):
        return TypedColumn(values.name, ColumnType.JSON)
    return None


def _is_json(value: str) -> bool:
    try:
        return isinstance(json.loads(value), dict | list)
    except (ValueError, RecursionError):
        return False


def _boolean(values: ColumnValues) -> TypedColumn | None:
    distinct_values = {value.lower() for value in values.counts}
    for yes, no in BOOLEANS:
        if distinct_values <= {yes, no} and (
            len(distinct_values) > 1 or min(map(len, distinct_values)) > 2  # noqa: PLR2004 - one letter alone is none
        ):
            return TypedColumn(values.name, ColumnType.BOOLEAN)
    return None


def _code_type(values: ColumnValues) -> TypedColumn | None:
    """Leading zeros must survive; fourteen digits with the right key are a SIRET."""
    digits = Counter(
        {
            value: count
            for value, count in values.counts.items()
            if value.isascii() and value.isdigit()
        }
    )
    total = values.counts.total()
    if digits.total() < CODE_SHARE * total:
        return None
    if _are_sirets(digits) and values.fits(SHAPES[ColumnType.SIRET]):
        return TypedColumn(values.name, ColumnType.SIRET)
    zeros = any(value[0] == "0" and len(value) > 1 for value in digits)
    if zeros and values.fits(SHAPES[ColumnType.CODE]):
        french = all(
            cached_pattern(r"0[1-9][0-9]{8}").fullmatch(value)
            for value in values.counts
        )
        return TypedColumn(
            values.name,
            ColumnType.PHONE if french and "tel" in values.hint else ColumnType.CODE,
        )
    too_long = any(len(value) > LONGEST_NUMBER for value in digits)
    if too_long and values.fits(SHAPES[ColumnType.CODE]):
        return TypedColumn(values.name, ColumnType.CODE)
    return None


def _are_sirets(digits: Counter[str]) -> bool:
    long = [value for value in digits if len(value) == DIGITS_OF_SIRET]
    if len(long) < len(digits) or len(long) < 2:  # noqa: PLR2004 - one value proves nothing
        return False
    return sum(_luhn(value) for value in long) >= LUHN_SHARE * len(long)


def _luhn(digits: str) -> bool:
    doubled = "0246813579"
    total = sum(
        int(doubled[int(d)]) if index % 2 else int(d)
        for index, d in enumerate(reversed(digits))
    )
    return total % 10 == 0


def _number(values: ColumnValues) -> TypedColumn | None:
    column = number_column(values)
    if not column:
        return None
    if _is_long_integer(values):
        return TypedColumn(values.name, ColumnType.TEXT)
    if (
        re.search(YEARS, values.hint)
        and column.type is ColumnType.INTEGER
        and values.fits(YEAR)
    ):
        return TypedColumn(values.name, ColumnType.YEAR)
    if column.type is ColumnType.INTEGER and (
        dated := date_column(values, compact=True)
    ):
        return dated
    for kind, hint in (
        (ColumnType.LATITUDE, LATITUDES),
        (ColumnType.LONGITUDE, LONGITUDES),
    ):
        if re.search(hint, values.hint) and values.tolerates(
            v for v in values.counts if not _within(v, column, kind)
        ):
            return TypedColumn(values.name, kind, column.format)
    return column


def _is_long_integer(values: ColumnValues) -> bool:
    """Whether these are whole numbers, some of which 64 bits do not hold: as numbers they would be rounded."""
    long = cached_pattern(LONG_INTEGER).fullmatch
    return any(map(long, values.counts)) and all(
        value.lstrip("+-").isdigit() for value in values.counts
    )


def _within(value: str, column: TypedColumn, kind: ColumnType) -> bool:
    try:
        return (
            abs(float(value.replace(",", ".") if column.format else value))
            <= PLACES[kind]
        )
    except ValueError:
        return False


def corrected_column(
    name: str, kind: ColumnType, values: Iterable[str], column_format: str = ""
) -> TypedColumn:
    """The column that a person says it is; how it is written comes from the values when the person does not say."""
    column_values = ColumnValues(name, non_null_values(values))
    if column_format or kind not in {
        *PLACES,
        ColumnType.NUMBER,
        ColumnType.INTEGER,
        ColumnType.DATE,
        ColumnType.DATETIME,
    }:
        return TypedColumn(name, kind, column_format)
    if kind in {ColumnType.DATE, ColumnType.DATETIME}:
        column = date_column(column_values, most=True)
    else:
        column = number_column(column_values, most=True)
    return TypedColumn(name, kind, column.format if column else "")
