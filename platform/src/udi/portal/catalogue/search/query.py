"""A question put to an index: what was understood and the filters in, numbers of rows and counts out."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from tantivy import DocAddress, FieldType, Occur, Order, Query

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.counts import count_facets, count_matches, days_of
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
from udi.portal.catalogue.search.query_analysis import (
    ExpandedQuery,
    QueryWord,
    WordGroup,
    analyse_query,
)
from udi.portal.catalogue.search.spelling import complete_word, restore_accents
from udi.portal.catalogue.search.thesaurus import Thesaurus, default_thesaurus

ORDERS = {
    TITLE: ("name", Order.Asc),
    MODIFIED: ("modified", Order.Desc),
    PUBLISHED: ("published", Order.Desc),
}
NAMED_WEIGHT = 3.0
PHRASE_WEIGHT = 0.05
TYPED_SCORE = 1.0
SYNONYM_SCORE = 0.5
THEME_SCORE = 0.05
GROUP_SCORE = 1_000.0
"""More than the nearness of words ever counts."""
FEWEST_TO_DROP = 3
"""Words: of a shorter question, each is meant."""
LAST_WORD = re.compile(r"(?P<before>.*?)(?P<start>[^\W_]+)", re.DOTALL)
RANKED = 60
"""How many of the nearest are put in order by more than their nearness."""
MOST_TOGETHER = 2_000
"""Answers beyond which it is not asked whether the words of a question stand together: of so many, the first have them so."""
SLACK = 2
"""How many other words may stand between those of a question that are better together."""


@dataclass(frozen=True)
class SearchResult:
    """One page of answers as numbers of rows, in order; facets count every answer, each as if it were not filtered."""

    total: int
    seqs: list[int]
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    parsed_query: ExpandedQuery = field(default_factory=ExpandedQuery)

    @property
    def words(self) -> list[QueryWord]:
        return self.parsed_query.words


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


def search(
    reader: IndexReader, criteria: Criteria, thesaurus: Thesaurus | None = None
) -> SearchResult:
    """Answer a question, with the synonyms of a territory, else with those of the portal."""
    parsed_query = analyse_query(
        reader, criteria.text, thesaurus or default_thesaurus(), exact=criteria.exact
    )
    builder = _QueryBuilder(reader)
    question = builder.build_query(parsed_query, criteria)
    total, facets = count_facets(reader, question.must, criteria)
    if not total and not criteria.exact:
        shorter_query = _drop_words(reader, builder, parsed_query, criteria)
        if shorter_query:
            parsed_query = shorter_query
            question = builder.build_query(parsed_query, criteria)
            total, facets = count_facets(reader, question.must, criteria)
    return SearchResult(
        total,
        _page_rows(reader, question, criteria, parsed_query, total),
        facets,
        parsed_query,
    )


def _drop_words(
    reader: IndexReader,
    builder: "_QueryBuilder",
    parsed_query: ExpandedQuery,
    criteria: Criteria,
) -> ExpandedQuery | None:
    """A long question that no dataset answers, without the words that the nearest dataset lacks.

    None where it is short, or where no dataset has half of its words.
    """
    groups = parsed_query.groups
    if len(parsed_query.words) < FEWEST_TO_DROP:
        return None
    hits = reader.searcher.search(
        builder.build_partial_query(parsed_query, criteria), 1, count=False
    ).hits
    if not hits:
        return None
    nearest = str(reader.searcher.doc(hits[0][1])["id"][0])
    matching_groups = [
        group
        for group in groups
        if count_matches(reader, builder.build_membership_query(group, nearest))
    ]
    dropped = [group for group in groups if group not in matching_groups]
    shorter_query = replace(parsed_query, groups=matching_groups, dropped=dropped)
    if len(shorter_query.words) * 2 < len(parsed_query.words):
        return None
    return shorter_query


def count_answers(
    reader: IndexReader, criteria: Criteria, thesaurus: Thesaurus | None = None
) -> int:
    """How many datasets answer, without reading them."""
    parsed_query = analyse_query(
        reader, criteria.text, thesaurus or default_thesaurus(), exact=criteria.exact
    )
    question = _QueryBuilder(reader).build_query(parsed_query, criteria)
    return count_matches(reader, question.must())


def match_datasets(
    reader: IndexReader,
    criteria: Criteria,
    among: Collection[UUID],
    thesaurus: Thesaurus | None = None,
) -> list[int]:
    """The numbers of the rows of these datasets that answer."""
    if not among:
        return []
    parsed_query = analyse_query(
        reader, criteria.text, thesaurus or default_thesaurus(), exact=criteria.exact
    )
    those = _any_of(
        [Query.term_query(reader.schema, "id", str(dataset)) for dataset in among]
    )
    must = _all_of(
        [_QueryBuilder(reader).build_query(parsed_query, criteria).must(), those]
    )
    hits = reader.searcher.search(must, len(among), count=False).hits
    return _row_numbers(reader, [address for _, address in hits])


def suggest_completions(
    reader: IndexReader, query_text: str, thesaurus: Thesaurus | None = None
) -> list[str]:
    """The question with its last word completed, in the ways that find something, the most frequent first."""
    last_word = LAST_WORD.fullmatch(query_text)
    if last_word is None:
        return []
    before = last_word["before"]
    start = words.strip_accents(words.normalise_text(last_word["start"]))
    parsed_query = analyse_query(reader, before, thesaurus or default_thesaurus())
    if parsed_query != ExpandedQuery():
        among = _QueryBuilder(reader).build_query(parsed_query, Criteria()).must()
    else:
        among = None
    return [
        f"{before}{restore_accents(reader, word)}"
        for word in complete_word(reader, start, among=among, shortest=2)
    ]


class _QueryBuilder:
    """Puts what was asked into the terms of one index."""

    def __init__(self, reader: IndexReader) -> None:
        self._schema = reader.schema

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
            ],
            filters={
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
                (Occur.Must, _any_of(some)),
                *_with_occur(Occur.Should, map(self._named_group, parsed_query.groups)),
            ]
        )

    def build_membership_query(self, group: WordGroup, dataset: str) -> Query:
        """The dataset of this identifier, if it has a group of words."""
        return _all_of([self._unscored_group(group), self._term("id", dataset)])

    def _named_group(self, group: WordGroup) -> Query:
        return _any_of(self._named(word.stems) for word in group.words)

    def _group(self, group: WordGroup) -> Query:
        """Words that must all be there, or something that means the same.

        What means the same counts for a little, whatever its rarity, and so always for less; it counts in full where no
        dataset has the words themselves.
        """
        query_text = _all_of(self._any("text", word.stems) for word in group.words)
        if not group.also and not group.themes:
            return query_text
        scored_query = _all_of(
            [query_text, Query.const_score_query(Query.all_query(), TYPED_SCORE)]
        )
        named = _any_of(
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
        query_text = _all_of(self._any("text", word.stems) for word in group.words)
        named = (self._label(label, plain=True) for label in group.also)
        return _any_of(
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
        named = _all_of(self._any("named", word_stems) for word_stems in stems)
        return _any_of([named, self._phrase(words.plain_words(label))])

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
        return Query.term_set_query(
            self._schema, name, [words.normalise_text(value) for value in values]
        )

    def _period(self, years: Years) -> Query:
        """Data whose period has some part in these years; those that say none are left out."""
        first, last = years
        until = self._between("until", NO_START if first is None else first, None)
        return _all_of(
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
            _all_of(
                [self._degrees("east", least=least), self._degrees("west", most=most)]
            )
            for least, most in spans
        ]
        return _all_of([*high, _any_of(wide)])

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


def _all_of(queries: Iterable[Query]) -> Query:
    return _combine(list(queries), Occur.Must)


def _any_of(queries: Iterable[Query]) -> Query:
    return _combine(list(queries), Occur.Should)


def _combine(queries: list[Query], occur: Occur) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query(_with_occur(occur, queries))


def _page_rows(
    reader: IndexReader,
    question: IndexQuery,
    criteria: Criteria,
    parsed_query: ExpandedQuery,
    total: int,
) -> list[int]:
    start = (criteria.page - 1) * criteria.size
    searcher = reader.searcher
    if not 0 <= start < total:
        return []
    if criteria.order == RELEVANCE and not parsed_query.is_scored:
        order = MODIFIED
    else:
        order = criteria.order
    if order == RELEVANCE:
        return _row_numbers(
            reader,
            _nearest(reader, question.score(total), start + criteria.size)[start:],
        )
    field_name, direction = ORDERS[order]
    result = searcher.search(
        question.must(),
        criteria.size,
        count=False,
        offset=start,
        order_by_field=field_name,
        order=direction,
    )
    return _row_numbers(reader, [address for _, address in result.hits])


def _nearest(reader: IndexReader, query: Query, end: int) -> list[DocAddress]:
    """The nearest first; of some that are equally near, the most complete description, then the freshest data."""
    hits = reader.searcher.search(query, max(RANKED, end), count=False).hits
    addresses = [address for _, address in hits]
    first = addresses[:RANKED]
    complete, days = (
        reader.searcher.fast_field_values(name, first)
        for name in ("completeness", "day")
    )
    keys = [
        (-round(float(score), 1), -int(points or 0), -int(day or 0))
        for (score, _), points, day in zip(hits, complete, days, strict=False)
    ]
    order = sorted(range(len(first)), key=lambda at: keys[at])
    return [*(first[at] for at in order), *addresses[RANKED:]][:end]


def _row_numbers(reader: IndexReader, addresses: list[DocAddress]) -> list[int]:
    return [
        int(seq)
        for seq in reader.searcher.fast_field_values("seq", addresses)
        if seq is not None
    ]
