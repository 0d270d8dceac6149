"""The Dublin Core records of CSW (`csw:Record`, brief or full)."""

import re
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.geometry import is_on_earth, read_numbers
from udi.portal.nodes.harvest.iso_fields import SERVICE_QUERY, SERVICES
from udi.portal.nodes.harvest.outcomes import Outcome, finalise_draft
from udi.portal.nodes.harvest.record import (
    Agent,
    DataService,
    OriginalRecord,
    RecordKind,
    RefusedRecord,
)
from udi.portal.nodes.harvest.statements import list_xml_statements
from udi.portal.nodes.harvest.xml_tree import (
    element_text,
    find_elements,
    find_text,
    serialise,
)

DATASETS = {
    "",
    "dataset",
    "nongeographicdataset",
    "downloadabledata",
    "livedata",
    "gridded data",
}
KINDS = {
    "service": RecordKind.SERVICE,
    "series": RecordKind.SERIES,
    "collection": RecordKind.SERIES,
}
LATITUDE_FIRST = re.compile(r"EPSG(:[\d.]*)?:4326$", re.IGNORECASE)
LONGITUDE_FIRST = re.compile(r"CRS:?84|^EPSG:4326$|WGS ?84", re.IGNORECASE)
CORNERS = 2


def read_record(root: Element, *, base_url: str, language: str) -> Outcome:
    """The record of one `csw:Record` element."""
    original = OriginalRecord(
        "application/xml", serialise(root), list_xml_statements(root)
    )
    type_name = find_text(root, "type").rpartition("/")[2]
    draft = Draft(base_url, language)
    draft.identifier = find_text(root, "identifier")
    kind = KINDS.get(type_name.lower()) or (
        RecordKind.DATASET if type_name.lower() in DATASETS else None
    )
    if kind is None:
        fault = kinds.TYPE_IGNORED.at("dc:type", value=type_name)
        return RefusedRecord(
            faults=(fault,),
            identifier=draft.identifier,
            title=find_text(root, "title"),
            source_record=original,
        )
    draft.kind = kind
    draft.add_text(draft.title, "dc:title", find_text(root, "title"))
    draft.add_text(
        draft.description, "dct:abstract", find_text(root, "abstract", "description")
    )
    for element in find_elements(root, "subject"):
        draft.add_keyword("dc:subject", element_text(element))
        draft.add_theme("dc:subject", element_text(element), expected=False)
    draft.themes_other.clear()
    _about(root, draft)
    _box(root, draft)
    formats = {element_text(element) for element in find_elements(root, "format")}
    dataset_format = formats.pop() if len(formats) == 1 else ""
    for place, element in enumerate(
        (*find_elements(root, "URI"), *find_elements(root, "references"))
    ):
        _link(element, draft, place, dataset_format)
    return finalise_draft(draft, original)


def _about(root: Element, draft: Draft) -> None:
    if name := find_text(root, "publisher", "creator"):
        draft.publisher = Agent(
            name={draft.language: draft.clean_text("dc:publisher", name)}
        )
    for element in (
        *find_elements(root, "publisher"),
        *find_elements(root, "contributor"),
        *find_elements(root, "creator"),
    ):
        if "@" in element_text(element):
            add_contact(draft, "dc:publisher", email=element_text(element))
    draft.licence = draft.parse_licence(
        "dct:license", find_text(root, "license")
    ) or draft.parse_licence("dc:rights", find_text(root, "rights"))
    for element in find_elements(root, "accessRights"):
        draft.add_access_rights("dct:accessRights", element_text(element))
    draft.issued = draft.parse_date("dct:issued", find_text(root, "issued", "created"))
    draft.modified = draft.parse_date(
        "dct:modified", find_text(root, "modified", "date")
    )
    for element in find_elements(root, "language"):
        draft.add_language("dc:language", element_text(element))
    for element in find_elements(root, "temporal"):
        draft.add_period_text("dct:temporal", element_text(element))
    for element in find_elements(root, "spatial"):
        draft.add_place("", draft.clean_text("dct:spatial", element_text(element)))
    draft.add_text(draft.provenance, "dc:source", find_text(root, "provenance"))
    draft.keep_extra("dc:source", find_text(root, "source"))
    draft.keep_extra("dc:format", find_text(root, "format"))


def _box(root: Element, draft: Draft) -> None:
    """Latitude comes first under the URN of EPSG:4326; boxes in other systems are kept, not read.

    Servers mistake the order: where the one that is said is not on Earth, the other is tried.
    """
    for box in (
        *find_elements(root, "BoundingBox"),
        *find_elements(root, "WGS84BoundingBox"),
    ):
        lower, upper = (
            read_numbers(find_text(box, corner))
            for corner in ("LowerCorner", "UpperCorner")
        )
        system = box.get("crs", "")
        if len(lower) != CORNERS or len(upper) != CORNERS:
            continue
        plain = (lower[0], lower[1], upper[0], upper[1])
        turned = (lower[1], lower[0], upper[1], upper[0])
        if not system or LONGITUDE_FIRST.search(system):
            draft.set_box(
                "ows:BoundingBox",
                plain if is_on_earth(plain) or not is_on_earth(turned) else turned,
            )
        elif LATITUDE_FIRST.search(system):
            draft.set_box("ows:BoundingBox", turned)
        else:
            draft.keep_extra("ows:BoundingBox", f"{system} {lower} {upper}")


def _link(element: Element, draft: Draft, place: int, dataset_format: str) -> None:
    protocol = element.get("protocol") or element.get("scheme") or ""
    address = element_text(element)
    match = SERVICES.search(protocol) or SERVICE_QUERY.search(address)
    raw = RawDistribution(
        titles=[(element.get("name") or element.get("description") or "", "")],
        access=address,
        formats=[protocol] if match and SERVICES.search(protocol) else [],
        dataset_format="" if match else dataset_format,
        service=DataService(endpoint=address.partition("?")[0]) if match else None,
        extra={"protocol": protocol},
    )
    add_distribution(draft, f"dc:URI[{place}]", raw)
