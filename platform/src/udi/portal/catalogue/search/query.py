"""A question put to an index: words and filters in, numbers of rows and counts out. Reads no syntax: words are words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tantivy import Occur, Order, Query

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.criteria import MODIFIED, TITLE, Criteria
from udi.portal.catalogue.search.index import FACETS, FORMAT, FORMATS, SEPARATOR, Reader
from udi.portal.catalogue.search.spelling import find_near

COUNTED = {**{name: name for name in FACETS}, FORMAT: FORMATS}
"""Filter to the field that is counted."""
MOST_VALUES = {"theme": 500, "producer": 2_000, "access": 10, "licence": 500, FORMATS: 5_000}
TITLE_WEIGHT = 2.0


@dataclass(frozen=True)
class Word:
    """A word of the question; `instead` is the one searched in its place, when no dataset has it."""

    text: str
    stems: words.Stems
    instead: str = ""


@dataclass(frozen=True)
class Found:
    """One page of answers as numbers of rows, in order; facets count every answer, each as if it were not filtered."""

    total: int
    seqs: list[int]
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)


@dataclass(frozen=True)
class Question:
    """A question in the index's terms: what must hold, and what brings nearer to the top."""

    text: list[Query]
    filters: dict[str, Query]
    nearer: list[Query]

    def must(self, without: str = "") -> Query:
        parts = [*self.text, *(query for name, query in self.filters.items() if name != without)]
        return Query.boolean_query([(Occur.Must, part) for part in parts]) if parts else Query.all_query()

    def score(self) -> Query:
        near = [(Occur.Should, query) for query in self.nearer]
        return Query.boolean_query([(Occur.Must, self.must()), *near])


def search(reader: Reader, criteria: Criteria) -> Found:
    """Answer a question."""
    asked = _ask(reader, criteria)
    question = _question(reader, asked, criteria)
    total, facets = _count(reader, question, criteria)
    return Found(total, _page(reader, question, criteria, total), facets, asked)


def count(reader: Reader, criteria: Criteria) -> int:
    """How many datasets answer, without reading them."""
    question = _question(reader, _ask(reader, criteria), criteria)
    return sum(_buckets(reader, question.must(), ["access"])["access"].values())


def _ask(reader: Reader, criteria: Criteria) -> list[Word]:
    """The words of the question; one that no dataset has gives way to the nearest, unless the exact word is wanted."""
    asked = []
    for text, stems in words.query_words(criteria.text):
        known = tuple(stem for stem in stems if reader.searcher.doc_freq("text", stem))
        near = None if known or criteria.exact else find_near(reader, text)
        asked.append(Word(text, words.word_stems(near)[0], near) if near else Word(text, known or stems))
    return asked


def _question(reader: Reader, asked: Sequence[Word], criteria: Criteria) -> Question:
    def term(name: str, stem: str) -> Query:
        return Query.term_query(reader.schema, name, stem)

    return Question(
        text=[Query.boolean_query([(Occur.Should, term("text", stem)) for stem in word.stems]) for word in asked],
        filters={
            name: Query.term_set_query(reader.schema, name, [words.clean(value) for value in values])
            for name, values in criteria.filters.items()
        },
        nearer=[Query.boost_query(term("title", stem), TITLE_WEIGHT) for word in asked for stem in word.stems],
    )


def _count(reader: Reader, question: Question, criteria: Criteria) -> tuple[int, dict[str, dict[str, int]]]:
    counted = _buckets(reader, question.must(), list(COUNTED.values()))
    total = sum(counted["access"].values())
    for name in criteria.filters:
        counted |= _buckets(reader, question.must(without=name), [COUNTED[name]])
    facets = {}
    for name, counted_field in COUNTED.items():
        counts = _split(counted[counted_field]) if name == FORMAT else counted[counted_field]
        chosen = dict.fromkeys(getattr(criteria, name), 0)
        facets[name] = dict(sorted((chosen | counts).items(), key=lambda pair: (-pair[1], pair[0])))
    return total, facets


def _buckets(reader: Reader, query: Query, names: Sequence[str]) -> dict[str, dict[str, int]]:
    terms = {name: {"field": name, "size": MOST_VALUES[name], "segment_size": MOST_VALUES[name]} for name in names}
    answer = reader.searcher.aggregate(query, {name: {"terms": asked} for name, asked in terms.items()})
    return {
        name: {bucket["key"]: bucket["doc_count"] for bucket in answer[name]["buckets"] if bucket["key"]}
        for name in names
    }


def _split(sets: dict[str, int]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for joined, number in sets.items():
        for label in joined.split(SEPARATOR):
            counts[label] += number
    return dict(counts)


def _page(reader: Reader, question: Question, criteria: Criteria, total: int) -> list[int]:
    start, searcher = (criteria.page - 1) * criteria.size, reader.searcher
    if not 0 <= start < total:
        return []
    if criteria.order == TITLE:
        found = searcher.search(
            question.must(), criteria.size, count=False, offset=start, order_by_field="name", order=Order.Asc
        )
    elif criteria.order == MODIFIED or not question.text:
        found = searcher.search(question.must(), criteria.size, count=False, offset=start, order_by_field="modified")
    else:
        found = searcher.search(question.score(), criteria.size, count=False, offset=start)
    return [int(seq) for seq in searcher.fast_field_values("seq", [at for _, at in found.hits]) if seq is not None]
