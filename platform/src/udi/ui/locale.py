"""Messages in the languages of the interface: gettext catalogues (`fr.po`) read at start; they are written in English."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup

from udi.ui.languages import SOURCE as SOURCE
from udi.ui.languages import fallback_chain, list_languages

_LANGUAGES = list_languages()
LANGUAGES = {code: language.name for code, language in _LANGUAGES.items()}
"""What each language is called, by code."""
LANGUAGE_FOLDERS = [
    language.folder for language in _LANGUAGES.values() if language.folder
]
"""Folders of languages that come in packages of their own, or in the folder of this installation."""

_spoken: ContextVar[tuple[str, ...]] = ContextVar("spoken", default=())


@contextmanager
def in_languages(languages: Sequence[str]) -> Iterator[None]:
    """Serve a territory that speaks these languages, its first by default first."""
    token = _spoken.set(tuple(languages))
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken_languages() -> tuple[str, ...]:
    """The languages of the territory that is served; none outside of any territory."""
    return _spoken.get()


def load_translations(folders: Iterable[Path]) -> dict[str, NullTranslations]:
    """Merge the catalogues of several `locale/` folders, by language; of one message said twice, the last counts.

    What a language lacks is said in those that it falls back on, in the end in English. Files that did not change since
    this process read them are not read again.
    """
    places = tuple(folders)
    paths = [path for place in places for path in sorted(place.glob("*.po"))]
    versions = tuple((path, path.stat().st_mtime_ns) for path in paths)
    chains = tuple(tuple(fallback_chain(path.stem)) for path in paths)
    return dict(_read_translations(places, versions, chains))


@cache
def _read_translations(
    folders: tuple[Path, ...],
    _versions: tuple[tuple[Path, int], ...],
    _chains: tuple[tuple[str, ...], ...],
) -> dict[str, NullTranslations]:
    merged = merge_catalogues(folders)
    alone = {code: _compile(catalogue) for code, catalogue in merged.items()}
    translations: dict[str, NullTranslations] = {SOURCE: NullTranslations()}
    for code, messages in alone.items():
        chain = [fallback for fallback in fallback_chain(code) if fallback in alone]
        if len(chain) > 1:
            steps = [(list_messages(merged[step]), alone[step]) for step in chain]
            translations[code] = TranslationChain(steps)
        else:
            translations[code] = messages
    return translations


def merge_catalogues(folders: Iterable[Path]) -> dict[str, Catalog]:
    """All messages of several `locale/` folders, by language."""
    merged: dict[str, Catalog] = {}
    for folder in reversed(list(folders)):
        for path in sorted(folder.glob("*.po")):
            with path.open("rb") as file:
                catalogue = read_po(file, locale=path.stem)
            whole = merged.setdefault(path.stem, catalogue)
            for message in catalogue if whole is not catalogue else ():
                if message.id and whole.get(message.id, message.context) is None:
                    whole.add(message.id, message.string, context=message.context)
    return merged


def list_messages(catalogue: Catalog) -> frozenset[str]:
    """The messages that a catalogue translates: English, of those with a plural the form for one."""
    messages = set()
    for message in catalogue:
        english, forms = forms_of(message)
        if english[0] and all(forms):
            messages.add(english[0])
    return frozenset(messages)


def forms_of(message: Message) -> tuple[list[str], list[str]]:
    """The English forms of a message, and those of its translation."""
    if isinstance(message.id, str):
        return [message.id], [str(message.string or "")]
    return [*message.id], [*(message.string or ())]


class Translations(GNUTranslations):
    """One language. What is said alone and with numbers (`theme`, `themes`) is one message, on every Python we run on."""

    counted: dict[str, str]
    """Messages that have a plural: their form for one."""

    def gettext(self, message: str) -> str:
        """The translation; of a message that has a plural, its form for one."""
        return self.counted.get(message) or super().gettext(message)


class TranslationChain(NullTranslations):
    """A language and those that it falls back on: each says what the ones before it lack."""

    def __init__(self, steps: Sequence[tuple[frozenset[str], Translations]]) -> None:
        super().__init__()
        self._steps = steps

    def gettext(self, message: str) -> str:
        """The translation in the first language that has one, else the message."""
        for messages, language in self._steps:
            if message in messages:
                return language.gettext(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The same for a number, by the plurals of the language that has it."""
        for messages, language in self._steps:
            if msgid1 in messages:
                return language.ngettext(msgid1, msgid2, n)
        return super().ngettext(msgid1, msgid2, n)


def _compile(catalogue: Catalog) -> Translations:
    file = BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    compiled = Translations(file)
    compiled.counted = {}
    for message in catalogue:
        english, forms = forms_of(message)
        if len(english) > 1 and all(forms):
            compiled.counted[english[0]] = compiled.ngettext(english[0], english[1], 1)
    return compiled


def requested_language(request: Any) -> str | None:
    """The language that an address names (`?lang=fr`), so that a page has one address a language; None for one we do not speak."""
    named: str | None = None
    if b"lang=" in request.scope["query_string"]:
        named = request.query_params.get("lang")
    if named in LANGUAGES:
        return named
    return None


def choose_language(
    preferred_language: str | None, accept_language: str, offered: Sequence[str]
) -> str:
    """The language to answer in: the one chosen, else the browser's first that is offered, else the first offered."""
    languages = [language for language in offered if language in LANGUAGES] or [SOURCE]
    if preferred_language in languages:
        return str(preferred_language)
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language[:400].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), position, tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next(
        (language for _, _, language in sorted(ranked) if language in languages),
        languages[0],
    )


def localise(texts: Mapping[str, str] | None, language: str) -> str:
    """The text in this language, else in what it falls back on, else in English, else in any."""
    texts = texts or {}
    for code in fallback_chain(language):
        if texts.get(code):
            return texts[code]
    return next(iter(texts.values()), "")


def localise_title(title: str, titles: Mapping[str, str] | None, language: str) -> str:
    """The title in this language or in what it falls back on, else the main one."""
    for code in fallback_chain(language):
        if titles and titles.get(code):
            return titles[code]
    return title


def find_text_language(texts: Mapping[str, str], language: str) -> str:
    """The language of the text that `localise` chooses."""
    return next(
        (code for code in (*fallback_chain(language), *texts) if texts.get(code)),
        language,
    )


def title_lang_attribute(thing: Any, language: str) -> Markup:
    """The attribute `lang` of the title that `localise_title` chose, of something with `title`, `titles` and `synopsis`."""
    title = localise_title(thing.title, thing.titles, language)
    texts = {code: text for code, text in thing.titles.items() if text == title}
    return lang_attribute(texts or thing.synopsis, language)


def lang_attribute(texts: Mapping[str, str] | None, language: str) -> Markup:
    """The attribute `lang` of what `localised` chose, none where that is in the reader's own language.

    The title of a record, which says no language, is taken to be in that of its synopsis.
    """
    text = localise(texts, language)
    text_language = next(
        (
            code
            for code in (*fallback_chain(language), *(texts or {}))
            if (texts or {}).get(code) == text
        ),
        language,
    )
    if text_language == language or not text:
        return Markup("")
    return Markup(' lang="{}"').format(text_language)
