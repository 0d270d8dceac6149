"""What is wrong, in words that a person who never heard of a schema can act on."""

import re
from datetime import date

from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.schemas.report import ColumnFault, SchemaCellError

DAY_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})(?:[T ].*)?")
DAMAGED = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")
EXAMPLE = date(2026, 1, 31)

MESSAGES = {
    "required": TranslatableMessage("This cell is empty: it must be filled."),
    "enum": TranslatableMessage(
        "«%(value)s» is not one of the answers allowed: %(expected)s."
    ),
    "minimum": TranslatableMessage("%(value)s is too small: %(expected)s at least."),
    "maximum": TranslatableMessage("%(value)s is too large: %(expected)s at most."),
    "exclusiveMinimum": TranslatableMessage(
        "%(value)s is too small: it must be more than %(expected)s."
    ),
    "exclusiveMaximum": TranslatableMessage(
        "%(value)s is too large: it must be less than %(expected)s."
    ),
    "minLength": TranslatableMessage(
        "«%(value)s» is too short: %(expected)s characters at least."
    ),
    "maxLength": TranslatableMessage(
        "«%(value)s» is too long: %(expected)s characters at most."
    ),
    "pattern": TranslatableMessage(
        "«%(value)s» is not written as expected, for example: %(expected)s."
    ),
    "unique": TranslatableMessage(
        "«%(value)s» is already on line %(expected)s: each line needs its own."
    ),
    "primary_key": TranslatableMessage(
        "«%(value)s» is already on line %(expected)s: each line needs its own."
    ),
    "foreign_key": TranslatableMessage(
        "«%(value)s» is not found in the table «%(expected)s»."
    ),
    "siren": TranslatableMessage(
        "«%(value)s» is not a SIREN: it has nine digits, of which the last one confirms the others."
    ),
    "siret": TranslatableMessage(
        "«%(value)s» is not a SIRET: it has fourteen digits, of which the last one confirms the others."
    ),
    "hours": TranslatableMessage(
        "«%(value)s» does not say opening hours: write them as %(expected)s."
    ),
    "phone": TranslatableMessage(
        "«%(value)s» is not a telephone number: write it as %(expected)s."
    ),
    "compare": TranslatableMessage("«%(value)s» is not %(expected)s on this line."),
    "cohesive": TranslatableMessage(
        "Fill this cell together with %(expected)s, or none of them."
    ),
    "one_of": TranslatableMessage("Fill one of these on each line: %(expected)s."),
    "sum": TranslatableMessage("%(value)s is not the sum of %(expected)s."),
    "matter": TranslatableMessage(
        "«%(value)s» must begin with one of these, then a slash: %(expected)s."
    ),
    "bal_key": TranslatableMessage(
        "The key «%(value)s» does not say the municipality and the number of this line."
    ),
}
TYPES = {
    "integer": TranslatableMessage(
        "«%(value)s» is not a whole number: write it with digits only."
    ),
    "number": TranslatableMessage(
        "«%(value)s» is not a number: write it with digits, and a point before the decimals."
    ),
    "date": TranslatableMessage(
        "«%(value)s» is not a date: write it as year-month-day, for example 2026-01-31."
    ),
    "datetime": TranslatableMessage(
        "«%(value)s» is not a date with its time: write it as 2026-01-31T14:30:00."
    ),
    "time": TranslatableMessage("«%(value)s» is not a time: write it as 14:30:00."),
    "year": TranslatableMessage("«%(value)s» is not a year: write its four digits."),
    "yearmonth": TranslatableMessage(
        "«%(value)s» is not a month: write it as 2026-01."
    ),
    "duration": TranslatableMessage(
        "«%(value)s» is not a length of time: write it as PT1H30M."
    ),
    "geopoint": TranslatableMessage(
        "«%(value)s» is not a point: write its longitude, then its latitude."
    ),
    "geojson": TranslatableMessage(
        "This cell is not a shape on a map in the GeoJSON format."
    ),
    "array": TranslatableMessage(
        'This cell is not a list: write it as ["one", "two"].'
    ),
    "object": TranslatableMessage("This cell is not written as JSON."),
    "string email": TranslatableMessage(
        "«%(value)s» is not an e-mail address: write it as service@example.org."
    ),
    "string uri": TranslatableMessage(
        "«%(value)s» is not an address of the web: it must begin with https://."
    ),
    "string uuid": TranslatableMessage(
        "«%(value)s» is not an identifier of 32 digits and letters in five groups."
    ),
}
COLUMNS = {
    "missing": TranslatableMessage(
        "The column «%(column)s» is missing: it must be there."
    ),
    "optional": TranslatableMessage(
        "The column «%(column)s» is not there; it may be left out."
    ),
    "extra": TranslatableMessage(
        "The column «%(column)s» is not in the model; it is kept as it is."
    ),
    "renamed": TranslatableMessage(
        "The column «%(column)s» should be named «%(other)s»."
    ),
    "order": TranslatableMessage(
        "The column «%(column)s» comes before «%(other)s»; the model has it after."
    ),
}


