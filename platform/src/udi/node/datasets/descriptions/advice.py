"""How good a description and its table are, and the edits that make them better, most useful first.

The score is the European one (`udi.protocol.quality`); what it cannot see, inside the file, gives advice without points.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from udi.node.datasets.descriptions.description import (
    Answers,
    check_answers,
    split_keywords,
)
from udi.node.datasets.descriptions.prefill import fold_text, split_words
from udi.protocol.description_meaning import says_something
from udi.protocol.formats import find_format
from udi.protocol.licences import LICENCES
from udi.protocol.quality import CRITERIA, Score, format_criteria, score_criteria
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.messages.messages import TranslatableMessage
from udi.tabular.profiles.table_facts import TableFacts
from udi.tabular.schemas.report import SchemaReport

MOST_NAMED = 5
SHORTEST_SUMMARY = 60
FEWEST_KEYWORDS = 3
CRITERIA_MET_BY_NODE = frozenset(
    {
        "access_url_answers",
        "download_url",
        "download_url_answers",
        "access_rights",
        "access_rights_from_vocabulary",
    }
    | {"publisher", "byte_size", "issued", "modified"}
)
"""What the node gives to everything that it publishes."""
ISO_DAY = "%Y-%m-%d"
PLACES = frozenset(
    {"commune", "communes", "ville", "villes", "city", "town", "municipality", "comune"}
)
LOCATION_TYPES = frozenset(
    {ColumnType.COMMUNE, ColumnType.POSTCODE, ColumnType.LATITUDE, ColumnType.POINT}
)


@dataclass(frozen=True)
class AdviceItem:
    """One thing to do: what and how, what it adds to the score, and the question of the form (or the file) to edit."""

    message: TranslatableMessage
    points: int = 0
    field: str = "file"


@dataclass(frozen=True)
class Advice:
    """The score as it is, and what would raise it."""

    score: Score
    items: tuple[AdviceItem, ...]


@dataclass(frozen=True)
class FileFacts:
    """What is known of the file; all of it may be missing, for a file that is no table."""

    media_type: str = ""
    columns: Sequence[TypedColumn] = ()
    findings: TableFacts | None = None
    report: SchemaReport | None = None
    looks_like: str = ""
    """The title of the schema that it seems to follow, unless it is said to follow one."""
    place_known: bool = False
    """Whether the description will say where: the area of the file, or the territory."""


def advise(answers: Answers, table: FileFacts) -> Advice:
    """Judge a description and its table."""
    is_described = says_something(
        answers.get("summary", ""),
        answers.get("title", ""),
        [column.name for column in table.columns],
    )
    current_score = score_criteria(
        _met_criteria(answers, table), is_described=is_described
    )
    items = [
        *_advise_on_description(answers, current_score),
        *_advise_on_format(table, current_score),
        *_advise_on_header(table),
        *_advise_on_cells(table),
    ]
    items += _advise_on_schema(table)
    return Advice(current_score, tuple(sorted(items, key=lambda item: -item.points)))


def _met_criteria(answers: Answers, table: FileFacts) -> set[str]:
    licence = LICENCES.get(answers.get("licence", ""))
    file_format = find_format(table.media_type)
    criteria = {
        "keyword": bool(split_keywords(answers)),
        "theme": bool(answers.get("theme")),
        "spatial": table.place_known,
        "temporal": bool(answers.get("first_day")),
        "dcat_ap": not check_answers(answers),
        "licence": bool(licence),
        "licence_from_vocabulary": bool(licence and licence.authority),
        "contact_point": bool(answers.get("contact")),
    }
    if file_format:
        of_format = format_criteria(file_format.authority, table.media_type)
    else:
        of_format = set[str]()
    return (
        {name for name, holds in criteria.items() if holds}
        | of_format
        | CRITERIA_MET_BY_NODE
    )


def _missing_points(current_score: Score, *names: str) -> int:
    return sum(
        CRITERIA[name].points for name in names if name not in current_score.criteria
    )


def _advise_on_description(
    answers: Answers, current_score: Score
) -> Iterator[AdviceItem]:
    advice_by_criteria = {
        ("keyword",): (
            "keywords",
            TranslatableMessage("Add keywords: they help people find the dataset."),
        ),
        ("theme",): ("theme", TranslatableMessage("Choose a theme.")),
        ("spatial",): (
            "place",
            TranslatableMessage("State the area that the data cover."),
        ),
        ("temporal",): (
            "first_day",
            TranslatableMessage("State the period that the data cover."),
        ),
        ("licence", "licence_from_vocabulary"): (
            "licence",
            TranslatableMessage("Choose what people may do with the data."),
        ),
        ("contact_point",): (
            "contact",
            TranslatableMessage("Give an address for questions."),
        ),
    }
    for names, (question, message) in advice_by_criteria.items():
        if points := _missing_points(current_score, *names):
            yield AdviceItem(message, points, question)
    if "dcat_ap" not in current_score.criteria:
        yield AdviceItem(
            TranslatableMessage("Complete the answers marked as wrong."),
            _missing_points(current_score, "dcat_ap"),
            "title",
        )
    yield from _advise_on_text(answers, current_score)
    if 0 < len(split_keywords(answers)) < FEWEST_KEYWORDS:
        yield AdviceItem(
            TranslatableMessage("Three keywords or more help people find it."),
            0,
            "keywords",
        )
    if not answers.get("frequency"):
        yield AdviceItem(
            TranslatableMessage(
                "State how often you update the data: people will know what to expect."
            ),
            0,
            "frequency",
        )


def _advise_on_text(answers: Answers, current_score: Score) -> Iterator[AdviceItem]:
    """What the text of a description lacks, where there is one: an empty one is a wrong answer."""
    if not answers.get("summary"):
        return
    if not current_score.is_described:
        yield AdviceItem(
            TranslatableMessage(
                "Describe the data in your own words: the title and the names of columns are known already."
            ),
            0,
            "summary",
        )
    elif len(answers.get("summary", "")) < SHORTEST_SUMMARY:
        yield AdviceItem(
            TranslatableMessage(
                "Complete the description: who collects the data, how, and what for."
            ),
            0,
            "summary",
        )


def _advise_on_format(table: FileFacts, current_score: Score) -> Iterator[AdviceItem]:
    points = _missing_points(
        current_score,
        "non_proprietary",
        "machine_readable",
        "format",
        "format_from_vocabulary",
        "media_type",
    )
    if points and table.columns:
        yield AdviceItem(
            TranslatableMessage("Save the table as CSV: every program can read it."),
            points,
        )
    elif points and table.media_type == "application/pdf":
        yield AdviceItem(
            TranslatableMessage(
                "A PDF is made to be read, not reused: publish the table it was made from."
            ),
            points,
        )
    elif points:
        yield AdviceItem(
            TranslatableMessage(
                "Publish it in an open format, such as CSV, JSON or XML."
            ),
            points,
        )


def _advise_on_header(table: FileFacts) -> Iterator[AdviceItem]:
    names = [column.name for column in table.columns]
    if unclear := [name for name in names if _is_unclear(name)]:
        yield _advise_on_columns(
            "Give these columns a name that says what they hold: %(columns)s.", unclear
        )
    days = {ColumnType.DATE, ColumnType.DATETIME}
    other = [
        c.name
        for c in table.columns
        if c.type in days and c.format and not c.format.startswith(ISO_DAY)
    ]
    if other:
        yield _advise_on_columns(
            "Write dates as year-month-day (2026-01-31) in: %(columns)s.", other
        )
    if commas := [
        column.name
        for column in table.columns
        if column.type is ColumnType.NUMBER and column.format == ","
    ]:
        yield _advise_on_columns(
            "Write a point before the decimals instead of a comma in: %(columns)s.",
            commas,
        )
    places = [
        name
        for name in names
        if {fold_text(word) for word in split_words(name)} & PLACES
    ]
    if places and not any(column.type in LOCATION_TYPES for column in table.columns):
        yield _advise_on_columns(
            "Add the INSEE code beside the name of the municipality: names change and repeat (%(columns)s).",
            places,
        )


def _is_unclear(name: str) -> bool:
    """A name that says nothing, or that no program takes as it is."""
    plain = fold_text(name)
    letters = [character for character in plain if character.isalpha()]
    invented = (
        plain.startswith(("col", "unnamed", "field", "champ"))
        and plain.lstrip("colunamedfishp_: ").isdigit()
    )
    return not letters or invented or "\n" in name or len(name) > 60  # noqa: PLR2004 - longer is a sentence


def _advise_on_columns(message: str, columns: Sequence[str]) -> AdviceItem:
    column_list = ", ".join(name[:40] for name in columns[:MOST_NAMED]) + (
        " …" if len(columns) > MOST_NAMED else ""
    )
    return AdviceItem(TranslatableMessage(message, {"columns": column_list}))


def _advise_on_cells(table: FileFacts) -> Iterator[AdviceItem]:
    findings = table.findings
    if not findings:
        return
    if findings.empty:
        yield _advise_on_columns(
            "Remove the columns that are always empty, or fill them: %(columns)s.",
            findings.empty,
        )
    if findings.mixed:
        yield _advise_on_columns(
            "Keep only numbers in these columns, and put words in another one: %(columns)s.",
            findings.mixed,
        )
    if findings.merged:
        yield _advise_on_columns(
            "Repeat the value on every line instead of merging cells in: %(columns)s.",
            findings.merged,
        )
    if findings.totals:
        lines = ", ".join(str(line) for line in findings.totals[:MOST_NAMED])
        yield AdviceItem(
            TranslatableMessage(
                "Remove the total lines, which others would count twice: line %(lines)s.",
                {"lines": lines},
            )
        )
    if findings.repeated:
        yield AdviceItem(
            TranslatableMessage(
                "%(count)s lines are copies of another one: remove them.",
                {"count": findings.repeated},
            )
        )
    if findings.rows and not findings.key:
        yield AdviceItem(
            TranslatableMessage(
                "Add a column with a number or a code of its own for each line: updates can then be compared."
            )
        )


def _advise_on_schema(table: FileFacts) -> Iterator[AdviceItem]:
    report = table.report
    if report and report.wrong_cells:
        values = {"title": report.title, "count": report.wrong_cells}
        yield AdviceItem(
            TranslatableMessage(
                "Correct what the model «%(title)s» refuses: %(count)s cells.", values
            )
        )
    if (
        missing := [fault.column for fault in report.columns if fault.is_error]
        if report
        else []
    ):
        yield _advise_on_columns(
            "Add the columns that the model asks for: %(columns)s.", missing
        )
    if not report and table.looks_like:
        message = TranslatableMessage(
            "Your table looks like «%(title)s»: choose this model to have each cell checked.",
            {"title": table.looks_like},
        )
        yield AdviceItem(message, 0, "schema")
