"""People, constraints, places and links of an ISO record."""

import re
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest import addresses
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.iso_texts import Locales, read_free_text
from udi.portal.nodes.harvest.record import (
    Agent,
    DataService,
    DistributionKind,
    RecordKind,
)
from udi.portal.nodes.harvest.vocabulary import find_access, find_format, find_licence
from udi.portal.nodes.harvest.xml_tree import (
    HREF,
    element_text,
    find_element,
    find_elements,
    find_text,
)

PUBLISHERS = (
    "publisher",
    "owner",
    "custodian",
    "distributor",
    "resourceProvider",
    "pointOfContact",
    "originator",
)
SIDES = (
    "westBoundLongitude",
    "southBoundLatitude",
    "eastBoundLongitude",
    "northBoundLatitude",
)
NUMBER = re.compile(r"[-+]?\d{1,3}(\.\d+)?([eE]-?\d+)?")
SERVICES = re.compile(r"\b(wms|wfs|wmts|wcs|csw|sos|wps)\b", re.IGNORECASE)
SERVICE_QUERY = re.compile(
    r"[?&](?:service=(\w+)|request=getcapabilities)", re.IGNORECASE
)
NATIONAL = "RI_"
SILENT = {
    "license",
    "copyright",
    "otherRestrictions",
    "intellectualPropertyRights",
    "unrestricted",
    "restricted",
    "trademark",
    "patent",
}
MOST_LICENCE_WORDS = 2000
EPSG_NUMBER = re.compile(r"\d{4,6}")


def code(element: Element | None) -> str:
    """The value of a code list; national registers write theirs and say the word beside it."""
    if element is None:
        return ""
    value = (element.get("codeListValue") or "").strip()
    label = element_text(element).partition(";")[0].strip()
    if not value or value.startswith(NATIONAL):
        return label
    return value


def read_people(root: Element, identification: Element | None, draft: Draft) -> None:
    """The publisher by the best role; contacts are those of the resource, else those of the record."""
    parties = [
        *find_elements(identification, "citation/CI_Citation/citedResponsibleParty/*"),
        *find_elements(identification, "pointOfContact/*"),
    ]
    distributors = list(
        find_elements(root, "distributionInfo/*/distributor/*/distributorContact/*")
    )
    for role in PUBLISHERS:
        for party in (*parties, *distributors):
            if (
                not draft.publisher
                and code(find_element(party, "role/*")) == role
                and (name := _organisation(party))
            ):
                draft.publisher = Agent(
                    name={draft.language: draft.clean_text("organisationName", name)},
                    email=addresses.read_email(_email(party)),
                )
    contacts = list(find_elements(identification, "pointOfContact/*"))
    for party in contacts or [*parties, *find_elements(root, "contact/*")]:
        add_contact(
            draft,
            "pointOfContact",
            name=_organisation(party)
            or find_text(party, "individualName", "**/CI_Individual/name"),
            email=_email(party),
            phone=find_text(party, "**/voice", "**/CI_Telephone/number"),
            url=find_text(party, "**/onlineResource/CI_OnlineResource/linkage"),
            role=code(find_element(party, "role/*")),
        )


def _organisation(party: Element) -> str:
    return find_text(
        party,
        "organisationName/CharacterString",
        "organisationName/Anchor",
        "organisationName",
        "party/CI_Organisation/name",
    )


def _email(party: Element) -> str:
    return find_text(party, "**/electronicMailAddress")


def read_constraints(
    identification: Element | None, draft: Draft, locales: Locales
) -> None:
    """Licence from the constraints of use, access from those of access; what is neither is rights in words."""
    for legal in find_elements(
        identification, "resourceConstraints/MD_LegalConstraints"
    ):
        _legal(legal, draft, locales)
    for kind in ("MD_Constraints", "MD_SecurityConstraints"):
        for limitation in find_elements(
            identification, f"resourceConstraints/{kind}/useLimitation"
        ):
            _licence(draft, limitation, locales)
    if draft.licence is None and draft.usage:
        _use_sentence_as_licence(draft)


