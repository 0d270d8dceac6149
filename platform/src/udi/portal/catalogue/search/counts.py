"""How many datasets each value of each filter would find."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

from tantivy import Query

from udi.kit.clock import now
from udi.portal.catalogue.search.criteria import (
    AGES,
    OLDER,
    TERRITORY,
    UPDATED,
    Criteria,
)
from udi.portal.catalogue.search.index import (
    FACETS,
    FORMAT,
    FORMATS,
    FREQUENCY,
    KEYWORD,
    LOCATION,
    SEPARATOR,
    IndexReader,
    day_of,
)

ACCESS = "access"
TOGETHER = (TERRITORY,)
"""Filters that only several territories together have."""
COUNTED = {
    **{name: name for name in (*FACETS, FREQUENCY, LOCATION)},
    FORMAT: FORMATS,
    UPDATED: "day",
}
"""Filter to the field that is counted."""
USUAL = 50
"""Values of a filter that are counted unless all are asked for."""
MOST_VALUES = {
    TERRITORY: 5_000,
    "theme": 500,
    "producer": 2_000,
    "access": 10,
    "licence": 500,
    FREQUENCY: 100,
    LOCATION: 2_000,
    FORMATS: 5_000,
    KEYWORD: 200,
}
PER_SEGMENT = MOST_VALUES | {KEYWORD: 5_000}
Counts = dict[str, int]


def count_matches(reader: IndexReader, query: Query) -> int:
    """How many datasets answer a query."""
    return sum(_aggregate(reader, query, [ACCESS])[ACCESS].values())


def count_facets(
    reader: IndexReader,
    must: Callable[[str], Query],
    criteria: Criteria,
    more: Sequence[str] = (),
) -> tuple[int, dict[str, Counts]]:
    """How many datasets answer, and by value of each filter, each as if it were not filtered.

    `must` is the query without one of its filters; `more` are filters that this index has besides. Keywords are many and dear to count: only where that is asked. Of the
    others the `USUAL` most frequent are told, and those in use; all of them where that is asked.
    """
    if KEYWORD in criteria.facets:
        names = [*more, *COUNTED, KEYWORD]
    else:
        names = [*more, *COUNTED]
    used = [name for name in criteria.filters if name in names]
    counted = _aggregate(
        reader,
        must(""),
        [name for name in names if name not in used or name == ACCESS],
        criteria.facets,
    )
    total = sum(counted[ACCESS].values())
    for name in used:
        counted |= _aggregate(reader, must(name), [name], used)
        counted[name] = dict.fromkeys(getattr(criteria, name), 0) | counted[name]
    return total, {name: _sort_counts(name, counted[name], criteria) for name in names}


def _sort_counts(name: str, counts: Counts, criteria: Criteria) -> Counts:
    """The most frequent first, ages by their length."""
    if name == UPDATED:
        return {age: counts[age] for age in (*AGES, OLDER) if age in counts}
    ordered = sorted(counts.items(), key=_most_first)
    if len(ordered) <= USUAL or name in criteria.facets:
        return dict(ordered)
    selected_values = getattr(criteria, name)
    return dict(ordered[:USUAL]) | {value: counts[value] for value in selected_values}


def days_of(age: str) -> tuple[int | None, int | None]:
    """First and last day (since 1970) of what was updated within an age; `older` is before the longest of them."""
    today = day_of(now())
    if age == OLDER:
        return (None, today - max(AGES.values()) - 1)
    return (today - AGES[age], None)


def _most_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _aggregate(
    reader: IndexReader, query: Query, names: Sequence[str], whole: Collection[str] = ()
) -> dict[str, Counts]:
    fields = {name: COUNTED.get(name, name) for name in names}
    aggregations = {
        field: {"range": _age_ranges()}
        if name == UPDATED
        else {"terms": _terms_aggregation(field, whole=name in whole)}
        for name, field in fields.items()
    }
    answer = reader.searcher.aggregate(query, aggregations)
    return {
        name: _read_buckets(name, answer[field]["buckets"])
        for name, field in fields.items()
    }


def _read_buckets(name: str, buckets: Sequence[dict[str, Any]]) -> Counts:
    if name == FORMAT:
        return _split_formats(buckets)
    counts = {bucket["key"]: bucket["doc_count"] for bucket in buckets}
    counts.pop("", None)
    if name == UPDATED:
        return _accumulate_ages(counts)
    return counts


def _terms_aggregation(name: str, *, whole: bool) -> dict[str, object]:
    most = MOST_VALUES[name]
    return {
        "field": name,
        "size": most if whole or name == FORMATS else USUAL,
        "segment_size": PER_SEGMENT[name],
    }


def _age_ranges() -> dict[str, object]:
    """Ranges of days that do not overlap, since the engine counts no day twice."""
    starts = {age: days_of(age)[0] for age in AGES}
    ends = [None, *starts.values()]
    ranges: list[dict[str, object]] = [
        {"key": age, "from": start, **({"to": end} if end else {})}
        for (age, start), end in zip(starts.items(), ends, strict=False)
    ]
    return {"field": "day", "ranges": [*ranges, {"key": OLDER, "to": ends[-1]}]}


def _accumulate_ages(counts: Counts) -> Counts:
    """What was updated this week was so this month too."""
    cumulated = {}
    total = 0
    for age in AGES:
        total += counts.get(age, 0)
        cumulated[age] = total
    return {
        age: number
        for age, number in {**cumulated, OLDER: counts.get(OLDER, 0)}.items()
        if number
    }


def _split_formats(buckets: Sequence[dict[str, Any]]) -> Counts:
    """How often each format, from how often each set of them."""
    counts: Counts = defaultdict(int)
    for bucket in buckets:
        number = bucket["doc_count"]
        for label in _labels(bucket["key"]):
            counts[label] += number
    return counts


@lru_cache(MOST_VALUES[FORMATS])
def _labels(joined: str) -> tuple[str, ...]:
    return tuple(filter(None, joined.split(SEPARATOR)))
