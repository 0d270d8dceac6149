"""A question understood: which words of the index its words mean, and what else means the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.index import IndexReader
from udi.portal.catalogue.search.query_syntax import Phrase, parse_query
from udi.portal.catalogue.search.spelling import (
    complete_word,
    find_nearest_word,
    restore_accents,
)
from udi.portal.catalogue.search.thesaurus import LONGEST_LABEL, Thesaurus, key_of
from udi.protocol.synonyms import Concept

StemmedWord = tuple[str, words.Stems]


@dataclass(frozen=True)
class QueryWord:
    """A word of the question, plain and as `typed`. When no dataset has it, `instead` is the one searched in its place, or
    it is the beginning of all those `completed`.
    """

    text: str
    stems: words.Stems
    instead: str = ""
    completed: tuple[str, ...] = ()
    query_text: str = ""


@dataclass(frozen=True)
class WordGroup:
    """Words that mean something together, most often one alone; `also` means the same, and some dataset has it.

    `known`: each word is one that some dataset has.
    """

    words: tuple[QueryWord, ...]
    also: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    is_indexed: bool = True

    @property
    def text(self) -> str:
        return " ".join(
            word.instead or word.query_text or word.text for word in self.words
        )


@dataclass(frozen=True)
class ExpandedQuery:
    """All of the question; `apart` are phrases and `apart_words` the stems of words that no answer may have.

    `dropped` are groups of a long question that are left out, since no dataset has them all.
    """

    groups: list[WordGroup] = field(default_factory=list)
    phrases: list[Phrase] = field(default_factory=list)
    apart: list[Phrase] = field(default_factory=list)
    apart_words: list[words.Stems] = field(default_factory=list)
    dropped: list[WordGroup] = field(default_factory=list)

    @property
    def words(self) -> list[QueryWord]:
        """The words that every answer has, in one form or another."""
        return [word for group in self.groups for word in group.words]

    @property
    def is_scored(self) -> bool:
        """Whether some answers are nearer to it than others."""
        return bool(self.groups or self.phrases)


def analyse_query(
    reader: IndexReader, text: str, thesaurus: Thesaurus, *, exact: bool = False
) -> ExpandedQuery:
    """Read a question; `exact`: take its words as they are, and look for nothing else."""
    wording = parse_query(text)
    query_text = words.query_words(wording.words)
    if exact:
        groups = [
            WordGroup((QueryWord(word, _known_stems(reader, stems) or stems),))
            for word, stems in query_text
        ]
    else:
        groups = list(_group_words(reader, query_text, thesaurus))
    spelt = {
        words.strip_accents(word): word for word in words.typed_words(wording.words)
    }
    groups = [
        replace(
            group,
            words=tuple(
                replace(word, query_text=spelt.get(word.text, ""))
                for word in group.words
            ),
        )
        for group in groups
    ]
    apart = [
        stems for word in wording.apart_words for _, stems in words.query_words(word)
    ]
    return ExpandedQuery(groups, wording.phrases, wording.apart, apart)


def _group_words(
    reader: IndexReader, query_text: Sequence[StemmedWord], thesaurus: Thesaurus
) -> Iterable[WordGroup]:
    at = 0
    while at < len(query_text):
        run, also, themes = _match_longest_label(reader, query_text, at, thesaurus)
        if also or len(run) > 1:
            indexed_stems = [_known_stems(reader, stems) for _, stems in run]
            group_words = tuple(
                QueryWord(word, has or stems)
                for (word, stems), has in zip(run, indexed_stems, strict=True)
            )
            yield WordGroup(group_words, also, themes, all(indexed_stems))
        else:
            yield _analyse_word(reader, *run[0], thesaurus, themes)
        at += len(run)


def _analyse_word(
    reader: IndexReader,
    text: str,
    stems: words.Stems,
    thesaurus: Thesaurus,
    themes: tuple[str, ...],
) -> WordGroup:
    """A word that no synonym helps: as it is when some dataset has it, else what begins like it, else the nearest one."""
    indexed_stems = _known_stems(reader, stems)
    if indexed_stems or themes:
        return WordGroup((QueryWord(text, indexed_stems or stems),), (), themes)
    if started := complete_word(reader, text):
        completed = tuple(restore_accents(reader, word) for word in started)
        every = dict.fromkeys(
            stem for word in completed for stem in words.word_stems(word)[0]
        )
        return WordGroup((QueryWord(text, tuple(every), completed=completed),))
    near = find_nearest_word(reader, text)
    if near is None:
        return WordGroup((QueryWord(text, stems),))
    also, themes = _find_synonyms(
        reader, [words.strip_accents(near)], thesaurus.find([words.strip_accents(near)])
    )
    return WordGroup((QueryWord(text, words.word_stems(near)[0], near),), also, themes)


def _match_longest_label(
    reader: IndexReader,
    query_text: Sequence[StemmedWord],
    at: int,
    thesaurus: Thesaurus,
) -> tuple[Sequence[StemmedWord], tuple[str, ...], tuple[str, ...]]:
    """The most words from here on that together have a synonym or name a theme, with these; else one word."""
    for length in range(min(LONGEST_LABEL, len(query_text) - at), 0, -1):
        run = query_text[at : at + length]
        plain = [word for word, _ in run]
        also, themes = _find_synonyms(reader, plain, thesaurus.find(plain))
        if also or themes:
            return run, also, themes
    return query_text[at : at + 1], (), ()


def _find_synonyms(
    reader: IndexReader, query_text: Sequence[str], concepts: Sequence[Concept]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The other labels that some dataset has, and the themes.

    What is broader counts where no dataset has the words themselves, nor another label.
    """
    labels = [label for concept in concepts for label in concept.labels]
    also = _list_indexed_labels(reader, query_text, labels)
    themes = dict.fromkeys(theme for concept in concepts for theme in concept.themes)
    broader = [label for concept in concepts for label in concept.broader]
    if broader and not also and not _is_indexed(reader, query_text):
        also = _list_indexed_labels(reader, query_text, broader)
    return also, tuple(themes)


def _list_indexed_labels(
    reader: IndexReader, query_text: Sequence[str], labels: Iterable[str]
) -> tuple[str, ...]:
    """Those labels that some dataset has, each once, and not as the words of the question."""
    query_stems = {stem for word in query_text for stem in words.word_stems(word)[0]}
    also: dict[tuple[str, ...], str] = {}
    for label in labels:
        label_words = words.query_words(label)
        key = key_of(word for word, _ in label_words)
        same = key == key_of(query_text) or (
            len(label_words) == 1 and query_stems & set(label_words[0][1])
        )
        if not same and all(_known_stems(reader, stems) for _, stems in label_words):
            also.setdefault(key, label)
    return tuple(also.values())


def _is_indexed(reader: IndexReader, query_text: Sequence[str]) -> bool:
    return all(_known_stems(reader, words.word_stems(word)[0]) for word in query_text)


def _known_stems(reader: IndexReader, stems: words.Stems) -> words.Stems:
    return tuple(stem for stem in stems if reader.searcher.doc_freq("text", stem))
