"""How the values of each column read: the name of the column and the shape of its values first, then what they say."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from udi.node.tables.column import ColumnType, TypedColumn
from udi.node.tables.dates import date_column, time_column
from udi.node.tables.notes import Note
from udi.node.tables.numbers import number_column, usual_mark
from udi.node.tables.said import Values, said_values
from udi.node.tables.values import DAMAGED, SHAPES, YEAR, compiled

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
CONTENT = (ColumnType.EMAIL, ColumnType.URL, ColumnType.UUID, ColumnType.POINT)
LATITUDES = r"(^|_)(y_?)?lat(itude?)?([0-9_]|$)|latitud"
LONGITUDES = r"(^|_)(x_?)?(lon|lng|long)(gitude?)?([0-9_]|$)|longitud"
YEARS = r"(^|_)(annee|annees|an|year|anno|exercice|millesime|jahr|ano)(_|$)"
BOOLEANS = (
    ("true", "false"), ("vrai", "faux"), ("oui", "non"), ("yes", "no"), ("si", "no"), ("sì", "no"),
    ("o", "n"), ("y", "n"), ("t", "f"),
)  # fmt: skip
DIGITS_OF_SIRET, LUHN_SHARE, CODE_SHARE = 14, 0.9, 0.8
LONGEST_NUMBER = 18


def column_types(
    names: Sequence[str], columns: Sequence[Iterable[str]], *, delimiter: str = ""
) -> tuple[tuple[TypedColumn, ...], tuple[Note, ...]]:
    """The type of each column from its values, and what stays doubtful."""
    counted = [said_values(values) for values in columns]
    mark = usual_mark(counted)
    found, notes = [], list[Note]()
    for name, counts in zip(names, counted, strict=True):
        values = Values(name, counts, comma=delimiter == ",", mark=mark)
        found.append(column_type(values))
        notes += values.notes
    return tuple(found), tuple(notes)


def column_type(values: Values) -> TypedColumn:
    """The type of one column."""
    for find in (_nothing, _named, _content, _boolean, _coded, _number, date_column, time_column):
        kept = len(values.notes)
        if found := find(values):
            return found
        del values.notes[kept:]
    return TypedColumn(values.name, ColumnType.TEXT)


def _nothing(values: Values) -> TypedColumn | None:
    return None if values.counts else TypedColumn(values.name, ColumnType.EMPTY)


def _named(values: Values) -> TypedColumn | None:
    """What a name promises and the values keep."""
    for kind, hint in HINTS.items():
        if not re.search(hint, values.hint):
            continue
        damaged = [value for value in values.counts if compiled(DAMAGED).fullmatch(value)]
        if damaged and kind in {ColumnType.SIRET, ColumnType.SIREN, ColumnType.PHONE}:
            values.say("damaged_number", value=damaged[0])
        rest = Values(values.name, values.counts - Counter({value: values.counts[value] for value in damaged}))
        if rest.counts and rest.fit(SHAPES[kind]) and _plausible(kind, rest):
            values.notes += rest.notes
            return TypedColumn(values.name, kind)
    return None


def _plausible(kind: ColumnType, values: Values) -> bool:
    """Regions and departments look like any small number: their names must differ from a count's."""
    if kind is ColumnType.PHONE:
        return any(sum(character.isdigit() for character in value) > 7 for value in values.counts)  # noqa: PLR2004
    return True


def _content(values: Values) -> TypedColumn | None:
    for kind in CONTENT:
        if values.fit(SHAPES[kind]):
            return TypedColumn(values.name, kind)
    if all(value[0] in "{[" and _is_json(value) for value in values.counts):
        return TypedColumn(values.name, ColumnType.JSON)
    return None


def _is_json(value: str) -> bool:
    try:
        return isinstance(json.loads(value), dict | list)
    except (ValueError, RecursionError):
        return False


def _boolean(values: Values) -> TypedColumn | None:
    said = {value.lower() for value in values.counts}
    for yes, no in BOOLEANS:
        if said <= {yes, no} and (len(said) > 1 or min(map(len, said)) > 2):  # noqa: PLR2004 - one letter alone is none
            return TypedColumn(values.name, ColumnType.BOOLEAN)
    return None


def _coded(values: Values) -> TypedColumn | None:
    """Leading zeros must survive; fourteen digits with the right key are a SIRET."""
    digits = Counter({value: count for value, count in values.counts.items() if value.isascii() and value.isdigit()})
    total = values.counts.total()
    if digits.total() < CODE_SHARE * total:
        return None
    if _are_sirets(digits) and values.fit(SHAPES[ColumnType.SIRET]):
        return TypedColumn(values.name, ColumnType.SIRET)
    zeros = any(value[0] == "0" and len(value) > 1 for value in digits)
    if zeros and values.fit(SHAPES[ColumnType.CODE]):
        french = all(compiled(r"0[1-9][0-9]{8}").fullmatch(value) for value in values.counts)
        return TypedColumn(values.name, ColumnType.PHONE if french and "tel" in values.hint else ColumnType.CODE)
    too_long = any(len(value) > LONGEST_NUMBER for value in digits)
    return TypedColumn(values.name, ColumnType.CODE) if too_long and values.fit(SHAPES[ColumnType.CODE]) else None


def _are_sirets(digits: Counter[str]) -> bool:
    long = [value for value in digits if len(value) == DIGITS_OF_SIRET]
    if len(long) < len(digits) or len(long) < 2:  # noqa: PLR2004 - one value proves nothing
        return False
    return sum(_luhn(value) for value in long) >= LUHN_SHARE * len(long)


def _luhn(digits: str) -> bool:
    doubled = "0246813579"
    total = sum(int(doubled[int(d)]) if index % 2 else int(d) for index, d in enumerate(reversed(digits)))
    return total % 10 == 0


def _number(values: Values) -> TypedColumn | None:
    found = number_column(values)
    if not found:
        return None
    if re.search(YEARS, values.hint) and found.type is ColumnType.INTEGER and values.fit(YEAR):
        return TypedColumn(values.name, ColumnType.YEAR)
    if found.type is ColumnType.INTEGER and (dated := date_column(values, compact=True)):
        return dated
    for kind, hint in ((ColumnType.LATITUDE, LATITUDES), (ColumnType.LONGITUDE, LONGITUDES)):
        if re.search(hint, values.hint) and values.tolerate(v for v in values.counts if not _within(v, found, kind)):
            return TypedColumn(values.name, kind, found.format)
    return found


def _within(value: str, column: TypedColumn, kind: ColumnType) -> bool:
    try:
        return abs(float(value.replace(",", ".") if column.format else value)) <= PLACES[kind]
    except ValueError:
        return False


def forced(name: str, kind: ColumnType, values: Iterable[str], written: str = "") -> TypedColumn:
    """The column that a person says it is; how it is written comes from the values when the person does not say."""
    said = Values(name, said_values(values))
    if written or kind not in {*PLACES, ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.DATE, ColumnType.DATETIME}:
        return TypedColumn(name, kind, written)
    found = (
        date_column(said, most=True)
        if kind in {ColumnType.DATE, ColumnType.DATETIME}
        else number_column(said, most=True)
    )
    return TypedColumn(name, kind, found.format if found else "")
