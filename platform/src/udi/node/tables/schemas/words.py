"""What is wrong, in words that a person who never heard of a schema can act on."""

import re
from datetime import date

from udi.node.tables.schemas.report import CellError, ColumnFault
from udi.node.tables.sentence import Said

DAY_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})(?:[T ].*)?")
DAMAGED = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")
EXAMPLE = date(2026, 1, 31)

SAID = {
    "required": Said("This cell is empty: it must be filled."),
    "enum": Said("«%(value)s» is not one of the answers allowed: %(expected)s."),
    "minimum": Said("%(value)s is too small: %(expected)s at least."),
    "maximum": Said("%(value)s is too large: %(expected)s at most."),
    "exclusiveMinimum": Said("%(value)s is too small: it must be more than %(expected)s."),
    "exclusiveMaximum": Said("%(value)s is too large: it must be less than %(expected)s."),
    "minLength": Said("«%(value)s» is too short: %(expected)s characters at least."),
    "maxLength": Said("«%(value)s» is too long: %(expected)s characters at most."),
    "pattern": Said("«%(value)s» is not written as expected, for example: %(expected)s."),
    "unique": Said("«%(value)s» is already on line %(expected)s: each line needs its own."),
    "primary_key": Said("«%(value)s» is already on line %(expected)s: each line needs its own."),
    "foreign_key": Said("«%(value)s» is not found in the table «%(expected)s»."),
}
TYPES = {
    "integer": Said("«%(value)s» is not a whole number: write it with digits only."),
    "number": Said("«%(value)s» is not a number: write it with digits, and a point before the decimals."),
    "date": Said("«%(value)s» is not a date: write it as year-month-day, for example 2026-01-31."),
    "datetime": Said("«%(value)s» is not a date with its time: write it as 2026-01-31T14:30:00."),
    "time": Said("«%(value)s» is not a time: write it as 14:30:00."),
    "year": Said("«%(value)s» is not a year: write its four digits."),
    "yearmonth": Said("«%(value)s» is not a month: write it as 2026-01."),
    "duration": Said("«%(value)s» is not a length of time: write it as PT1H30M."),
    "geopoint": Said("«%(value)s» is not a point: write its longitude, then its latitude."),
    "geojson": Said("This cell is not a shape on a map in the GeoJSON format."),
    "array": Said('This cell is not a list: write it as ["one", "two"].'),
    "object": Said("This cell is not written as JSON."),
    "string email": Said("«%(value)s» is not an e-mail address: write it as service@example.org."),
    "string uri": Said("«%(value)s» is not an address of the web: it must begin with https://."),
    "string uuid": Said("«%(value)s» is not an identifier of 32 digits and letters in five groups."),
}
COLUMNS = {
    "missing": Said("The column «%(column)s» is missing: it must be there."),
    "optional": Said("The column «%(column)s» is not there; it may be left out."),
    "extra": Said("The column «%(column)s» is not in the model; it is kept as it is."),
    "renamed": Said("The column «%(column)s» should be named «%(other)s»."),
    "order": Said("The column «%(column)s» comes before «%(other)s»; the model has it after."),
}


def explain_cell_error(error: CellError) -> Said:
    """What is wrong with a cell and how to write it; the line and the column are said beside."""
    if error.kind == "type":
        return _explain_type(error)
    said = SAID.get(error.kind, Said("«%(value)s» is not what this column should hold."))
    return _filled(said, error)


def _filled(said: Said, error: CellError) -> Said:
    values = {"value": error.value, "expected": error.expected}
    return Said(said.message, {name: value for name, value in values.items() if f"%({name})s" in said.message})


def _explain_type(error: CellError) -> Said:
    kind = error.expected.partition(" ")[0]
    if kind in {"date", "datetime"} and (day := _explain_day(error)):
        return day
    if kind in {"integer", "number", "string"} and DAMAGED.fullmatch(error.value):
        return Said(
            "«%(value)s» was damaged by a spreadsheet, which shortened a long number: write all its digits.",
            {"value": error.value},
        )
    if kind == "number" and re.fullmatch(r"[-+]?\d+,\d+", error.value):
        return Said(
            "«%(value)s» has a comma before the decimals: write %(right)s.",
            {"value": error.value, "right": error.value.replace(",", ".")},
        )
    if kind == "date" and " " in error.expected:
        return Said("«%(value)s» is not a date written as expected: %(expected)s.", _dated(error, EXAMPLE))
    said = TYPES.get(error.expected) or TYPES.get(kind)
    return _filled(said or Said("«%(value)s» is not one of the answers allowed: %(expected)s."), error)


def _explain_day(error: CellError) -> Said | None:
    """A day that no calendar has, or one written in another order."""
    if match := DAY_FIRST.fullmatch(error.value):
        day, month, year = (int(part) for part in match.groups())
    elif match := YEAR_FIRST.fullmatch(error.value):
        year, month, day = (int(part) for part in match.groups())
    else:
        return None
    try:
        right = date(year, month, day)
    except ValueError:
        return Said("%(value)s does not exist in the calendar.", {"value": error.value})
    if error.expected == "datetime":
        return None
    return Said("«%(value)s» is not written as expected: write %(expected)s.", _dated(error, right))


def _dated(error: CellError, day: date) -> dict[str, object]:
    """A day in the format that the schema asks for."""
    _, _, directives = error.expected.partition(" ")
    return {"value": error.value, "expected": day.strftime(directives or "%Y-%m-%d")}


def explain_column(fault: ColumnFault) -> Said:
    """What is different in the header, and what to do."""
    said = COLUMNS[fault.kind]
    values = {"column": fault.column, "other": fault.other}
    return Said(said.message, {name: value for name, value in values.items() if f"%({name})s" in said.message})