def _legal(legal: Element, draft: Draft, locales: Locales) -> None:
    access = [
        code(constraint) for constraint in find_elements(legal, "accessConstraints/*")
    ]
    uses = [code(constraint) for constraint in find_elements(legal, "useConstraints/*")]
    for constraint in find_elements(legal, "otherConstraints"):
        wordings = _wordings(constraint)
        if (access and not uses) or any(
            find_access(wording)[0] for wording in wordings[:1]
        ):
            _restriction(draft, constraint, locales)
        else:
            _licence(draft, constraint, locales)
    for constraint in find_elements(legal, "useLimitation"):
        _licence(draft, constraint, locales)
    for restriction in (*access, *uses):
        if restriction not in SILENT:
            draft.keep_extra("restriction", restriction)


def _wordings(element: Element) -> list[str]:
    """The address and the words of a constraint."""
    anchor = find_element(element, "Anchor")
    plain = find_element(element, "CharacterString", "Anchor")
    if plain is not None:
        wording = element_text(plain)
    else:
        wording = element_text(element)
    return [
        candidate
        for candidate in (
            anchor.get(HREF, "") if anchor is not None else "",
            wording[:MOST_LICENCE_WORDS],
        )
        if candidate
    ]


def _restriction(draft: Draft, element: Element, locales: Locales) -> None:
    wordings = _wordings(element)
    access_wording = next(
        (wording for wording in wordings if find_access(wording)[0]), ""
    )
    if access_wording:
        draft.add_access_rights("accessConstraints", access_wording)
    elif wordings:
        for words, tag in _sentences(element, locales, wordings):
            draft.add_line(draft.access_conditions, "accessConstraints", words, tag)


def _sentences(
    element: Element, locales: Locales, wordings: list[str]
) -> list[tuple[str, str]]:
    """(words, language) of a constraint; its address, where it has no words."""
    sentences = list(read_free_text(element, locales))
    return sentences or [(wording, "") for wording in wordings[-1:]]


def _licence(draft: Draft, element: Element, locales: Locales) -> None:
    """The first that is known wins over words, which say how the data may be used."""
    wordings = _wordings(element)
    licence_match = find_licence(*wordings)
    if licence_match is None:
        for words, tag in _sentences(element, locales, wordings):
            draft.add_line(draft.usage, "useConstraints", words, tag)
    elif draft.licence is None or not draft.licence.code:
        draft.licence = (
            draft.parse_licence("useConstraints", *wordings) or draft.licence
        )


def _use_sentence_as_licence(draft: Draft) -> None:
    """No licence is named: what the constraints of use say stands for it, as it is."""
    sentence = draft.usage.get(draft.language) or next(iter(draft.usage.values()))
    licence_match = find_licence(sentence)
    if licence_match is None:
        draft.licence = draft.parse_licence("useConstraints", sentence)


def read_place(root: Element, identification: Element | None, draft: Draft) -> None:
    """Rectangle, names of places, periods and reference systems."""
    for box in find_elements(identification, "**/EX_GeographicBoundingBox"):
        sides = [find_text(box, side).replace(",", ".") for side in SIDES]
        if all(NUMBER.fullmatch(side) for side in sides):
            west, south, east, north = (float(side) for side in sides)
            draft.set_box("EX_GeographicBoundingBox", (west, south, east, north))
    for element in find_elements(identification, "**/geographicIdentifier"):
        anchor = find_element(element, "**/code/Anchor")
        draft.add_place(
            anchor.get(HREF, "") if anchor is not None else "",
            draft.clean_text("geographicIdentifier", find_text(element, "**/code")),
        )
    for element in find_elements(identification, "**/EX_TemporalExtent"):
        start, end = (_side(element, name) for name in ("begin", "end"))
        if start or end:
            draft.add_period("EX_TemporalExtent", start, end)
        elif instant := find_text(element, "**/timePosition"):
            draft.add_period("EX_TemporalExtent", instant, instant)
    _reference_systems(root, draft)
    resolution = find_element(identification, "spatialResolution/**/Distance")
    if (
        resolution is not None
        and re.fullmatch(r"\d{1,9}(\.\d+)?", element_text(resolution))
        and (resolution.get("uom") or "m").endswith("m")
    ):
        scale = 1000 if (resolution.get("uom") or "").endswith("km") else 1
        draft.update_spatial(resolution=float(element_text(resolution)) * scale)


def _side(extent: Element, name: str) -> str:
    """The date of one side; `now` and `unknown` are open."""
    position = find_element(extent, f"**/{name}Position", f"**/{name}/**/timePosition")
    if position is not None and position.get("indeterminatePosition") not in {
        "now",
        "unknown",
    }:
        return element_text(position)
    return ""


