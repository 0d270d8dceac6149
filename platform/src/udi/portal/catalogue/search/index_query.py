"""What was understood of a question, and its filters, in the terms of one index."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from tantivy import FieldType, Occur, Query

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.counts import days_of
from udi.portal.catalogue.search.criteria import BBOX, PERIOD, UPDATED, Criteria
from udi.portal.catalogue.search.extent import (
    HALF_TURN,
    Box,
    Years,
    read_box,
    read_period,
)
from udi.portal.catalogue.search.index import (
    KEYWORD,
    NO_END,
    NO_START,
    IndexReader,
    fold_keyword,
)
from udi.portal.catalogue.search.joint_index import NEARER, TENANT
from udi.portal.catalogue.search.query_analysis import ExpandedQuery, WordGroup

NAMED_WEIGHT = 3.0
PHRASE_WEIGHT = 0.05
TYPED_SCORE = 1.0
SYNONYM_SCORE = 0.5
THEME_SCORE = 0.05
GROUP_SCORE = 1_000.0
"""More than the nearness of words ever counts."""
MOST_TOGETHER = 2_000
"""Answers beyond which it is not asked whether the words of a question stand together: of so many, the first have them so."""
SLACK = 2
"""How many other words may stand between those of a question that are better together."""


@dataclass(frozen=True)
class IndexQuery:
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
        parts = [
            *text,
            *(query for name, query in self.filters.items() if name != without),
        ] or [Query.all_query()]
        return Query.boolean_query(
            [*_with_occur(Occur.Must, parts), *_with_occur(Occur.MustNot, self.apart)]
        )

    def score(self, total: int) -> Query:
        if total <= MOST_TOGETHER:
            nearer = [*self.nearer, *self.together]
        else:
            nearer = self.nearer
        return Query.boolean_query(
            [(Occur.Must, self._must(self.text)), *_with_occur(Occur.Should, nearer)]
        )


class QueryBuilder:
    """Puts what was asked into the terms of one index."""

    def __init__(
        self, reader: IndexReader, tenants: Collection[UUID] | None = None
    ) -> None:
        """`tenants`: of the joint index, the territories whose datasets may be shown."""
        self._schema = reader.schema
        self._sources: dict[str, Query] = {}
        self._repeated: list[Query] = []
        if tenants is not None:
            names = [str(tenant) for tenant in tenants]
            self._sources = {TENANT: Query.term_set_query(self._schema, TENANT, names)}
            self._repeated = [Query.term_set_query(self._schema, NEARER, names)]

    def build_query(
        self, parsed_query: ExpandedQuery, criteria: Criteria
    ) -> IndexQuery:
        return IndexQuery(
            text=[
                *map(self._group, parsed_query.groups),
                *map(self._phrase, parsed_query.phrases),
            ],
            plain=[
                *map(self._unscored_group, parsed_query.groups),
                *map(self._phrase, parsed_query.phrases),
            ],
            apart=[
                *map(self._phrase, parsed_query.apart),
                *(self._any("text", stems) for stems in parsed_query.apart_words),
                *self._repeated,
            ],
            filters=self._sources
            | {
                name: self._filter(name, values)
                for name, values in criteria.filters.items()
            },
            nearer=[self._named(word.stems) for word in parsed_query.words],
            together=list(self._proximity_queries(parsed_query)),
        )

    def build_partial_query(
        self, parsed_query: ExpandedQuery, criteria: Criteria
    ) -> Query:
        """What has most groups of words of a question comes first; of as many, what is nearest to them."""
        question = self.build_query(replace(parsed_query, groups=[]), criteria)
        some = [
            query
            for group in parsed_query.groups
            for query in (
                Query.const_score_query(self._unscored_group(group), GROUP_SCORE),
                self._group(group),
            )
        ]
        return Query.boolean_query(
            [
                (Occur.Must, question.must()),
                (Occur.Must, any_of(some)),
                *_with_occur(Occur.Should, map(self._named_group, parsed_query.groups)),
            ]
        )

    def build_membership_query(self, group: WordGroup, dataset: str) -> Query:
        """The dataset of this identifier, if it is searched and has a group of words."""
        identity = self._term("id", dataset)
        return all_of([self._unscored_group(group), identity, *self._sources.values()])

    def _named_group(self, group: WordGroup) -> Query:
        return any_of(self._named(word.stems) for word in group.words)

    def _group(self, group: WordGroup) -> Query:
        """Words that must all be there, or something that means the same.

        What means the same counts for a little, whatever its rarity, and so always for less; it counts in full where no
        dataset has the words themselves.
        """
        query_text = all_of(self._any("text", word.stems) for word in group.words)
        if not group.also and not group.themes:
            return query_text
        scored_query = all_of(
            [query_text, Query.const_score_query(Query.all_query(), TYPED_SCORE)]
        )
        named = any_of(
            [self._label(label, plain=group.is_indexed) for label in group.also]
            or [Query.empty_query()]
        )
        if group.is_indexed:
            others = Query.const_score_query(named, SYNONYM_SCORE)
        else:
            others = named
        themes = [
            Query.const_score_query(self._term("theme", theme), THEME_SCORE)
            for theme in group.themes
        ]
        return Query.boolean_query(
            _with_occur(Occur.Should, [scored_query, others, *themes])
        )

    def _unscored_group(self, group: WordGroup) -> Query:
        """The datasets of a group, whatever their order."""
        query_text = all_of(self._any("text", word.stems) for word in group.words)
        named = (self._label(label, plain=True) for label in group.also)
        return any_of(
            [
                query_text,
                *named,
                *(self._term("theme", theme) for theme in group.themes),
            ]
        )

    def _label(self, label: str, *, plain: bool = False) -> Query:
        """A synonym: one word anywhere, several only together, or in the title and the keywords."""
        stems = [stems for _, stems in words.query_words(label)]
        if len(stems) == 1:
            anywhere = self._any("text", stems[0])
            if plain:
                return anywhere
            return Query.boolean_query(
                [(Occur.Must, anywhere), (Occur.Should, self._named(stems[0]))]
            )
        named = all_of(self._any("named", word_stems) for word_stems in stems)
        return any_of([named, self._phrase(words.plain_words(label))])

    def _proximity_queries(self, parsed_query: ExpandedQuery) -> Iterable[Query]:
        query_text = [
            words.strip_accents(word.instead or word.text)
            for word in parsed_query.words
        ]
        if len(query_text) > 1:
            together = Query.phrase_query(
                self._schema, "phrase", list(query_text), slop=SLACK
            )
            yield Query.boost_query(together, PHRASE_WEIGHT)

    def _named(self, stems: words.Stems) -> Query:
        return Query.boost_query(self._any("named", stems), NAMED_WEIGHT)

    def _term(self, name: str, value: str) -> Query:
        return Query.term_query(self._schema, name, value)

    def _any(self, name: str, stems: Iterable[str]) -> Query:
        return any_of(self._term(name, stem) for stem in stems)

    def _phrase(self, phrase: Sequence[str]) -> Query:
        if len(phrase) == 1:
            return self._term("phrase", phrase[0])
        return Query.phrase_query(self._schema, "phrase", list(phrase))

    def _filter(self, name: str, values: Sequence[str]) -> Query:
        if name == UPDATED:
            return any_of(self._between("day", *days_of(value)) for value in values)
        if name == PERIOD:
            return self._period(read_period(values[0]))
        if name == BBOX:
            return self._box(read_box(values[0]))
        if name == KEYWORD:
            values = [fold_keyword(value) for value in values]
        return Query.term_set_query(
            self._schema, name, [words.normalise_text(value) for value in values]
        )

    def _period(self, years: Years) -> Query:
        """Data whose period has some part in these years; those that say none are left out."""
        first, last = years
        until = self._between("until", NO_START if first is None else first, None)
        return all_of(
            [until, self._between("since", None, NO_END if last is None else last)]
        )

    def _box(self, box: Box | None) -> Query:
        """Data whose area touches the rectangle; one that crosses the 180th meridian is two."""
        if box is None:
            return Query.empty_query()
        west, south, east, north = box
        if west <= east:
            spans = [(west, east)]
        else:
            spans = [(west, HALF_TURN), (-HALF_TURN, east)]
        high = [self._degrees("north", least=south), self._degrees("south", most=north)]
        wide = [
            all_of(
                [self._degrees("east", least=least), self._degrees("west", most=most)]
            )
            for least, most in spans
        ]
        return all_of([*high, any_of(wide)])

    def _degrees(
        self, side: str, *, least: float | None = None, most: float | None = None
    ) -> Query:
        return Query.range_query(
            self._schema, side, FieldType.Float, lower_bound=least, upper_bound=most
        )

    def _between(self, name: str, least: int | None, most: int | None) -> Query:
        return Query.range_query(
            self._schema, name, FieldType.Integer, lower_bound=least, upper_bound=most
        )


def _with_occur(occur: Occur, queries: Iterable[Query]) -> list[tuple[Occur, Query]]:
    return [(occur, query) for query in queries]


def all_of(queries: Iterable[Query]) -> Query:
    """What answers each of some queries."""
    return _combine(list(queries), Occur.Must)


def any_of(queries: Iterable[Query]) -> Query:
    """What answers one of some queries, or several."""
    return _combine(list(queries), Occur.Should)


def _combine(queries: list[Query], occur: Occur) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query(_with_occur(occur, queries))
