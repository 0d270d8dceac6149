"""Texts of an ISO record in its several languages: the main one, and those of its `PT_FreeText`."""

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest.vocabulary import find_language
from udi.portal.nodes.harvest.xml_tree import (
    element_text,
    find_element,
    find_elements,
    main_text,
)

Locales = Mapping[str, str]
"""Languages by the identifiers that a record gives its locales."""


def code_or_text(element: Element | None) -> str:
    """The language of an element that has it as a code or as a word."""
    if element is None:
        return ""
    value = (element.get("codeListValue") or "").strip()
    return find_language(value) or find_language(element_text(element))


def read_locales(root: Element) -> dict[str, str]:
    """The languages of a record besides its main one."""
    return {
        locale.get("id", ""): code_or_text(
            find_element(locale, "languageCode/*", "language/*")
        )
        for locale in (
            *find_elements(root, "locale/PT_Locale"),
            *find_elements(root, "otherLocale/PT_Locale"),
        )
    }


def read_free_text(
    element: Element | None, locales: Locales
) -> Iterator[tuple[str, str]]:
    """(words, language) of a free text; the main language, which comes first, is empty."""
    if element is None:
        return
    if words := main_text(element):
        yield words, ""
    for localised_string in find_elements(
        element, "PT_FreeText/textGroup/LocalisedCharacterString"
    ):
        locale = localised_string.get("locale", "").lstrip("#")
        language = locales.get(locale) or find_language(locale)
        translation = main_text(localised_string)
        if translation and language:
            yield translation, language
