"""Rows whose texts are written in one language and, where people wrote them, in others; what is checked of the others."""

from collections.abc import Collection, Mapping

from sqlalchemy import (
    ColumnElement,
    Text,
    cast,
    exists,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from udi.kit.errors import Refusal, Refusals
from udi.protocol.languages import LANGUAGES as NAMED_LANGUAGES
from udi.ui.locale import LANGUAGES, localise
from udi.ui.translated_texts import (
    FormLanguages,
    Translations,
    choose_main_language,
    read_translations,
    translated_name,
)

ONE_LINE = frozenset({"title", "summary", "alternative"})
"""Texts without line breaks."""


def join_texts(
    language: str, main_text: str, translations: Translations, column: str
) -> dict[str, str]:
    """A text by language, the main one first; a language that has none is left out."""
    texts = {language: main_text, **translations.get(column, {})}
    return {code: words for code, words in texts.items() if words}


class TranslatedTexts:
    """The main language of a row's texts, and the same texts in others."""

    language: Mapped[str] = mapped_column(Text)
    """In which its texts are written, those apart that `translations` has."""
    translations: Mapped[Translations] = mapped_column(
        JSONB, default=dict, server_default=text("'{}'")
    )
    """The texts in other languages: by column, then by language."""

    def texts_of(self, column: str) -> dict[str, str]:
        """A text by language, the main one first; a language that has none is left out."""
        translations = self.translations or {}
        return join_texts(self.language, getattr(self, column), translations, column)

    @property
    def translation_languages(self) -> list[str]:
        """The other languages in which something is written."""
        texts = (self.translations or {}).values()
        return sorted({code for by_language in texts for code in by_language})

    @property
    def titles(self) -> dict[str, str]:
        """The title by language."""
        return self.texts_of("title")

    @property
    def summaries(self) -> dict[str, str]:
        """The summary by language."""
        return self.texts_of("summary")

    def mail_language(self, reader_language: str) -> str:
        """The language of a mail about it: the reader's where its title is written in it, else the main one."""
        if reader_language in self.titles:
            return reader_language
        return self.language

    def title_in(self, language: str) -> str:
        """The title for a reader of this language."""
        return localise(self.titles, language)


def tidy_words(words: str) -> str:
    """Several lines without what a keyboard or a copy adds."""
    return "\n".join(
        line.rstrip() for line in words.replace("\x00", "").strip().splitlines()
    )


def tidy_line(words: str) -> str:
    """One line without what a keyboard or a copy adds."""
    return " ".join(tidy_words(words).split())


def tidy_translations(translations: Translations) -> Translations:
    """The same without what a keyboard or a copy adds, nor what is empty."""
    tidied: Translations = {}
    for field, texts in translations.items():
        for code, words in texts.items():
            tidy = tidy_line(words) if field in ONE_LINE else tidy_words(words)
            if tidy:
                tidied.setdefault(field, {})[code] = tidy
    return tidied


def check_translations(
    translations: Translations, longest: Mapping[str, int]
) -> list[Refusal]:
    """What is wrong with the texts in other languages, of what was tidied: each names its field and its language."""
    refusals = Refusals()
    for field, texts in translations.items():
        for code, words in texts.items():
            is_sound = field != "title" or words.isprintable()
            if len(words) > longest[field] or not is_sound:
                values = {
                    "language": LANGUAGES.get(code, code),
                    "most": longest[field],
                }
                refusals.refuse(
                    translated_name(field, code),
                    "The text in this language cannot be kept (%(language)s).",
                    "Write %(most)s characters at most.",
                    values=values,
                )
    return refusals


def merge_translations(
    existing: Translations,
    written: Translations,
    offered: Collection[str],
    main_language: str,
) -> Translations:
    """What was written anew, and what stands in languages that were not offered."""
    merged: Translations = {}
    for field in {**existing, **written}:
        unoffered = {
            code: words
            for code, words in existing.get(field, {}).items()
            if code not in offered
        }
        texts = {**unoffered, **written.get(field, {})}
        texts.pop(main_language, None)
        if texts:
            merged[field] = texts
    return merged


def offered_languages(languages: Collection[str]) -> list[str]:
    """The languages of a territory in which a text may be written."""
    return [code for code in languages if code in LANGUAGES]


def read_texts_by_language(
    form: Mapping[str, object],
    fields: Collection[str],
    languages: Collection[str],
    written: str,
    existing: Translations,
) -> tuple[str, Translations]:
    """The main language of a posted form, and its texts in others; those in languages that it does not offer stay."""
    offered = offered_languages(languages)
    main_language = choose_main_language(
        str(form.get("main_language")), written, offered
    )
    readable = dict.fromkeys([*offered, written])
    translations = read_translations(form, fields, readable, main_language)
    return main_language, merge_translations(
        existing, translations, offered, main_language
    )


def describe_form_languages(
    languages: Collection[str],
    main_language: str,
    reader_language: str,
    *,
    has_translations: bool,
) -> FormLanguages:
    """The languages of a form by their names in the reader's language; where it has none, as their speakers call them."""
    names = {
        code: localise(NAMED_LANGUAGES[code].label, reader_language)
        for code in NAMED_LANGUAGES
    }
    return FormLanguages.of(
        LANGUAGES | names,
        offered_languages(languages),
        main_language,
        has_translations=has_translations,
    )


def has_translation_with(
    column: InstrumentedAttribute[Translations], word: str
) -> ColumnElement[bool]:
    """Whether one of the texts in other languages contains a word."""
    texts = func.jsonb_path_query(column, literal_column("'$.*.*'"))
    translated = texts.column_valued("translated_text")
    value = cast(translated.op("#>>")(literal_column("'{}'")), Text)
    return exists(select(translated).where(value.icontains(word, autoescape=True)))
