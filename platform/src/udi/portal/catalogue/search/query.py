"""A question put to an index: what was understood and the filters in, numbers of rows and counts out."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tantivy import DocAddress, FieldType, Occur, Order, Query

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.asking import Asked, Group, Word, understand
from udi.portal.catalogue.search.counts import count_all, count_facets, days_of
from udi.portal.catalogue.search.criteria import (
    BBOX,
    MODIFIED,
    PERIOD,
    PUBLISHED,
    RELEVANCE,
    TITLE,
    UPDATED,
    Criteria,
)
from udi.portal.catalogue.search.extent import HALF_TURN, Box, Years, read_box, read_period
from udi.portal.catalogue.search.index import KEYWORD, NO_END, NO_START, Reader, fold_keyword
from udi.portal.catalogue.search.spelling import as_written, complete
from udi.portal.catalogue.search.thesaurus import Thesaurus, shipped

ORDERS = {TITLE: ("name", Order.Asc), MODIFIED: ("modified", Order.Desc), PUBLISHED: ("published", Order.Desc)}
NAMED_WEIGHT, PHRASE_WEIGHT = 3.0, 0.05
TYPED_SCORE, SYNONYM_SCORE, THEME_SCORE = 1.0, 0.5, 0.05
LAST_WORD = re.compile(r"(?P<before>.*?)(?P<start>[^\W_]+)", re.DOTALL)
RANKED = 60
"""How many of the nearest are put in order by more than their nearness."""
MOST_TOGETHER = 2_000
"""Answers beyond which it is not asked whether the words of a question stand together: of so many, the first have them so."""
SLACK = 2
"""How many other words may stand between those of a question that are better together."""


@dataclass(frozen=True)
class Found:
    """One page of answers as numbers of rows, in order; facets count every answer, each as if it were not filtered."""

    total: int
    seqs: list[int]
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)

    @property
    def words(self) -> list[Word]:
        return self.asked.words


@dataclass(frozen=True)
class Question:
    """A question in the index's terms: what must hold, what must not, and what brings nearer to the top."""

    text: list[Query]
    plain: list[Query]
    """The same as `text`, to be counted: nothing in it is there for the order only."""
    apart: list[Query]
    filters: dict[str, Query]
    nearer: list[Query]
    together: list[Query]
    """What brings nearer too, but is dear: it reads where the words stand in each dataset that has them."""

    def must(self, without: str = "") -> Query:
        return self._must(self.plain, without)

    def _must(self, text: list[Query], without: str = "") -> Query:
        parts = [*text, *(query for name, query in self.filters.items() if name != without)] or [Query.all_query()]
        return Query.boolean_query([*_each(Occur.Must, parts), *_each(Occur.MustNot, self.apart)])

    def score(self, total: int) -> Query:
        nearer = [*self.nearer, *self.together] if total <= MOST_TOGETHER else self.nearer
        return Query.boolean_query([(Occur.Must, self._must(self.text)), *_each(Occur.Should, nearer)])


def search(reader: Reader, criteria: Criteria, thesaurus: Thesaurus | None = None) -> Found:
    """Answer a question, with the synonyms of a territory, else with those of the portal."""
    asked = understand(reader, criteria.text, thesaurus or shipped(), exact=criteria.exact)
    question = _Writer(reader).question(asked, criteria)
    total, facets = count_facets(reader, question.must, criteria)
    return Found(total, _page(reader, question, criteria, asked, total), facets, asked)


def count(reader: Reader, criteria: Criteria, thesaurus: Thesaurus | None = None) -> int:
    """How many datasets answer, without reading them."""
    asked = understand(reader, criteria.text, thesaurus or shipped(), exact=criteria.exact)
    question = _Writer(reader).question(asked, criteria)
    return count_all(reader, question.must())


