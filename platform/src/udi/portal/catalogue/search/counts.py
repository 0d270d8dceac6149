"""How many datasets each value of each filter would find."""

from collections import Counter
from collections.abc import Callable, Sequence

from tantivy import Query

from udi.kit.clock import now
from udi.portal.catalogue.search.criteria import AGES, OLDER, UPDATED, Criteria
from udi.portal.catalogue.search.index import FACETS, FORMAT, FORMATS, KEYWORD, SEPARATOR, Reader, day_of

COUNTED = {**{name: name for name in FACETS}, FORMAT: FORMATS, UPDATED: "day"}
"""Filter to the field that is counted."""
MOST_VALUES = {"theme": 500, "producer": 2_000, "access": 10, "licence": 500, FORMATS: 5_000, KEYWORD: 200}
PER_SEGMENT = MOST_VALUES | {KEYWORD: 5_000}
Counts = dict[str, int]


def count_all(reader: Reader, query: Query) -> int:
    """How many datasets answer a query."""
    return sum(_buckets(reader, query, ["access"])["access"].values())


def count_facets(reader: Reader, must: Callable[[str], Query], criteria: Criteria) -> tuple[int, dict[str, Counts]]:
    """How many datasets answer, and by value of each filter, each as if it were not filtered.

    `must` is the query without one of its filters. Keywords are many and dear to count: only where that is asked.
    """
    fields = COUNTED | ({KEYWORD: KEYWORD} if KEYWORD in criteria.facets else {})
    counted = _buckets(reader, must(""), list(fields.values()))
    total = sum(counted["access"].values())
    for name in (name for name in criteria.filters if name in fields):
        counted |= _buckets(reader, must(name), [fields[name]])
    facets = {}
    for name, counted_field in fields.items():
        counts = _split(counted[counted_field]) if name == FORMAT else counted[counted_field]
        chosen = dict.fromkeys(getattr(criteria, name), 0)
        facets[name] = dict(sorted((chosen | counts).items(), key=_by_age if name == UPDATED else _most_first))
    return total, facets


def days_of(age: str) -> tuple[int | None, int | None]:
    """First and last day (since 1970) of what was updated within an age; `older` is before the longest of them."""
    today = day_of(now())
    return (None, today - max(AGES.values()) - 1) if age == OLDER else (today - AGES[age], None)


def _most_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _by_age(pair: tuple[str, int]) -> int:
    return [*AGES, OLDER].index(pair[0])


def _buckets(reader: Reader, query: Query, names: Sequence[str]) -> dict[str, Counts]:
    asked = {name: {"range": _ages()} if name == "day" else {"terms": _values(name)} for name in names}
    answer = reader.searcher.aggregate(query, asked)
    found = {name: {bucket["key"]: bucket["doc_count"] for bucket in answer[name]["buckets"]} for name in names}
    return {
        name: _cumulated(counts) if name == "day" else {key: number for key, number in counts.items() if key}
        for name, counts in found.items()
    }


def _values(name: str) -> dict[str, object]:
    return {"field": name, "size": MOST_VALUES[name], "segment_size": PER_SEGMENT[name]}


def _ages() -> dict[str, object]:
    """Ranges of days that do not overlap, since the engine counts no day twice."""
    starts = {age: days_of(age)[0] for age in AGES}
    ends = [None, *starts.values()]
    ranges: list[dict[str, object]] = [
        {"key": age, "from": start, **({"to": end} if end else {})}
        for (age, start), end in zip(starts.items(), ends, strict=False)
    ]
    return {"field": "day", "ranges": [*ranges, {"key": OLDER, "to": ends[-1]}]}


def _cumulated(counts: Counts) -> Counts:
    """What was updated this week was so this month too."""
    cumulated, total = {}, 0
    for age in AGES:
        total += counts.get(age, 0)
        cumulated[age] = total
    return {age: number for age, number in {**cumulated, OLDER: counts.get(OLDER, 0)}.items() if number}


def _split(sets: Counts) -> Counts:
    counts: Counter[str] = Counter()
    for joined, number in sets.items():
        for label in joined.split(SEPARATOR):
            counts[label] += number
    return dict(counts)
