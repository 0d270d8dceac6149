"""Words as the index knows them: without accents, elisions and stop words, cut to their stems in French and English.

A French word is stemmed twice, as written and without its accents: the rules need «électricité» to bring it near
«électrique», and people type «electricite».
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

LONGEST = 40
ELIDED = [*"ldnsjmtc", "qu"]
CACHED = 20_000
MOST_ASKED = 24
Stems = tuple[str, ...]


def _lowercase_analyzer() -> TextAnalyzerBuilder:
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(LONGEST))
        .filter(Filter.lowercase())
    )


def _stemming_analyzer(
    start: TextAnalyzerBuilder, language: str
) -> TextAnalyzerBuilder:
    with_elisions = start.filter(Filter.custom_stopword(ELIDED))
    return with_elisions.filter(Filter.stopword(language)).filter(
        Filter.stemmer(language)
    )


AS_TYPED = _lowercase_analyzer().build()
PLAIN = _lowercase_analyzer().filter(Filter.ascii_fold()).build()
BY_LANGUAGE = {
    "fr": _stemming_analyzer(
        _lowercase_analyzer().filter(Filter.ascii_fold()), "french"
    ).build(),
    "en": _stemming_analyzer(
        _lowercase_analyzer().filter(Filter.ascii_fold()), "english"
    ).build(),
}
WITH_ACCENTS = "fr, with accents"
ANALYZERS = {
    **BY_LANGUAGE,
    WITH_ACCENTS: _stemming_analyzer(_lowercase_analyzer(), "french")
    .filter(Filter.ascii_fold())
    .build(),
}


def normalise_text(text: str) -> str:
    """The same text with its accents composed, and without what is no character (half of a surrogate pair)."""
    return unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode())


def typed_words(text: str) -> list[str]:
    """Each different word, with its accents, in small letters."""
    return list(dict.fromkeys(AS_TYPED.analyze(normalise_text(text))))


@lru_cache(maxsize=CACHED)
def strip_accents(word: str) -> str:
    """The word without its accents."""
    return "".join(PLAIN.analyze(word))


def plain_words(text: str) -> list[str]:
    """Each word, without accents or capitals."""
    return PLAIN.analyze(normalise_text(text))


def singular(word: str) -> str:
    """A plain word without the mark of the plural, alike for both of its forms if not always a word."""
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word[-1:] in {"s", "x"}:
        return word[:-1]
    return word


def text_stems(text: str, language: str = "") -> list[str]:
    """The stems of a text in its language; in French and in English when it is neither, or not known."""
    languages = [language] if language in BY_LANGUAGE else list(BY_LANGUAGE)
    spoken = AS_TYPED.analyze(normalise_text(text))
    stems = [
        stem
        for language_code in languages
        for word in spoken
        for stem in _stem_word(language_code, word)
    ]
    if "fr" in languages:
        existing_stems = set(stems)
        stems += [
            stem
            for word in spoken
            if not word.isascii()
            for stem in _stem_word(WITH_ACCENTS, word)
            if stem not in existing_stems
        ]
    return stems


@lru_cache(maxsize=4 * CACHED)
def _stem_word(analyzer: str, word: str) -> Stems:
    """Most words of a catalogue are said again and again."""
    return tuple(ANALYZERS[analyzer].analyze(word))


def texts_stems(texts: Mapping[str, str]) -> list[str]:
    """The same for a text in several languages."""
    return [
        stem for language, text in texts.items() for stem in text_stems(text, language)
    ]


@lru_cache(maxsize=CACHED)
def word_stems(word: str) -> tuple[Stems, bool]:
    """The stems under which one word is found, and whether it is a stop word in one of the languages."""
    french, english, accented = (_stem_word(name, word) for name in ANALYZERS)
    return tuple(dict.fromkeys([*french, *english, *accented])), not (
        french and english
    )


def query_words(text: str) -> list[tuple[str, Stems]]:
    """The words of a question with their stems; stop words of either language count only where there is nothing else.

    «de» is a stop word in French and a rare word in English: keeping it would find nothing. Of a very long question,
    the first words count.
    """
    content_words: list[tuple[str, Stems]] = []
    stopped: list[tuple[str, Stems]] = []
    for typed in typed_words(text)[:MOST_ASKED]:
        stems, is_stop = word_stems(typed)
        (stopped if is_stop else content_words).append((strip_accents(typed), stems))
    return content_words or [(word, stems) for word, stems in stopped if stems]
