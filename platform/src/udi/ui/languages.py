"""Languages of the interface: ours, those of other packages, those of a folder of this installation.

A package announces a `Language` by an entry point of the group `udi.locales`, named by its code (ISO 639-1). The folder
that UDI_LANGUAGES names holds one folder a language, `<code>/language.toml` with its catalogues beside it.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError

from udi.kit.entry_points import list_entry_points
from udi.settings import Settings

GROUP = "udi.locales"
DESCRIPTION = "language.toml"
SOURCE = "en"
"""The language in which messages are written: the last that any other falls back on."""


class LanguageError(ValueError):
    """A language cannot be used as it is described: the message names its file and what to correct."""


@dataclass(frozen=True)
class Language:
    """A language, which one chooses on every page."""

    name: str
    """What those who speak it call it."""
    folder: Path | None = None
    """Holds `<code>.po`, with the messages of all domains; None: each domain has its own."""
    rank: int = 100
    """The language of the lowest rank is the one of who asks for none, where no territory says which."""
    fallbacks: tuple[str, ...] = ()
    """Languages in which a message is said that this one lacks, before English."""
    locale: str = ""
    """The CLDR locale that writes its dates and numbers, where it is not that of the code (`en_GB`)."""
    right_to_left: bool | None = None
    """Whether it is written from right to left; None: as CLDR says of its locale."""


FRENCH = Language("Français", rank=0)
ENGLISH = Language("English", rank=1, locale="en_GB")
SPANISH = Language("Español", rank=2)
KEYS = {"name", "rank", "fallbacks", "locale", "right_to_left"}


@cache
def list_languages() -> dict[str, Language]:
    """Every language by code, in the order in which they are offered.

    Raises:
        LanguageError: the folder of a language cannot be used, or a fallback is no language.
    """
    languages: dict[str, Language] = {
        point.name: point.load() for point in list_entry_points(GROUP)
    }
    # Not `get_settings`: this is read when modules are imported, before some processes are told their settings.
    folder = Settings().languages
    if folder is not None:
        for code, language in read_folder(folder):
            if code in languages:
                raise LanguageError(f"{folder / code}: this language exists already.")
            languages[code] = language
    for code, language in languages.items():
        for fallback in language.fallbacks:
            if fallback not in languages:
                raise LanguageError(
                    f"“{code}” falls back on “{fallback}”, which is no language here."
                )
    return dict(sorted(languages.items(), key=lambda item: item[1].rank))


def read_folder(folder: Path) -> Iterator[tuple[str, Language]]:
    """The languages of a folder, by code.

    Raises:
        LanguageError: there is no such folder, or a description in it cannot be used.
    """
    if not folder.is_dir():
        raise LanguageError(f"{folder}: there is no such folder (UDI_LANGUAGES).")
    for path in sorted(folder.glob(f"*/{DESCRIPTION}")):
        yield path.parent.name, _read_description(path)


def _read_description(path: Path) -> Language:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LanguageError(f"{path}: it cannot be read ({error}).") from None
    unknown = sorted(values.keys() - KEYS)
    if unknown or not isinstance(values.get("name"), str):
        reason = f"it has no key “{unknown[0]}”" if unknown else "name it: name = “…”"
        raise LanguageError(f"{path}: {reason}.")
    fallbacks = tuple(values.pop("fallbacks", ()))
    return Language(folder=path.parent, fallbacks=fallbacks, **values)


def get_language(code: str) -> Language:
    """What is known of a language; of a code that is none, no more than its code."""
    return list_languages().get(code) or Language(code)


@lru_cache(256)
def fallback_chain(code: str) -> tuple[str, ...]:
    """Where a text is looked for, in this order: the language, what it falls back on, English."""
    chain: list[str] = []
    waiting = [code]
    while waiting:
        current = waiting.pop(0)
        if current not in chain:
            chain.append(current)
            waiting.extend(get_language(current).fallbacks)
    return (*(language for language in chain if language != SOURCE), SOURCE)


@cache
def text_direction(code: str) -> str:
    """`ltr` or `rtl`, for the attribute `dir`."""
    language = get_language(code)
    if language.right_to_left is not None:
        return "rtl" if language.right_to_left else "ltr"
    try:
        return Locale.parse(language.locale or code).text_direction
    except (UnknownLocaleError, ValueError):
        return "ltr"