def explain_cell_error(error: SchemaCellError) -> TranslatableMessage:
    """What is wrong with a cell and how to write it; the line and the column are said beside."""
    if error.kind == "type":
        return _explain_type(error)
    sentence = MESSAGES.get(
        error.kind,
        TranslatableMessage("«%(value)s» is not what this column should hold."),
    )
    return _fill_values(sentence, error)


def _fill_values(
    sentence: TranslatableMessage, error: SchemaCellError
) -> TranslatableMessage:
    values = {"value": error.value, "expected": error.expected}
    return TranslatableMessage(
        sentence.message,
        {
            name: value
            for name, value in values.items()
            if f"%({name})s" in sentence.message
        },
    )


def _explain_type(error: SchemaCellError) -> TranslatableMessage:
    kind = error.expected.partition(" ")[0]
    if kind in {"date", "datetime"} and (day := _explain_day(error)):
        return day
    if kind in {"integer", "number", "string"} and DAMAGED.fullmatch(error.value):
        return TranslatableMessage(
            "«%(value)s» was damaged by a spreadsheet, which shortened a long number: write all its digits.",
            {"value": error.value},
        )
    if kind == "number" and re.fullmatch(r"[-+]?\d+,\d+", error.value):
        return TranslatableMessage(
            "«%(value)s» has a comma before the decimals: write %(right)s.",
            {"value": error.value, "right": error.value.replace(",", ".")},
        )
    if kind == "date" and " " in error.expected:
        return TranslatableMessage(
            "«%(value)s» is not a date written as expected: %(expected)s.",
            _date_values(error, EXAMPLE),
        )
    sentence = TYPES.get(error.expected) or TYPES.get(kind)
    return _fill_values(
        sentence
        or TranslatableMessage(
            "«%(value)s» is not one of the answers allowed: %(expected)s."
        ),
        error,
    )


def _explain_day(error: SchemaCellError) -> TranslatableMessage | None:
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
        return TranslatableMessage(
            "%(value)s does not exist in the calendar.", {"value": error.value}
        )
    if error.expected == "datetime":
        return None
    return TranslatableMessage(
        "«%(value)s» is not written as expected: write %(expected)s.",
        _date_values(error, right),
    )


def _date_values(error: SchemaCellError, day: date) -> dict[str, object]:
    """A day in the format that the schema asks for."""
    _, _, directives = error.expected.partition(" ")
    return {"value": error.value, "expected": day.strftime(directives or "%Y-%m-%d")}


def explain_column_fault(fault: ColumnFault) -> TranslatableMessage:
    """What is different in the header, and what to do."""
    sentence = COLUMNS[fault.kind]
    values = {"column": fault.column, "other": fault.other}
    return TranslatableMessage(
        sentence.message,
        {
            name: value
            for name, value in values.items()
            if f"%({name})s" in sentence.message
        },
    )