def match(reader: Reader, criteria: Criteria, among: Collection[UUID], thesaurus: Thesaurus | None = None) -> list[int]:
    """The numbers of the rows of these datasets that answer."""
    if not among:
        return []
    asked = understand(reader, criteria.text, thesaurus or shipped(), exact=criteria.exact)
    those = _any_of([Query.term_query(reader.schema, "id", str(dataset)) for dataset in among])
    must = _all([_Writer(reader).question(asked, criteria).must(), those])
    hits = reader.searcher.search(must, len(among), count=False).hits
    return _seqs(reader, [address for _, address in hits])


def suggest(reader: Reader, typed: str, thesaurus: Thesaurus | None = None) -> list[str]:
    """The question with its last word completed, in the ways that find something, the most frequent first."""
    found = LAST_WORD.fullmatch(typed)
    if found is None:
        return []
    before, start = found["before"], words.plain(words.clean(found["start"]))
    asked = understand(reader, before, thesaurus or shipped())
    among = _Writer(reader).question(asked, Criteria()).must() if asked != Asked() else None
    return [f"{before}{as_written(reader, word)}" for word in complete(reader, start, among=among, shortest=2)]


class _Writer:
    """Puts what was asked into the terms of one index."""

    def __init__(self, reader: Reader) -> None:
        self._schema = reader.schema

    def question(self, asked: Asked, criteria: Criteria) -> Question:
        return Question(
            text=[*map(self._group, asked.groups), *map(self._phrase, asked.phrases)],
            plain=[*map(self._plain, asked.groups), *map(self._phrase, asked.phrases)],
            apart=[*map(self._phrase, asked.apart), *(self._any("text", stems) for stems in asked.apart_words)],
            filters={name: self._filter(name, values) for name, values in criteria.filters.items()},
            nearer=[self._named(word.stems) for word in asked.words],
            together=list(self._together(asked)),
        )

    def _group(self, group: Group) -> Query:
        """Words that must all be there, or something that means the same.

        What means the same counts for a little, whatever its rarity, and so always for less; it counts in full where no
        dataset has the words themselves.
        """
        typed = _all(self._any("text", word.stems) for word in group.words)
        if not group.also and not group.themes:
            return typed
        known = _all([typed, Query.const_score_query(Query.all_query(), TYPED_SCORE)])
        named = _any_of([self._label(label, plain=group.known) for label in group.also] or [Query.empty_query()])
        others = Query.const_score_query(named, SYNONYM_SCORE) if group.known else named
        themes = [Query.const_score_query(self._term("theme", theme), THEME_SCORE) for theme in group.themes]
        return Query.boolean_query(_each(Occur.Should, [known, others, *themes]))

    def _plain(self, group: Group) -> Query:
        """The datasets of a group, whatever their order."""
        typed = _all(self._any("text", word.stems) for word in group.words)
        named = (self._label(label, plain=True) for label in group.also)
        return _any_of([typed, *named, *(self._term("theme", theme) for theme in group.themes)])

    def _label(self, label: str, *, plain: bool = False) -> Query:
        """A synonym: one word anywhere, several only together, or in the title and the keywords."""
        stems = [stems for _, stems in words.query_words(label)]
        if len(stems) == 1:
            anywhere = self._any("text", stems[0])
            if plain:
                return anywhere
            return Query.boolean_query([(Occur.Must, anywhere), (Occur.Should, self._named(stems[0]))])
        named = _all(self._any("named", each) for each in stems)
        return _any_of([named, self._phrase(words.plain_words(label))])

    def _together(self, asked: Asked) -> Iterable[Query]:
        typed = [words.plain(word.instead or word.text) for word in asked.words]
        if len(typed) > 1:
            together = Query.phrase_query(self._schema, "phrase", list(typed), slop=SLACK)
            yield Query.boost_query(together, PHRASE_WEIGHT)

    def _named(self, stems: words.Stems) -> Query:
        return Query.boost_query(self._any("named", stems), NAMED_WEIGHT)

    def _term(self, name: str, value: str) -> Query:
        return Query.term_query(self._schema, name, value)

    def _any(self, name: str, stems: Iterable[str]) -> Query:
        return _any_of(self._term(name, stem) for stem in stems)

    def _phrase(self, phrase: Sequence[str]) -> Query:
        if len(phrase) == 1:
            return self._term("phrase", phrase[0])
        return Query.phrase_query(self._schema, "phrase", list(phrase))

    def _filter(self, name: str, values: Sequence[str]) -> Query:
        if name == UPDATED:
            return _any_of(self._between("day", *days_of(value)) for value in values)
        if name == PERIOD:
            return self._period(read_period(values[0]))
        if name == BBOX:
            return self._box(read_box(values[0]))
        if name == KEYWORD:
            values = [fold_keyword(value) for value in values]
        return Query.term_set_query(self._schema, name, [words.clean(value) for value in values])

    def _period(self, years: Years) -> Query:
        """Data whose period has some part in these years; those that say none are left out."""
        first, last = years
        until = self._between("until", NO_START if first is None else first, None)
        return _all([until, self._between("since", None, NO_END if last is None else last)])

    def _box(self, box: Box | None) -> Query:
        """Data whose area touches the rectangle; one that crosses the 180th meridian is two."""
        if box is None:
            return Query.empty_query()
        west, south, east, north = box
        spans = [(west, east)] if west <= east else [(west, HALF_TURN), (-HALF_TURN, east)]
        high = [self._degrees("north", least=south), self._degrees("south", most=north)]
        wide = [_all([self._degrees("east", least=least), self._degrees("west", most=most)]) for least, most in spans]
        return _all([*high, _any_of(wide)])

    def _degrees(self, side: str, *, least: float | None = None, most: float | None = None) -> Query:
        return Query.range_query(self._schema, side, FieldType.Float, lower_bound=least, upper_bound=most)

    def _between(self, name: str, least: int | None, most: int | None) -> Query:
        return Query.range_query(self._schema, name, FieldType.Integer, lower_bound=least, upper_bound=most)


