"""Languages of the interface: gettext catalogues (`fr.po`) read at start; messages are written in English."""

from collections.abc import Iterable, Mapping, Sequence
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup

from udi.ui.languages import list_languages

_LANGUAGES = list_languages()
LANGUAGES = {code: language.name for code, language in _LANGUAGES.items()}
"""What each language is called, by code."""
LANGUAGE_FOLDERS = [
    language.folder for language in _LANGUAGES.values() if language.folder
]
"""Folders of languages that come in packages of their own."""
SOURCE = "en"


def load_translations(folders: Iterable[Path]) -> dict[str, NullTranslations]:
    """Merge the catalogues of several `locale/` folders, by language; of one message said twice, the last counts."""
    merged: dict[str, Catalog] = {}
    for folder in reversed(list(folders)):
        for path in sorted(folder.glob("*.po")):
            with path.open("rb") as file:
                catalogue = read_po(file, locale=path.stem)
            whole = merged.setdefault(path.stem, catalogue)
            for message in catalogue if whole is not catalogue else ():
                if message.id and whole.get(message.id, message.context) is None:
                    whole.add(message.id, message.string, context=message.context)
    return {
        SOURCE: NullTranslations(),
        **{language: _compile(whole) for language, whole in merged.items()},
    }


class Translations(GNUTranslations):
    """One language. What is said alone and with numbers (`theme`, `themes`) is one message, on every Python we run on."""

    def gettext(self, message: str) -> str:
        """The translation, else the form for one, which Python itself looks for since a later 3.11 than Debian's."""
        translation = super().gettext(message)
        if translation == message:
            return self.ngettext(message, message, 1)
        return translation


def _compile(catalogue: Catalog) -> Translations:
    file = BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return Translations(file)


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
    """The text in this language, else in English, else in any."""
    texts = texts or {}
    return texts.get(language) or texts.get(SOURCE) or next(iter(texts.values()), "")


def lang_attribute(texts: Mapping[str, str] | None, language: str) -> Markup:
    """The attribute `lang` of what `localised` chose, none where that is in the reader's own language.

    The title of a record, which says no language, is taken to be in that of its synopsis.
    """
    text = localise(texts, language)
    text_language = next(
        (
            code
            for code in (language, SOURCE, *(texts or {}))
            if (texts or {}).get(code) == text
        ),
        language,
    )
    if text_language == language or not text:
        return Markup("")
    return Markup(' lang="{}"').format(text_language)
