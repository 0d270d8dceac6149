"""The Dublin Core records of CSW (`csw:Record`, brief or full)."""

import re
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.branches import follow, serialise, text, words
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.finish import Outcome, finish
from udi.portal.nodes.harvest.iso_parts import ASKED, SERVICES
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.places import is_on_earth, read_numbers
from udi.portal.nodes.harvest.record import Agent, Kind, Original, Refused, Service

DATASETS = {"", "dataset", "nongeographicdataset", "downloadabledata", "livedata", "gridded data"}
KINDS = {"service": Kind.SERVICE, "series": Kind.SERIES, "collection": Kind.SERIES}
LATITUDE_FIRST = re.compile(r"EPSG(:[\d.]*)?:4326$", re.IGNORECASE)
LONGITUDE_FIRST = re.compile(r"CRS:?84|^EPSG:4326$|WGS ?84", re.IGNORECASE)
CORNERS = 2


def read_one(root: Element, *, base_url: str, language: str) -> Outcome:
    """The record of one `csw:Record` element."""
    original = Original("application/xml", serialise(root))
    said = text(root, "type").rpartition("/")[2]
    draft = Draft(base_url, language)
    draft.identifier = text(root, "identifier")
    kind = KINDS.get(said.lower()) or (Kind.DATASET if said.lower() in DATASETS else None)
    if kind is None:
        fault = kinds.TYPE_IGNORED.at("dc:type", value=said)
        return Refused(faults=(fault,), identifier=draft.identifier, title=text(root, "title"), source_record=original)
    draft.kind = kind
    draft.text(draft.title, "dc:title", text(root, "title"))
    draft.text(draft.description, "dct:abstract", text(root, "abstract", "description"))
    for each in follow(root, "subject"):
        draft.keyword("dc:subject", words(each))
        draft.theme("dc:subject", words(each), expected=False)
    draft.themes_other.clear()
    _about(root, draft)
    _box(root, draft)
    for place, each in enumerate((*follow(root, "URI"), *follow(root, "references"))):
        _link(each, draft, place, text(root, "format"))
    return finish(draft, original)


def _about(root: Element, draft: Draft) -> None:
    if name := text(root, "publisher", "creator"):
        draft.publisher = Agent(name={draft.language: draft.clean("dc:publisher", name)})
    for each in (*follow(root, "publisher"), *follow(root, "contributor"), *follow(root, "creator")):
        if "@" in words(each):
            add_contact(draft, "dc:publisher", email=words(each))
    draft.licence = draft.licensed("dct:license", text(root, "license")) or draft.licensed(
        "dc:rights", text(root, "rights")
    )
    for each in follow(root, "accessRights"):
        draft.rightful("dct:accessRights", words(each))
    draft.issued = draft.date("dct:issued", text(root, "issued", "created"))
    draft.modified = draft.date("dct:modified", text(root, "modified", "date"))
    for each in follow(root, "language"):
        draft.spoken("dc:language", words(each))
    for each in follow(root, "temporal"):
        draft.span("dct:temporal", words(each))
    for each in follow(root, "spatial"):
        draft.named_place("", draft.clean("dct:spatial", words(each)))
    draft.text(draft.provenance, "dc:source", text(root, "provenance"))
    draft.keep("dc:source", text(root, "source"))
    draft.keep("dc:format", text(root, "format"))


def _box(root: Element, draft: Draft) -> None:
    """Latitude comes first under the URN of EPSG:4326; boxes in other systems are kept, not read.

    Servers mistake the order: where the one that is said is not on Earth, the other is tried.
    """
    for box in (*follow(root, "BoundingBox"), *follow(root, "WGS84BoundingBox")):
        lower, upper = (read_numbers(text(box, corner)) for corner in ("LowerCorner", "UpperCorner"))
        system = box.get("crs", "")
        if len(lower) != CORNERS or len(upper) != CORNERS:
            continue
        plain = (lower[0], lower[1], upper[0], upper[1])
        turned = (lower[1], lower[0], upper[1], upper[0])
        if not system or LONGITUDE_FIRST.search(system):
            draft.box("ows:BoundingBox", plain if is_on_earth(plain) or not is_on_earth(turned) else turned)
        elif LATITUDE_FIRST.search(system):
            draft.box("ows:BoundingBox", turned)
        else:
            draft.keep("ows:BoundingBox", f"{system} {lower} {upper}")


def _link(element: Element, draft: Draft, place: int, form: str) -> None:
    protocol = element.get("protocol") or element.get("scheme") or ""
    address = words(element)
    found = SERVICES.search(protocol) or ASKED.search(address)
    raw = Raw(
        titles=[(element.get("name") or element.get("description") or "", "")],
        access=address,
        formats=[protocol] if found and SERVICES.search(protocol) else [form] if form else [],
        service=Service(endpoint=address.partition("?")[0]) if found else None,
        extra={"protocol": protocol},
    )
    add_distribution(draft, f"dc:URI[{place}]", raw)
