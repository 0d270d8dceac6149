"""Datasets near another one: those that share its rarest words of title and keywords, best first."""

from collections.abc import Sequence

from tantivy import Occur, Query

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.index import IndexReader

MOST_WORDS = 12
MOST_READ = 5_000
"""The rarest words lead nearest and cost least: so many, while so few datasets have them that it costs the same in any catalogue."""
THEME_WEIGHT = 0.5
NAMED = "named"


def find_similar_rows(
    reader: IndexReader,
    *,
    dataset: str,
    named: str,
    theme: str,
    most: int,
    producer: str = "",
) -> list[int]:
    """Numbers of the rows nearest to a dataset (its id), by its title and keywords (`named`); its theme decides ties.

    Without a dataset, those nearest to some words. `producer`: its own only.
    """
    least = 2 if dataset else 1
    counted = [
        (reader.searcher.doc_freq(NAMED, stem), stem)
        for stem in dict.fromkeys(words.text_stems(named))
    ]
    shared: list[str] = []
    read = 0
    for frequency, stem in sorted(pair for pair in counted if pair[0] >= least)[
        :MOST_WORDS
    ]:
        read += frequency
        if not shared or read <= MOST_READ:
            shared.append(stem)
    if shared:
        return _search_similar(reader, shared, dataset, theme, most, producer)
    return []


def _search_similar(
    reader: IndexReader,
    stems: Sequence[str],
    dataset: str,
    theme: str,
    most: int,
    producer: str,
) -> list[int]:
    def term(name: str, value: str) -> Query:
        return Query.term_query(reader.schema, name, value)

    near = Query.boolean_query([(Occur.Should, term(NAMED, stem)) for stem in stems])
    same_theme = Query.boost_query(
        Query.const_score_query(term("theme", theme), 1.0), THEME_WEIGHT
    )
    parts = [
        (Occur.Must, near),
        (Occur.Should, same_theme),
        (Occur.MustNot, term("id", dataset)),
    ]
    if producer:
        parts.append(
            (Occur.Must, Query.const_score_query(term("producer", producer), 0.0))
        )
    query = Query.boolean_query(parts)
    result = reader.searcher.search(query, most, count=False)
    return [
        int(seq)
        for seq in reader.searcher.fast_field_values(
            "seq", [at for _, at in result.hits]
        )
        if seq is not None
    ]
