"""A question put to an index: what was understood and the filters in, numbers of rows and counts out."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from tantivy import DocAddress, Order, Query

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.counts import (
    TOGETHER,
    count_facets,
    count_matches,
)
from udi.portal.catalogue.search.criteria import (
    MODIFIED,
    PUBLISHED,
    RELEVANCE,
    TITLE,
    Criteria,
)
from udi.portal.catalogue.search.index import (
    IndexReader,
)
from udi.portal.catalogue.search.index_query import (
    IndexQuery,
    QueryBuilder,
    all_of,
    any_of,
)
from udi.portal.catalogue.search.joint_index import (
    NEARER,
    REFERENCE,
    TENANT,
    Reference,
    read_copy,
    write_reference,
)
from udi.portal.catalogue.search.query_analysis import (
    ExpandedQuery,
    QueryWord,
    analyse_query,
)
from udi.portal.catalogue.search.spelling import complete_word, restore_accents
from udi.portal.catalogue.search.thesaurus import Thesaurus, default_thesaurus

ORDERS = {
    TITLE: ("name", Order.Asc),
    MODIFIED: ("modified", Order.Desc),
    PUBLISHED: ("published", Order.Desc),
}
FEWEST_TO_DROP = 3
"""Words: of a shorter question, each is meant."""
LAST_WORD = re.compile(r"(?P<before>.*?)(?P<start>[^\W_]+)", re.DOTALL)
RANKED = 60
"""How many of the nearest are put in order by more than their nearness."""


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
class JointResult:
    """The same among several territories: (territory, number of the row), in order."""

    total: int
    rows: list[tuple[UUID, int]]
    facets: dict[str, dict[str, int]]
    parsed_query: ExpandedQuery


def search(
    reader: IndexReader, criteria: Criteria, thesaurus: Thesaurus | None = None
) -> SearchResult:
    """Answer a question, with the synonyms of a territory, else with those of the portal."""
    answer = _answer(reader, QueryBuilder(reader), criteria, thesaurus)
    return SearchResult(
        answer.total,
        _row_numbers(reader, _page_addresses(reader, answer, criteria)),
        answer.facets,
        answer.parsed_query,
    )


def narrow_to_territories(
    reader: IndexReader, tenants: Collection[UUID]
) -> IndexReader:
    """The joint index, with the words of these territories only to be offered to who types."""
    names = [str(tenant) for tenant in tenants]
    among = Query.term_set_query(reader.schema, TENANT, names)
    return replace(reader, among=among)


def search_joint(
    reader: IndexReader,
    criteria: Criteria,
    tenants: Collection[UUID],
    thesaurus: Thesaurus | None = None,
) -> JointResult:
    """Answer a question from the joint index with the datasets of these territories and no others, each once."""
    reader = narrow_to_territories(reader, tenants)
    builder = QueryBuilder(reader, tenants)
    answer = _answer(reader, builder, criteria, thesaurus, more=TOGETHER)
    addresses = _page_addresses(reader, answer, criteria)
    owners = [
        UUID(str(reader.searcher.doc(address).get_first(TENANT)))
        for address in addresses
    ]
    return JointResult(
        answer.total,
        list(zip(owners, _row_numbers(reader, addresses), strict=True)),
        answer.facets,
        answer.parsed_query,
    )


def list_repeated(
    reader: IndexReader, references: Sequence[Reference], tenants: Collection[UUID]
) -> set[Reference]:
    """Those of some datasets that another of these territories has nearer to the producer."""
    if not references:
        return set()
    names = [write_reference(reference) for reference in references]
    query = all_of(
        [
            Query.term_set_query(reader.schema, REFERENCE, names),
            Query.term_set_query(reader.schema, NEARER, list(map(str, tenants))),
        ]
    )
    hits = reader.searcher.search(query, len(names), count=False).hits
    return {read_copy(reader.searcher.doc(address)).reference for _, address in hits}


@dataclass(frozen=True)
class _Answer:
    question: IndexQuery
    parsed_query: ExpandedQuery
    total: int
    facets: dict[str, dict[str, int]]


def _answer(
    reader: IndexReader,
    builder: QueryBuilder,
    criteria: Criteria,
    thesaurus: Thesaurus | None,
    more: Sequence[str] = (),
) -> _Answer:
    parsed_query = analyse_query(
        reader, criteria.text, thesaurus or default_thesaurus(), exact=criteria.exact
    )
    question = builder.build_query(parsed_query, criteria)
    total, facets = count_facets(reader, question.must, criteria, more)
    if not total and not criteria.exact:
        shorter_query = _drop_words(reader, builder, parsed_query, criteria)
        if shorter_query:
            parsed_query = shorter_query
            question = builder.build_query(parsed_query, criteria)
            total, facets = count_facets(reader, question.must, criteria, more)
    return _Answer(question, parsed_query, total, facets)


def _drop_words(
    reader: IndexReader,
    builder: QueryBuilder,
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
    reader: IndexReader,
    criteria: Criteria,
    thesaurus: Thesaurus | None = None,
    tenants: Collection[UUID] | None = None,
) -> int:
    """How many datasets answer, without reading them; `tenants`: of the joint index, as in `search_joint`."""
    if tenants is not None:
        reader = narrow_to_territories(reader, tenants)
    parsed_query = analyse_query(
        reader, criteria.text, thesaurus or default_thesaurus(), exact=criteria.exact
    )
    question = QueryBuilder(reader, tenants).build_query(parsed_query, criteria)
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
    those = any_of(
        [Query.term_query(reader.schema, "id", str(dataset)) for dataset in among]
    )
    must = all_of(
        [QueryBuilder(reader).build_query(parsed_query, criteria).must(), those]
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
        among = QueryBuilder(reader).build_query(parsed_query, Criteria()).must()
    else:
        among = None
    return [
        f"{before}{restore_accents(reader, word)}"
        for word in complete_word(reader, start, among=among, shortest=2)
    ]


def _page_addresses(
    reader: IndexReader, answer: _Answer, criteria: Criteria
) -> list[DocAddress]:
    start = (criteria.page - 1) * criteria.size
    if not 0 <= start < answer.total:
        return []
    if criteria.order == RELEVANCE and not answer.parsed_query.is_scored:
        order = MODIFIED
    else:
        order = criteria.order
    question = answer.question
    if order == RELEVANCE:
        score = question.score(answer.total)
        return _nearest(reader, score, start + criteria.size)[start:]
    field_name, direction = ORDERS[order]
    result = reader.searcher.search(
        question.must(),
        criteria.size,
        count=False,
        offset=start,
        order_by_field=field_name,
        order=direction,
    )
    return [address for _, address in result.hits]


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
