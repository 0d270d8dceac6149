"""Texts in several languages, as forms have them: the main one under the field's name, each other one under a name with its code.

Datasets, projects and calls are written so; a reader sees the text that `udi.ui.locale.localise` chooses.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from litestar.datastructures import FormMultiDict

Translations = dict[str, dict[str, str]]
"""The texts that are not in the main language: by field, then by language."""
FORM_LANGUAGE = "form_language"
"""The field that names the main language with which a form was shown."""


def translated_name(field: str, language: str) -> str:
    """The name of a field in a language that is not the main one: `title_es`."""
    return f"{field}_{language}"


def choose_main_language(requested: str, written: str, offered: Collection[str]) -> str:
    """The main language that a form names, else the one in which the texts are written already."""
    if requested in {*offered, written}:
        return requested
    return written


def swap_main_texts(
    form: FormMultiDict,
    fields: Collection[str],
    written: str,
    offered: Collection[str],
) -> FormMultiDict:
    """A posted form whose main language was changed: texts below that are in the new one change places with those above.

    Without any text in the new one the form stays as it is: the texts above are said to be in another language. `written`
    is the language in which they are, where the form does not name the one with which it was shown.
    """
    former = choose_main_language(str(form.get(FORM_LANGUAGE)), written, offered)
    language = choose_main_language(str(form.get("main_language")), written, offered)
    texts = {field: form.get(translated_name(field, language)) for field in fields}
    if former == language or not any(
        isinstance(text, str) and text.strip() for text in texts.values()
    ):
        return form
    swapped = form.mutable_copy()
    for field, text in texts.items():
        swapped[translated_name(field, former)] = form.get(field) or ""
        swapped[field] = text or ""
        swapped.popall(translated_name(field, language), None)
    swapped[FORM_LANGUAGE] = language
    return FormMultiDict(swapped)


def read_translations(
    form: Mapping[str, object],
    fields: Iterable[str],
    languages: Collection[str],
    main_language: str,
) -> Translations:
    """What a posted form says in other languages than the main one; what is empty is left out."""
    translations: Translations = {}
    for field in fields:
        texts: dict[str, str] = {}
        for code in languages:
            value = form.get(translated_name(field, code))
            if code != main_language and isinstance(value, str) and value.strip():
                texts[code] = value
        if texts:
            translations[field] = texts
    return translations


def flatten_translations(translations: Translations) -> dict[str, str]:
    """The texts by the names of a form."""
    return {
        translated_name(field, code): text
        for field, texts in translations.items()
        for code, text in texts.items()
    }


@dataclass(frozen=True)
class FormLanguages:
    """The languages of a form: the main one, those that it may be, and the others; each with its name."""

    main_language: str
    main_choices: Sequence[tuple[str, str]]
    others: Sequence[tuple[str, str]]
    has_translations: bool = False

    @classmethod
    def of(
        cls,
        names: Mapping[str, str],
        offered: Collection[str],
        main_language: str,
        *,
        has_translations: bool,
    ) -> "FormLanguages":
        """Those that are offered, and the main one even where it is not; what has no name is left out."""
        return cls(
            main_language,
            [
                (code, names[code])
                for code in dict.fromkeys([main_language, *offered])
                if code in names
            ],
            [
                (code, names[code])
                for code in offered
                if code in names and code != main_language
            ],
            has_translations,
        )
