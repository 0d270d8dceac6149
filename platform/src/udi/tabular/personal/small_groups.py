"""Small groups: details that, taken together, leave somebody alone (k-anonymity, on up to three details at once)."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod

import duckdb

from udi.tabular.columns.column import LINE, ColumnType
from udi.tabular.personal.cells import SHOWN_LINES, ColumnCells
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.people import HeaderContext
from udi.tabular.personal.report import PersonalDataFinding, PersonalDataSeverity
from udi.tabular.personal.vocabulary import BIRTHS, COUNTS, GIVENS, Header, words
from udi.tabular.sandbox.duckdb_sandbox import identifier

SMALLEST_GROUP = 5
MOST_DETAILS = 8
MOST_TOGETHER = 3
MOST_SHOWN = 3
FEWEST_ROWS = 2
CROSSED = 0.5
OF_PEOPLE = words(
    "age ages sexe genre gender sex civilite profession metier csp pcs job occupation marital matrimoniale "
    "nationalite nationality citoyennete diplome revenu income salaire salary ddn dob"
)
"""Words of details that only people have."""
OF_PLACES = words(
    "postal postcode postcodes zip cp commune communes insee iris quartier ville city town village canton residence"
)
LIMITS = frozenset(
    [
        "min",
        "mini",
        "minimum",
        "max",
        "maxi",
        "maximum",
        "moyen",
        "moyenne",
        "mean",
        "average",
        "conseille",
        "requis",
    ]
)
"""Words of rules and of averages, not of people."""
PLACE_TYPES = frozenset({ColumnType.POSTCODE, ColumnType.COMMUNE})
Group = tuple[ColumnCells, ...]


def find_small_groups(
    table: duckdb.DuckDBPyConnection,
    columns: Sequence[ColumnCells],
    around: HeaderContext,
    *,
    named: bool,
) -> list[PersonalDataFinding]:
    """The fewest details that leave people alone, at most three sets; none for tables of counts and of public offices."""
    details = _details(columns)
    if (
        named
        or not any(_is_about_people(cells.header) for cells in details)
        or len(details) < FEWEST_ROWS
    ):
        return []
    if around.has_counts or around.has_species or _crosses(table, details):
        return []
    small_groups: list[tuple[Group, PersonalDataFinding]] = []
    for group in _groups(details):
        if any(set(earlier_group) <= set(group) for earlier_group, _ in small_groups):
            continue
        if small := _measure_group(table, group):
            small_groups.append((group, small))
    small_groups.sort(
        key=lambda entry: (
            entry[1].strength is PersonalDataSeverity.WARNING,
            len(entry[0]),
            -entry[1].count,
        )
    )
    return [small for _, small in small_groups[:MOST_SHOWN]]


def _details(columns: Sequence[ColumnCells]) -> list[ColumnCells]:
    fitting = [
        cells
        for cells in columns
        if cells.filled and (_is_about_people(cells.header) or _is_about_place(cells))
    ]
    fitting.sort(key=lambda cells: not _is_about_people(cells.header))
    return fitting[:MOST_DETAILS]


def _is_about_people(header: Header) -> bool:
    if header.has_any_word(COUNTS | LIMITS) or header.has_any_stem(GIVENS):
        return False
    return header.has_any_word(OF_PEOPLE) or header.has_any_stem(BIRTHS)


def _is_about_place(cells: ColumnCells) -> bool:
    return cells.column.type in PLACE_TYPES or cells.header.has_any_word(OF_PLACES)


def _groups(details: Sequence[ColumnCells]) -> Iterator[Group]:
    for size in range(1, MOST_TOGETHER + 1):
        yield from (
            group
            for group in combinations(details, size)
            if any(_is_about_people(cells.header) for cells in group)
        )


def _measure_group(
    table: duckdb.DuckDBPyConnection, group: Group
) -> PersonalDataFinding | None:
    """People in groups of fewer than five; alone in theirs, it is a stop."""
    names = ", ".join(identifier(cells.name) for cells in group)
    filled_condition = " AND ".join(
        f"{identifier(cells.name)} IS NOT NULL" for cells in group
    )
    groups = f"SELECT count(*) AS n, min({LINE}) AS line FROM t WHERE {filled_condition} GROUP BY {names}"
    few, singletons, rows = table.execute(
        f"SELECT coalesce(sum(n) FILTER (n < {SMALLEST_GROUP}), 0)::BIGINT, count_if(n = 1), coalesce(sum(n), 0)::BIGINT "
        f"FROM ({groups})"
    ).fetchone() or (0, 0, 0)
    if not few:
        return None
    smallest = "n = 1" if singletons else f"n < {SMALLEST_GROUP}"
    lines = table.execute(
        f"SELECT line FROM ({groups}) WHERE {smallest} ORDER BY line LIMIT {SHOWN_LINES}"
    ).fetchall()
    return PersonalDataFinding(
        columns=tuple(cells.name for cells in group),
        what=PersonalDataKind.SMALL_GROUP,
        strength=PersonalDataSeverity.STOP
        if singletons
        else PersonalDataSeverity.WARNING,
        count=int(few),
        total=int(rows),
        lines=tuple(int(line) for (line,) in lines),
    )


def _crosses(table: duckdb.DuckDBPyConnection, details: Sequence[ColumnCells]) -> bool:
    """Whether rows are the crossings of the details (a table of statistics), not people: each crossing stands once."""
    names = ", ".join(identifier(cells.name) for cells in details)
    distinct = ", ".join(
        f"count(DISTINCT {identifier(cells.name)})" for cells in details
    )
    sizes = table.execute(f"SELECT {distinct} FROM t").fetchone() or ()
    crossings, rows = table.execute(
        f"SELECT count(DISTINCT ({names})), count(*) FROM t"
    ).fetchone() or (0, 0)
    return (
        bool(rows)
        and crossings == rows
        and rows >= CROSSED * prod(max(size, 1) for size in sizes)
    )
