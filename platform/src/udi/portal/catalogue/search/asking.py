"""A question understood: which words of the index its words mean, and what else means the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.index import Reader
from udi.portal.catalogue.search.spelling import as_written, complete, find_near
from udi.portal.catalogue.search.thesaurus import LONGEST_LABEL, Thesaurus, key_of
from udi.portal.catalogue.search.wording import Phrase, read_wording
from udi.protocol.synonyms import Concept

Typed = tuple[str, words.Stems]


@dataclass(frozen=True)
class Word:
    """A word of the question, plain and as `typed`. When no dataset has it, `instead` is the one searched in its place, or
    it is the beginning of all those `completed`.
    """

    text: str
    stems: words.Stems
    instead: str = ""
    completed: tuple[str, ...] = ()
    typed: str = ""


@dataclass(frozen=True)
class Group:
    """Words that mean something together, most often one alone; `also` means the same, and some dataset has it.

    `known`: each word is one that some dataset has.
    """

    words: tuple[Word, ...]
    also: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    known: bool = True

    @property
    def text(self) -> str:
        return " ".join(word.instead or word.typed or word.text for word in self.words)


@dataclass(frozen=True)
class Asked:
    """All of the question; `apart` are phrases and `apart_words` the stems of words that no answer may have."""

    groups: list[Group] = field(default_factory=list)
    phrases: list[Phrase] = field(default_factory=list)
    apart: list[Phrase] = field(default_factory=list)
    apart_words: list[words.Stems] = field(default_factory=list)

    @property
    def words(self) -> list[Word]:
        """The words that every answer has, in one form or another."""
        return [word for group in self.groups for word in group.words]

    @property
    def scored(self) -> bool:
        """Whether some answers are nearer to it than others."""
        return bool(self.groups or self.phrases)


def understand(reader: Reader, text: str, thesaurus: Thesaurus, *, exact: bool = False) -> Asked:
    """Read a question; `exact`: take its words as they are, and look for nothing else."""
    wording = read_wording(text)
    typed = words.query_words(wording.words)
    if exact:
        groups = [Group((Word(word, _known(reader, stems) or stems),)) for word, stems in typed]
    else:
        groups = list(_groups(reader, typed, thesaurus))
    spelt = {words.plain(word): word for word in words.typed_words(wording.words)}
    groups = [
        replace(each, words=tuple(replace(word, typed=spelt.get(word.text, "")) for word in each.words))
        for each in groups
    ]
    apart = [stems for word in wording.apart_words for _, stems in words.query_words(word)]
    return Asked(groups, wording.phrases, wording.apart, apart)


def _groups(reader: Reader, typed: Sequence[Typed], thesaurus: Thesaurus) -> Iterable[Group]:
    at = 0
    while at < len(typed):
        run, also, themes = _longest(reader, typed, at, thesaurus)
        if also or len(run) > 1:
            known = [_known(reader, stems) for _, stems in run]
            found = tuple(Word(word, has or stems) for (word, stems), has in zip(run, known, strict=True))
            yield Group(found, also, themes, all(known))
        else:
            yield _alone(reader, *run[0], thesaurus, themes)
        at += len(run)


def _alone(reader: Reader, text: str, stems: words.Stems, thesaurus: Thesaurus, themes: tuple[str, ...]) -> Group:
    """A word that no synonym helps: as it is when some dataset has it, else what begins like it, else the nearest one."""
    known = _known(reader, stems)
    if known or themes:
        return Group((Word(text, known or stems),), (), themes)
    if started := complete(reader, text):
        completed = tuple(as_written(reader, word) for word in started)
        every = dict.fromkeys(stem for word in completed for stem in words.word_stems(word)[0])
        return Group((Word(text, tuple(every), completed=completed),))
    near = find_near(reader, text)
    if near is None:
        return Group((Word(text, stems),))
    also, themes = _meanings(reader, [words.plain(near)], thesaurus.find([words.plain(near)]))
    return Group((Word(text, words.word_stems(near)[0], near),), also, themes)


def _longest(
    reader: Reader, typed: Sequence[Typed], at: int, thesaurus: Thesaurus
) -> tuple[Sequence[Typed], tuple[str, ...], tuple[str, ...]]:
    """The most words from here on that together have a synonym or name a theme, with these; else one word."""
    for length in range(min(LONGEST_LABEL, len(typed) - at), 0, -1):
        run = typed[at : at + length]
        plain = [word for word, _ in run]
        also, themes = _meanings(reader, plain, thesaurus.find(plain))
        if also or themes:
            return run, also, themes
    return typed[at : at + 1], (), ()


def _meanings(
    reader: Reader, typed: Sequence[str], concepts: Sequence[Concept]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The other labels that some dataset has, and the themes."""
    own = {stem for word in typed for stem in words.word_stems(word)[0]}
    also: dict[tuple[str, ...], str] = {}
    for label in (label for concept in concepts for label in concept.labels):
        said = words.query_words(label)
        same = key_of(word for word, _ in said) == key_of(typed) or (len(said) == 1 and own & set(said[0][1]))
        if not same and all(_known(reader, stems) for _, stems in said):
            also.setdefault(key_of(word for word, _ in said), label)
    return tuple(also.values()), tuple(dict.fromkeys(theme for concept in concepts for theme in concept.themes))


def _known(reader: Reader, stems: words.Stems) -> words.Stems:
    return tuple(stem for stem in stems if reader.searcher.doc_freq("text", stem))