def read_links(
    root: Element, identification: Element | None, draft: Draft, locales: Locales
) -> None:
    """Online resources; a page of information is documentation, the others are files and services."""
    format_names = (
        find_text(element, "name", "formatSpecificationCitation/CI_Citation/title")
        for element in find_elements(root, "distributionInfo/**/MD_Format")
    )
    formats = list(dict.fromkeys(filter(None, format_names)))
    operations = find_elements(identification, "containsOperations/*/connectPoint/*")
    for place, link in enumerate(
        (*find_elements(root, "distributionInfo/**/onLine/*"), *operations)
    ):
        _link(link, draft, f"onLine[{place}]", formats, locales)
    for element in find_elements(identification, "operatesOn"):
        draft.add_once(draft.serves, _dataset_of(element))


def _dataset_of(reference: Element) -> str:
    """The identifier of the dataset that a service says it operates on: its own, or that of an address by CSW."""
    address = reference.get(HREF, "")
    named = parse_qs(urlsplit(address).query)
    by_id = next((named[name][0] for name in ("id", "Id", "ID") if named.get(name)), "")
    return reference.get("uuidref") or by_id or address


def _link(
    link: Element, draft: Draft, where: str, formats: list[str], locales: Locales
) -> None:
    address = find_text(link, "linkage")
    names = list(read_free_text(find_element(link, "name"), locales))
    descriptions = list(read_free_text(find_element(link, "description"), locales))
    name = find_text(link, "name")
    purpose = code(find_element(link, "function/*"))
    anchor = find_element(link, "protocol/Anchor")
    protocol = (anchor.get(HREF, "") if anchor is not None else "") or find_text(
        link, "protocol"
    )
    service = _service(protocol, address, name)
    page = not service and (
        purpose in {"information", "search", "order"} or _is_page(protocol, address)
    )
    if page and purpose == "information" and draft.kind is not RecordKind.SERVICE:
        draft.add_once(draft.documentation, draft.parse_url(where, address))
        return
    link_formats = []
    means = None
    if service:
        means = DistributionKind.SERVICE
    elif page:
        means = DistributionKind.PAGE
        link_formats = ["HTML"]
    if service in {"WMS", "WFS", "WMTS", "WCS"}:
        link_formats = [service]
    raw = RawDistribution(
        titles=names or descriptions,
        descriptions=descriptions if names else [],
        access=address,
        download=address if purpose == "download" and not service else "",
        formats=link_formats,
        dataset_format=formats[0] if len(formats) == 1 and not service else "",
        service=_data_service(address) if service else None,
        means=means,
        extra={"protocol": protocol, "formats": formats if len(formats) > 1 else None},
    )
    add_distribution(draft, where, raw)


def _data_service(address: str) -> DataService:
    return DataService(
        endpoint=address.partition("?")[0],
        description=address if "?" in address else "",
    )


def _service(protocol: str, address: str, name: str) -> str:
    """The standard of a service, empty when the link is none."""
    for wording in (protocol, name):
        if (match := SERVICES.search(wording)) and (
            wording is protocol or "OGC" in name
        ):
            return match[1].upper()
    if request_match := SERVICE_QUERY.search(address):
        return (request_match[1] or "OGC").upper()
    format_match = find_format(protocol) if protocol else None
    if format_match and format_match.kind == "service":
        return "API"
    return ""


def _is_page(protocol: str, address: str) -> bool:
    format_match = find_format(protocol) if protocol else None
    return bool(
        format_match
        and format_match.kind == "page"
        and not re.search(
            r"\.(zip|csv|shp|gml|json|geojson|xml|tiff?|7z)$", address.lower()
        )
    )


def _reference_systems(root: Element, draft: Draft) -> None:
    """In the source's words; a number of EPSG's register as one."""
    for information in find_elements(root, "referenceSystemInfo"):
        is_epsg = "epsg" in find_text(information, "**/codeSpace").lower()
        for element in find_elements(information, "**/code"):
            anchor = find_element(element, "Anchor")
            link = anchor.get(HREF, "") if anchor is not None else ""
            system = link or element_text(element)
            if is_epsg and EPSG_NUMBER.fullmatch(system):
                system = f"EPSG:{system}"
            if system and system not in draft.spatial.systems:
                draft.update_spatial(systems=(*draft.spatial.systems, system))
