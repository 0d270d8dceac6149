"""ISO 19139 (and 19139-2, 19115-3) records: metadata of data with places, as GeoNetwork and its like write them."""

import re
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.iso_fields import (
    code,
    read_constraints,
    read_links,
    read_people,
    read_place,
)
from udi.portal.nodes.harvest.iso_texts import (
    code_or_text,
    read_free_text,
    read_locales,
)
from udi.portal.nodes.harvest.outcomes import Outcome, finalise_draft
from udi.portal.nodes.harvest.record import OriginalRecord, RecordKind, RefusedRecord
from udi.portal.nodes.harvest.statements import list_xml_statements
from udi.portal.nodes.harvest.xml_tree import (
    HREF,
    element_text,
    find_element,
    find_elements,
    find_text,
    local_name,
    serialise,
)
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
CREATED = "creation"
PUBLISHED = "publication"
REVISED = "revision"


def read_record(root: Element, *, base_url: str, language: str) -> Outcome:
    """The record of one `MD_Metadata` element."""
    original = OriginalRecord(XML, serialise(root), list_xml_statements(root))
    spoken = code_or_text(
        find_element(root, "language/*", "defaultLocale/PT_Locale/language/*")
    )
    draft = Draft(base_url, spoken or language, language_stated=bool(spoken))
    levels = [
        code(element)
        for element in (
            *find_elements(root, "hierarchyLevel/*"),
            *find_elements(root, "metadataScope/*/resourceScope/*"),
        )
    ]
    identification = find_element(root, "identificationInfo/*")
    service = (
        identification is not None
        and local_name(identification) == "SV_ServiceIdentification"
    )
    draft.identifier = find_text(root, "fileIdentifier", "metadataIdentifier/*/code")
    kind = _kind(levels, service=service)
    if kind is None:
        fault = kinds.TYPE_IGNORED.at("hierarchyLevel", value=levels[0])
        return RefusedRecord(
            faults=(fault,), identifier=draft.identifier, source_record=original
        )
    draft.kind = kind
    reader = _Reader(root, draft)
    reader.read(identification)
    return finalise_draft(draft, original)


def _kind(levels: list[str], *, service: bool) -> RecordKind | None:
    """Several levels: dataset wins. None is neither dataset, series nor service."""
    unique_levels = set(levels)
    if unique_levels & DATASETS or (not levels and not service):
        return RecordKind.DATASET
    if unique_levels & SERIES:
        return RecordKind.SERIES
    if "service" in unique_levels or service:
        return RecordKind.SERVICE
    return None


class _Reader:
    """One record: its texts are in the language of the record and in those of its locales."""

    def __init__(self, root: Element, draft: Draft) -> None:
        self.root = root
        self.draft = draft
        self.locales = read_locales(root)

    def put(self, into: Texts, where: str, element: Element | None) -> None:
        for spoken, language in read_free_text(element, self.locales):
            self.draft.add_text(into, where, spoken, language)

    def read(self, identification: Element | None) -> None:
        draft = self.draft
        citation = find_element(identification, "citation/CI_Citation")
        self.put(draft.title, "title", find_element(citation, "title"))
        self.put(
            draft.description, "abstract", find_element(identification, "abstract")
        )
        self._identity(citation)
        self._dates(identification, citation)
        for element in find_elements(identification, "descriptiveKeywords/MD_Keywords"):
            self._keywords(element)
        for element in find_elements(
            identification, "topicCategory/MD_TopicCategoryCode"
        ):
            draft.add_theme("topicCategory", element_text(element))
        for element in (
            *find_elements(identification, "language/*"),
            *find_elements(identification, "defaultLocale/PT_Locale/language/*"),
        ):
            draft.add_language("language", code(element) or element_text(element))
        for element in find_elements(
            self.root, "dataQualityInfo/*/lineage/*/statement"
        ):
            self.put(draft.provenance, "lineage", element)
        self.put(
            draft.provenance,
            "lineage",
            find_element(self.root, "resourceLineage/LI_Lineage/statement"),
        )
        for element in find_elements(
            self.root,
            "dataQualityInfo/**/DQ_ConformanceResult/specification/CI_Citation/title",
        ):
            anchor = find_element(element, "Anchor")
            draft.add_once(
                draft.conforms_to,
                anchor.get(HREF, "") if anchor is not None else element_text(element),
            )
        read_people(self.root, identification, draft)
        read_constraints(identification, draft, self.locales)
        read_place(self.root, identification, draft)
        read_links(self.root, identification, draft, self.locales)

    def _identity(self, citation: Element | None) -> None:
        for element in find_elements(citation, "identifier/*"):
            anchor = find_element(element, "code/Anchor")
            named = anchor.get(HREF, "") if anchor is not None else ""
            value = named or find_text(element, "code")
            scope = find_text(element, "codeSpace")
            self.draft.add_once(self.draft.aliases, value)
            if scope and not re.match(r"\w+:", value):
                self.draft.add_once(self.draft.aliases, f"{scope.rstrip('/#')}/{value}")
        for element in find_elements(citation, "alternateTitle"):
            self.draft.keep_extra("alternateTitle", element_text(element))
        self.draft.version = self.draft.clean_text(
            "edition", find_text(citation, "edition")
        )

    def _dates(self, identification: Element | None, citation: Element | None) -> None:
        draft = self.draft
        dates = {
            code(find_element(element, "dateType/*")): find_text(element, "date")
            for element in find_elements(citation, "date/CI_Date")
        }
        draft.issued = draft.parse_date(
            "date.publication", dates.get(PUBLISHED) or dates.get(CREATED) or ""
        )
        draft.modified = draft.parse_date("date.revision", dates.get(REVISED) or "")
        draft.keep_extra("date.creation", dates.get(CREATED))
        changed = find_text(self.root, "dateStamp")
        for element in find_elements(self.root, "dateInfo/CI_Date"):
            if (
                code(find_element(element, "dateType/*")) in {REVISED, CREATED}
                and not changed
            ):
                changed = find_text(element, "date")
        draft.source_modified = draft.parse_date("dateStamp", changed)
        often = find_element(
            identification, "resourceMaintenance/*/maintenanceAndUpdateFrequency/*"
        )
        draft.set_frequency(
            "maintenanceAndUpdateFrequency", code(often) if often is not None else ""
        )

    def _keywords(self, group: Element) -> None:
        """A thesaurus of themes gives themes; other words are keywords, places are places."""
        kind = code(find_element(group, "type/*"))
        thesaurus = find_text(group, "thesaurusName/CI_Citation/title").lower()
        for element in find_elements(group, "keyword"):
            anchor = find_element(element, "Anchor")
            address = anchor.get(HREF, "") if anchor is not None else ""
            spoken = list(read_free_text(element, self.locales))
            label = spoken[0][0] if spoken else ""
            if kind == "place":
                place = self.draft.clean_text("keyword", label)
                self.draft.add_place(address, place)
            inspire = "inspire" in thesaurus and "theme" in thesaurus
            if kind not in NOT_THEMES and (
                inspire or "data.europa.eu/bna/" in address or "/data-theme/" in address
            ):
                self.draft.add_theme(
                    "descriptiveKeywords", address or label, label, expected=False
                )
            for keyword, language in spoken:
                self.draft.add_keyword("descriptiveKeywords", keyword, language)
