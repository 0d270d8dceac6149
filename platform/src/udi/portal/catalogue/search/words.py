"""Words as the index knows them: without accents, elisions and stop words, cut to their stems in each language.

Each language of the interface that Tantivy can stem has an analyser. Those of the territory that is served count
(`udi.ui.locale.in_languages`): a question may be asked in any of them, and a stop word of one is none in a territory that does not
speak it. A French word is stemmed twice, as written and without its accents: the rules need «électricité» to bring it
near «électrique», and people type «electricite».
"""

import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from udi.ui.locale import LANGUAGES, spoken_languages

LONGEST = 40
ELIDED = [*"ldnsjmtc", "qu"]
CACHED = 20_000
MOST_ASKED = 24
Stems = tuple[str, ...]
_QUESTIONS = {
    "fr": """
        ou quel quelle quels quelles combien comment pourquoi quand qui que quoi est sont etait etaient t on y a il elle
        ils elles je tu nous vous peut puis peux pouvez avoir savoir trouver chercher voir faire pres
        plus moins beaucoup tout tous toute toutes chaque
    """,
    "en": """
        where which what who when how why many much do does did can could i you we me my were have has had find see look
        looking get from about more most each every
    """,
    "es": """
        donde cual cuales que quien quienes cuanto cuanta cuantos cuantas como cuando hay esta estan puedo puede
        encontrar buscar ver saber hacer cerca mas menos todo todos toda todas cada
    """,
}
QUESTION_WORDS = {
    code: frozenset(listed.split()) for code, listed in _QUESTIONS.items()
}
"""What people put around what they look for, without accents: like stop words, they count only where there is nothing else."""


def _lowercase_analyzer() -> TextAnalyzerBuilder:
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(LONGEST))
        .filter(Filter.lowercase())
    )


def _stemming_analyzer(
    start: TextAnalyzerBuilder, algorithm: str, *, stop_words: bool = True
) -> TextAnalyzerBuilder:
    """With the stems of an algorithm, and without its stop words.

    Raises:
        ValueError: Tantivy has no such algorithm, or no stop words for it.
    """
    with_elisions = start.filter(Filter.custom_stopword(ELIDED))
    if stop_words:
        with_elisions = with_elisions.filter(Filter.stopword(algorithm))
    return with_elisions.filter(Filter.stemmer(algorithm))


def _build_analyzer(code: str) -> TextAnalyzer | None:
    """The analyser of a language, whose algorithm is called as it is in English; None where Tantivy has none."""
    try:
        algorithm = str(Locale.parse(code).get_language_name("en")).lower()
    except (UnknownLocaleError, ValueError):
        return None
    for stop_words in (True, False):
        start = _lowercase_analyzer().filter(Filter.ascii_fold())
        with suppress(ValueError):
            return _stemming_analyzer(start, algorithm, stop_words=stop_words).build()
    return None


AS_TYPED = _lowercase_analyzer().build()
PLAIN = _lowercase_analyzer().filter(Filter.ascii_fold()).build()
FRENCH = "fr"
BY_LANGUAGE = {
    code: analyzer
    for code in LANGUAGES
    if (analyzer := _build_analyzer(code)) is not None
}
WITH_ACCENTS = "fr, with accents"
ANALYZERS = {
    **BY_LANGUAGE,
    WITH_ACCENTS: _stemming_analyzer(_lowercase_analyzer(), "french")
    .filter(Filter.ascii_fold())
    .build(),
}
DEFAULT = ("fr", "en")
"""Where neither of a territory's languages can be stemmed, and outside of any territory."""


@lru_cache(256)
def keep_stemmed(languages: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some languages that can be stemmed; French and English where none can."""
    return tuple(code for code in languages if code in BY_LANGUAGE) or DEFAULT


def _list_spoken() -> tuple[str, ...]:
    return keep_stemmed(spoken_languages())


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
    """The stems of a text in its language; in all of the territory's when it is none of them, or not known."""
    spoken_here = _list_spoken()
    languages = (language,) if language in spoken_here else spoken_here
    spoken = AS_TYPED.analyze(normalise_text(text))
    stems = [
        stem
        for language_code in languages
        for word in spoken
        for stem in _stem_word(language_code, word)
    ]
    if FRENCH in languages:
        existing_stems = set(stems)
        accented = [word for word in spoken if not word.isascii()]
        for word in accented:
            stems += [
                stem
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


def word_stems(word: str) -> tuple[Stems, bool]:
    """The stems under which one word is found, and whether it is a stop word in one of the languages."""
    return _word_stems(word, _list_spoken())


@lru_cache(maxsize=CACHED)
def _word_stems(word: str, languages: tuple[str, ...]) -> tuple[Stems, bool]:
    by_language = [_stem_word(code, word) for code in languages]
    stems = [stem for found_stems in by_language for stem in found_stems]
    if FRENCH in languages:
        stems += _stem_word(WITH_ACCENTS, word)
    asks = any(
        strip_accents(word) in QUESTION_WORDS.get(code, ()) for code in languages
    )
    return tuple(dict.fromkeys(stems)), asks or not all(by_language)


def query_words(text: str) -> list[tuple[str, Stems]]:
    """The words of a question with their stems; stop words of any language count only where there is nothing else.

    «de» is a stop word in French and a rare word in English: keeping it would find nothing. Of a very long question,
    the first words count.
    """
    content_words: list[tuple[str, Stems]] = []
    stopped: list[tuple[str, Stems]] = []
    for query_text in typed_words(text)[:MOST_ASKED]:
        stems, is_stop = word_stems(query_text)
        (stopped if is_stop else content_words).append(
            (strip_accents(query_text), stems)
        )
    return content_words or [(word, stems) for word, stems in stopped if stems]