def _each(occur: Occur, queries: Iterable[Query]) -> list[tuple[Occur, Query]]:
    return [(occur, query) for query in queries]


def _all(queries: Iterable[Query]) -> Query:
    return _one(list(queries), Occur.Must)


def _any_of(queries: Iterable[Query]) -> Query:
    return _one(list(queries), Occur.Should)


def _one(queries: list[Query], occur: Occur) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query(_each(occur, queries))


def _page(reader: Reader, question: Question, criteria: Criteria, asked: Asked, total: int) -> list[int]:
    start, searcher = (criteria.page - 1) * criteria.size, reader.searcher
    if not 0 <= start < total:
        return []
    order = MODIFIED if criteria.order == RELEVANCE and not asked.scored else criteria.order
    if order == RELEVANCE:
        return _seqs(reader, _nearest(reader, question.score(total), start + criteria.size)[start:])
    field_name, direction = ORDERS[order]
    found = searcher.search(
        question.must(), criteria.size, count=False, offset=start, order_by_field=field_name, order=direction
    )
    return _seqs(reader, [address for _, address in found.hits])


def _nearest(reader: Reader, query: Query, end: int) -> list[DocAddress]:
    """The nearest first; of some that are equally near, the most complete description, then the freshest data."""
    hits = reader.searcher.search(query, max(RANKED, end), count=False).hits
    addresses = [address for _, address in hits]
    first = addresses[:RANKED]
    complete, days = (reader.searcher.fast_field_values(name, first) for name in ("completeness", "day"))
    keys = [
        (-round(float(score), 1), -int(points or 0), -int(day or 0))
        for (score, _), points, day in zip(hits, complete, days, strict=False)
    ]
    order = sorted(range(len(first)), key=lambda at: keys[at])
    return [*(first[at] for at in order), *addresses[RANKED:]][:end]


def _seqs(reader: Reader, addresses: list[DocAddress]) -> list[int]:
    return [int(seq) for seq in reader.searcher.fast_field_values("seq", addresses) if seq is not None]
