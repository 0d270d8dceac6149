"""How good a description and its table are, and the edits that make them better, most useful first.

The score is the European one (`udi.protocol.quality`); what it cannot see, inside the file, gives advice without points.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from udi.node.datasets.description import Answers, check_answers, split_keywords
from udi.node.datasets.words import folded, split_words
from udi.node.tables.column import ColumnType, TypedColumn
from udi.node.tables.findings import Findings
from udi.node.tables.schemas.report import SchemaReport
from udi.node.tables.sentence import Said
from udi.protocol.formats import find_format
from udi.protocol.licences import LICENCES
from udi.protocol.quality import CRITERIA, Score, format_criteria, score

MOST_NAMED = 5
SHORTEST_SUMMARY, FEWEST_KEYWORDS = 60, 3
SERVED = frozenset(
    {"access_url_answers", "download_url", "download_url_answers", "access_rights", "access_rights_from_vocabulary"}
    | {"publisher", "byte_size", "issued", "modified"}
)
"""What the node gives to everything that it publishes."""
ISO_DAY = "%Y-%m-%d"
PLACES = frozenset({"commune", "communes", "ville", "villes", "city", "town", "municipality", "comune"})
CODED = frozenset({ColumnType.COMMUNE, ColumnType.POSTCODE, ColumnType.LATITUDE, ColumnType.POINT})


@dataclass(frozen=True)
class Advised:
    """One thing to do: what and how, what it adds to the score, and the question of the form (or the file) to edit."""

    said: Said
    points: int = 0
    field: str = "file"


@dataclass(frozen=True)
class Advice:
    """The score as it is, and what would raise it."""

    score: Score
    items: tuple[Advised, ...]


@dataclass(frozen=True)
class Table:
    """What is known of the file; all of it may be missing, for a file that is no table."""

    media_type: str = ""
    columns: Sequence[TypedColumn] = ()
    findings: Findings | None = None
    report: SchemaReport | None = None
    looks_like: str = ""
    """The title of the schema that it seems to follow, unless it is said to follow one."""
    place_known: bool = False
    """Whether the description will say where: a box of the territory, or coordinates."""


def advise(answers: Answers, table: Table) -> Advice:
    """Judge a description and its table."""
    held = score(_held(answers, table))
    items = [*_of_description(answers, held), *_of_format(table, held), *_of_header(table), *_of_cells(table)]
    items += _of_schema(table)
    return Advice(held, tuple(sorted(items, key=lambda item: -item.points)))


def _held(answers: Answers, table: Table) -> set[str]:
    licence = LICENCES.get(answers.get("licence", ""))
    found = find_format(table.media_type)
    held = {
        "keyword": bool(split_keywords(answers)),
        "theme": bool(answers.get("theme")),
        "spatial": table.place_known,
        "temporal": bool(answers.get("first_day")),
        "dcat_ap": not check_answers(answers),
        "licence": bool(licence),
        "licence_from_vocabulary": bool(licence and licence.authority),
        "contact_point": bool(answers.get("contact")),
    }
    of_format = format_criteria(found.authority, table.media_type) if found else set[str]()
    return {name for name, holds in held.items() if holds} | of_format | SERVED


def _worth(held: Score, *names: str) -> int:
    return sum(CRITERIA[name].points for name in names if name not in held.held)


def _of_description(answers: Answers, held: Score) -> Iterator[Advised]:
    asked = {
        ("keyword",): ("keywords", Said("Give keywords: they are how people find it.")),
        ("theme",): ("theme", Said("Choose a theme.")),
        ("spatial",): ("place", Said("Say which place the data are about.")),
        ("temporal",): ("first_day", Said("Say which period the data cover.")),
        ("licence", "licence_from_vocabulary"): ("licence", Said("Choose what people may do with the data.")),
        ("contact_point",): ("contact", Said("Give an address for questions.")),
    }
    for names, (question, said) in asked.items():
        if points := _worth(held, *names):
            yield Advised(said, points, question)
    if "dcat_ap" not in held.held:
        yield Advised(Said("Complete the answers marked as wrong."), _worth(held, "dcat_ap"), "title")
    if 0 < len(answers.get("summary", "")) < SHORTEST_SUMMARY:
        yield Advised(Said("Say more in the description: who collects the data, how, and what for."), 0, "summary")
    if 0 < len(split_keywords(answers)) < FEWEST_KEYWORDS:
        yield Advised(Said("Three keywords or more help people find it."), 0, "keywords")
    if not answers.get("frequency"):
        yield Advised(Said("Say how often you update it: people will know what to expect."), 0, "frequency")


def _of_format(table: Table, held: Score) -> Iterator[Advised]:
    points = _worth(held, "non_proprietary", "machine_readable", "format", "format_from_vocabulary", "media_type")
    if points and table.columns:
        yield Advised(Said("Save the table as CSV: every program can read it."), points)
    elif points and table.media_type == "application/pdf":
        yield Advised(Said("A PDF is made to be read, not reused: publish the table it was made from."), points)
    elif points:
        yield Advised(Said("Publish it in an open format, such as CSV, JSON or XML."), points)


def _of_header(table: Table) -> Iterator[Advised]:
    names = [column.name for column in table.columns]
    if unclear := [name for name in names if _is_unclear(name)]:
        yield _named("Give these columns a name that says what they hold: %(columns)s.", unclear)
    days = {ColumnType.DATE, ColumnType.DATETIME}
    other = [c.name for c in table.columns if c.type in days and c.format and not c.format.startswith(ISO_DAY)]
    if other:
        yield _named("Write dates as year-month-day (2026-01-31) in: %(columns)s.", other)
    if commas := [column.name for column in table.columns if column.type is ColumnType.NUMBER and column.format == ","]:
        yield _named("Write a point before the decimals instead of a comma in: %(columns)s.", commas)
    places = [name for name in names if {folded(word) for word in split_words(name)} & PLACES]
    if places and not any(column.type in CODED for column in table.columns):
        yield _named(
            "Add the INSEE code beside the name of the municipality: names change and repeat (%(columns)s).", places
        )


def _is_unclear(name: str) -> bool:
    """A name that says nothing, or that no program takes as it is."""
    plain = folded(name)
    letters = [character for character in plain if character.isalpha()]
    invented = plain.startswith(("col", "unnamed", "field", "champ")) and plain.lstrip("colunamedfishp_: ").isdigit()
    return not letters or invented or "\n" in name or len(name) > 60  # noqa: PLR2004 - longer is a sentence


def _named(message: str, columns: Sequence[str]) -> Advised:
    shown = ", ".join(name[:40] for name in columns[:MOST_NAMED]) + (" …" if len(columns) > MOST_NAMED else "")
    return Advised(Said(message, {"columns": shown}))


def _of_cells(table: Table) -> Iterator[Advised]:
    found = table.findings
    if not found:
        return
    if found.empty:
        yield _named("Remove the columns that are always empty, or fill them: %(columns)s.", found.empty)
    if found.mixed:
        yield _named("Keep only numbers in these columns, and put words in another one: %(columns)s.", found.mixed)
    if found.merged:
        yield _named("Repeat the value on every line instead of merging cells in: %(columns)s.", found.merged)
    if found.totals:
        lines = ", ".join(str(line) for line in found.totals[:MOST_NAMED])
        yield Advised(Said("Remove the total lines, which others would count twice: line %(lines)s.", {"lines": lines}))
    if found.repeated:
        yield Advised(Said("%(count)s lines are copies of another one: remove them.", {"count": found.repeated}))
    if found.rows and not found.key:
        yield Advised(
            Said("Add a column with a number or a code of its own for each line: updates can then be compared.")
        )


def _of_schema(table: Table) -> Iterator[Advised]:
    report = table.report
    if report and report.wrong_cells:
        values = {"title": report.title, "count": report.wrong_cells}
        yield Advised(Said("Correct what the model «%(title)s» refuses: %(count)s cells.", values))
    if missing := [fault.column for fault in report.columns if fault.is_error] if report else []:
        yield _named("Add the columns that the model asks for: %(columns)s.", missing)
    if not report and table.looks_like:
        said = Said(
            "Your table looks like «%(title)s»: say that it follows it, and have each cell checked.",
            {"title": table.looks_like},
        )
        yield Advised(said, 0, "schema")
