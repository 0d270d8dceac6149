"""ISO 19139 (and 19139-2, 19115-3) records: metadata of data with places, as GeoNetwork and its like write them."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.branches import HREF, first, follow, local, serialise, text, words
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.finish import Outcome, finish
from udi.portal.nodes.harvest.iso_parts import code, read_constraints, read_links, read_people, read_place
from udi.portal.nodes.harvest.record import Kind, Original, Refused
from udi.portal.nodes.harvest.vocabulary import find_language
from udi.protocol.texts import Texts

XML = "application/xml"
ROOTS = {"MD_Metadata", "MI_Metadata"}
DATASETS = {
    "dataset",
    "nonGeographicDataset",
    "tile",
    "sample",
    "fieldSession",
    "collectionSession",
    "aggregate",
    "initiative",
    "",
}
SERIES = {"series", "collection"}
NOT_THEMES = {"place", "temporal", "stratum"}
CREATED, PUBLISHED, REVISED = "creation", "publication", "revision"


def read_one(root: Element, *, base_url: str, language: str) -> Outcome:
    """The record of one `MD_Metadata` element."""
    original = Original(XML, serialise(root))
    spoken = _language(first(root, "language/*", "defaultLocale/PT_Locale/language/*"))
    draft = Draft(base_url, spoken or language)
    levels = [
        code(each) for each in (*follow(root, "hierarchyLevel/*"), *follow(root, "metadataScope/*/resourceScope/*"))
    ]
    identification = first(root, "identificationInfo/*")
    service = identification is not None and local(identification) == "SV_ServiceIdentification"
    draft.identifier = text(root, "fileIdentifier", "metadataIdentifier/*/code")
    kind = _kind(levels, service=service)
    if kind is None:
        fault = kinds.TYPE_IGNORED.at("hierarchyLevel", value=levels[0])
        return Refused(faults=(fault,), identifier=draft.identifier, source_record=original)
    draft.kind = kind
    reader = _Reader(root, draft)
    reader.read(identification)
    return finish(draft, original)


def _kind(levels: list[str], *, service: bool) -> Kind | None:
    """Several levels: dataset wins. None is neither dataset, series nor service."""
    said = set(levels)
    if said & DATASETS or (not levels and not service):
        return Kind.DATASET
    if said & SERIES:
        return Kind.SERIES
    if "service" in said or service:
        return Kind.SERVICE
    return None


def _language(element: Element | None) -> str:
    return find_language(code(element)) or find_language(words(element)) if element is not None else ""


class _Reader:
    """One record: its texts are in the language of the record and in those of its locales."""

    def __init__(self, root: Element, draft: Draft) -> None:
        self.root, self.draft = root, draft
        self.locales = {
            each.get("id", ""): _language(first(each, "languageCode/*", "language/*"))
            for each in (*follow(root, "locale/PT_Locale"), *follow(root, "otherLocale/PT_Locale"))
        }

    def said(self, element: Element | None) -> Iterator[tuple[str, str]]:
        """(words, language) of a free text."""
        if element is None:
            return
        own = [each for each in element if local(each) != "PT_FreeText"]
        if spoken := words(own[0]) if own else (element.text or "").strip():
            yield spoken, ""
        for each in follow(element, "PT_FreeText/textGroup/LocalisedCharacterString"):
            locale = each.get("locale", "").lstrip("#")
            language = self.locales.get(locale) or find_language(locale)
            if words(each) and language:
                yield words(each), language

    def put(self, into: Texts, where: str, element: Element | None) -> None:
        for spoken, language in self.said(element):
            self.draft.text(into, where, spoken, language)

    def read(self, identification: Element | None) -> None:
        draft = self.draft
        citation = first(identification, "citation/CI_Citation")
        self.put(draft.title, "title", first(citation, "title"))
        self.put(draft.description, "abstract", first(identification, "abstract"))
        self._identity(citation)
        self._dates(identification, citation)
        for each in follow(identification, "descriptiveKeywords/MD_Keywords"):
            self._keywords(each)
        for each in follow(identification, "topicCategory/MD_TopicCategoryCode"):
            draft.theme("topicCategory", words(each))
        for each in (
            *follow(identification, "language/*"),
            *follow(identification, "defaultLocale/PT_Locale/language/*"),
        ):
            draft.spoken("language", code(each) or words(each))
        for each in follow(self.root, "dataQualityInfo/*/lineage/*/statement"):
            self.put(draft.provenance, "lineage", each)
        self.put(draft.provenance, "lineage", first(self.root, "resourceLineage/LI_Lineage/statement"))
        for each in follow(self.root, "dataQualityInfo/**/DQ_ConformanceResult/specification/CI_Citation/title"):
            anchor = first(each, "Anchor")
            draft.add(draft.conforms_to, anchor.get(HREF, "") if anchor is not None else words(each))
        read_people(self.root, identification, draft)
        read_constraints(identification, draft)
        read_place(self.root, identification, draft)
        read_links(self.root, identification, draft)

    def _identity(self, citation: Element | None) -> None:
        for each in follow(citation, "identifier/*"):
            anchor = first(each, "code/Anchor")
            named = anchor.get(HREF, "") if anchor is not None else ""
            value, scope = named or text(each, "code"), text(each, "codeSpace")
            self.draft.add(self.draft.aliases, value)
            if scope and not re.match(r"\w+:", value):
                self.draft.add(self.draft.aliases, f"{scope.rstrip('/#')}/{value}")
        for each in follow(citation, "alternateTitle"):
            self.draft.keep("alternateTitle", words(each))
        self.draft.version = self.draft.clean("edition", text(citation, "edition"))

    def _dates(self, identification: Element | None, citation: Element | None) -> None:
        draft = self.draft
        dates = {code(first(each, "dateType/*")): text(each, "date") for each in follow(citation, "date/CI_Date")}
        draft.issued = draft.date("date.publication", dates.get(PUBLISHED) or dates.get(CREATED) or "")
        draft.modified = draft.date("date.revision", dates.get(REVISED) or "")
        draft.keep("date.creation", dates.get(CREATED))
        changed = text(self.root, "dateStamp")
        for each in follow(self.root, "dateInfo/CI_Date"):
            changed = (
                text(each, "date") if code(first(each, "dateType/*")) in {REVISED, CREATED} and not changed else changed
            )
        draft.source_modified = draft.date("dateStamp", changed)
        often = first(identification, "resourceMaintenance/*/maintenanceAndUpdateFrequency/*")
        draft.often("maintenanceAndUpdateFrequency", code(often) if often is not None else "")

    def _keywords(self, group: Element) -> None:
        """A thesaurus of themes gives themes; other words are keywords, places are places."""
        kind = code(first(group, "type/*"))
        thesaurus = text(group, "thesaurusName/CI_Citation/title").lower()
        for each in follow(group, "keyword"):
            anchor = first(each, "Anchor")
            address = anchor.get(HREF, "") if anchor is not None else ""
            spoken = list(self.said(each))
            label = spoken[0][0] if spoken else ""
            if kind == "place":
                self.draft.named_place(address, label)
            inspire = "inspire" in thesaurus and "theme" in thesaurus
            if kind not in NOT_THEMES and (inspire or "data.europa.eu/bna/" in address or "/data-theme/" in address):
                self.draft.theme("descriptiveKeywords", address or label, label, expected=False)
            for keyword, language in spoken:
                self.draft.keyword("descriptiveKeywords", keyword, language)
