"""People, constraints, places and links of an ISO record."""

import re
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest import addresses
from udi.portal.nodes.harvest.branches import HREF, first, follow, text, words
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.record import Agent, Kind, Licence, Means, Service
from udi.portal.nodes.harvest.vocabulary import find_access, find_format, find_licence

PUBLISHERS = ("publisher", "owner", "custodian", "distributor", "resourceProvider", "pointOfContact", "originator")
SIDES = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")
NUMBER = re.compile(r"[-+]?\d{1,3}(\.\d+)?([eE]-?\d+)?")
SERVICES = re.compile(r"\b(wms|wfs|wmts|wcs|csw|sos|wps)\b", re.IGNORECASE)
ASKED = re.compile(r"[?&](?:service=(\w+)|request=getcapabilities)", re.IGNORECASE)
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


def code(element: Element | None) -> str:
    """The value of a code list; national registers write theirs and say the word beside it."""
    if element is None:
        return ""
    value = (element.get("codeListValue") or "").strip()
    said = words(element).partition(";")[0].strip()
    return said if not value or value.startswith(NATIONAL) else value


def read_people(root: Element, identification: Element | None, draft: Draft) -> None:
    """The publisher by the best role; contacts are those of the resource, else those of the record."""
    parties = [
        *follow(identification, "citation/CI_Citation/citedResponsibleParty/*"),
        *follow(identification, "pointOfContact/*"),
    ]
    distributors = list(follow(root, "distributionInfo/*/distributor/*/distributorContact/*"))
    for role in PUBLISHERS:
        for each in (*parties, *distributors):
            if not draft.publisher and code(first(each, "role/*")) == role and (name := _organisation(each)):
                draft.publisher = Agent(
                    name={draft.language: draft.clean("organisationName", name)},
                    email=addresses.read_email(_email(each)),
                )
    own = list(follow(identification, "pointOfContact/*"))
    for each in own or [*parties, *follow(root, "contact/*")]:
        add_contact(
            draft,
            "pointOfContact",
            name=_organisation(each) or text(each, "individualName", "**/CI_Individual/name"),
            email=_email(each),
            phone=text(each, "**/voice", "**/CI_Telephone/number"),
            url=text(each, "**/onlineResource/CI_OnlineResource/linkage"),
            role=code(first(each, "role/*")),
        )


def _organisation(party: Element) -> str:
    return text(
        party,
        "organisationName/CharacterString",
        "organisationName/Anchor",
        "organisationName",
        "party/CI_Organisation/name",
    )


def _email(party: Element) -> str:
    return text(party, "**/electronicMailAddress")


def read_constraints(identification: Element | None, draft: Draft) -> None:
    """Licence from the constraints of use, access from those of access; what is neither is rights in words."""
    for legal in follow(identification, "resourceConstraints/MD_LegalConstraints"):
        _legal(legal, draft)
    for kind in ("MD_Constraints", "MD_SecurityConstraints"):
        for each in follow(identification, f"resourceConstraints/{kind}/useLimitation"):
            _licence(draft, _wordings(each))
    if draft.licence is None and draft.rights:
        _only_words(draft)


def _legal(legal: Element, draft: Draft) -> None:
    access = [code(each) for each in follow(legal, "accessConstraints/*")]
    uses = [code(each) for each in follow(legal, "useConstraints/*")]
    for each in follow(legal, "otherConstraints"):
        wordings = _wordings(each)
        if (access and not uses) or any(find_access(wording)[0] for wording in wordings[:1]):
            _restriction(draft, wordings)
        else:
            _licence(draft, wordings)
    for each in follow(legal, "useLimitation"):
        _licence(draft, _wordings(each))
    for said in (*access, *uses):
        if said not in SILENT:
            draft.keep("restriction", said)


def _wordings(element: Element) -> list[str]:
    """The address and the words of a constraint."""
    anchor = first(element, "Anchor")
    own = first(element, "CharacterString", "Anchor")
    said = words(own) if own is not None else words(element)
    return [each for each in (anchor.get(HREF, "") if anchor is not None else "", said[:MOST_LICENCE_WORDS]) if each]


def _restriction(draft: Draft, wordings: list[str]) -> None:
    known = next((each for each in wordings if find_access(each)[0]), "")
    if known:
        draft.rightful("accessConstraints", known)
    elif wordings:
        draft.text(draft.rights, "accessConstraints", wordings[-1])


def _licence(draft: Draft, wordings: list[str]) -> None:
    """The first that is known wins over words; words are kept as rights."""
    found = find_licence(*wordings)
    known = found is not None and found.match not in {"none", "no-condition"}
    if known and (draft.licence is None or not draft.licence.code):
        draft.licence = draft.licensed("useConstraints", *wordings) or draft.licence
    elif found and found.match == "no-condition" and draft.licence is None:
        draft.licence = draft.licensed("useConstraints", *wordings)
    elif not found and wordings:
        _add_words(draft, wordings)


def _add_words(draft: Draft, wordings: list[str]) -> None:
    """Several sentences of rights are one text."""
    said = draft.clean("useConstraints", wordings[-1])
    before = draft.rights.get(draft.language, "")
    if said and said not in before:
        draft.rights[draft.language] = f"{before}\n{said}".strip()


def _only_words(draft: Draft) -> None:
    """No licence is named: what the constraints say stands for it, as it is."""
    sentence = draft.rights.get(draft.language) or next(iter(draft.rights.values()))
    draft.licence = draft.licensed("useConstraints", sentence) or Licence(
        label=sentence, match="custom", source=sentence
    )


def read_place(root: Element, identification: Element | None, draft: Draft) -> None:
    """Rectangle, names of places, periods and reference systems."""
    for box in follow(identification, "**/EX_GeographicBoundingBox"):
        sides = [text(box, side).replace(",", ".") for side in SIDES]
        if all(NUMBER.fullmatch(side) for side in sides):
            west, south, east, north = (float(side) for side in sides)
            draft.box("EX_GeographicBoundingBox", (west, south, east, north))
    for each in follow(identification, "**/geographicIdentifier"):
        anchor = first(each, "**/code/Anchor")
        draft.named_place(anchor.get(HREF, "") if anchor is not None else "", text(each, "**/code"))
    for each in follow(identification, "**/EX_TemporalExtent"):
        start, end = (_side(each, name) for name in ("begin", "end"))
        if start or end:
            draft.period("EX_TemporalExtent", start, end)
        elif instant := text(each, "**/timePosition"):
            draft.period("EX_TemporalExtent", instant, instant)
    for each in follow(root, "referenceSystemInfo/**/code"):
        anchor = first(each, "Anchor")
        said = (anchor.get(HREF, "") if anchor is not None else "") or words(each)
        if said and said not in draft.spatial.systems:
            draft.place(systems=(*draft.spatial.systems, said))
    resolution = first(identification, "spatialResolution/**/Distance")
    if (
        resolution is not None
        and re.fullmatch(r"\d{1,9}(\.\d+)?", words(resolution))
        and (resolution.get("uom") or "m").endswith("m")
    ):
        scale = 1000 if (resolution.get("uom") or "").endswith("km") else 1
        draft.place(resolution=float(words(resolution)) * scale)


def _side(extent: Element, name: str) -> str:
    """The date of one side; `now` and `unknown` are open."""
    position = first(extent, f"**/{name}Position", f"**/{name}/**/timePosition")
    return (
        words(position)
        if position is not None and position.get("indeterminatePosition") not in {"now", "unknown"}
        else ""
    )


def read_links(root: Element, identification: Element | None, draft: Draft) -> None:
    """Online resources; a page of information is documentation, the others are files and services."""
    found = (
        text(each, "name", "formatSpecificationCitation/CI_Citation/title")
        for each in follow(root, "distributionInfo/**/MD_Format")
    )
    formats = list(dict.fromkeys(filter(None, found)))
    operations = follow(identification, "containsOperations/*/connectPoint/*")
    for place, link in enumerate((*follow(root, "distributionInfo/**/onLine/*"), *operations)):
        _link(link, draft, f"onLine[{place}]", formats)
    for each in follow(identification, "operatesOn"):
        draft.add(draft.series, each.get(HREF) or each.get("uuidref") or "")


def _link(link: Element, draft: Draft, where: str, formats: list[str]) -> None:
    address, name, said = (text(link, part) for part in ("linkage", "name", "description"))
    purpose, anchor = code(first(link, "function/*")), first(link, "protocol/Anchor")
    protocol = (anchor.get(HREF, "") if anchor is not None else "") or text(link, "protocol")
    service = _service(protocol, address, name)
    page = not service and (purpose in {"information", "search", "order"} or _is_page(protocol, address))
    if page and purpose == "information" and draft.kind is not Kind.SERVICE:
        draft.add(draft.documentation, draft.url(where, address))
        return
    plain = formats if len(formats) == 1 and not service else []
    raw = Raw(
        titles=[(name or said, "")],
        descriptions=[(said if name else "", "")],
        access=address,
        download=address if purpose == "download" and not service else "",
        formats=[service] if service in {"WMS", "WFS", "WMTS", "WCS"} else ["HTML"] if page else plain,
        service=Service(endpoint=address.partition("?")[0], description=address if "?" in address else "")
        if service
        else None,
        means=Means.SERVICE if service else Means.PAGE if page else None,
        extra={"protocol": protocol, "formats": formats if len(formats) > 1 else None},
    )
    add_distribution(draft, where, raw)


def _service(protocol: str, address: str, name: str) -> str:
    """The standard of a service, empty when the link is none."""
    for said in (protocol, name):
        if (found := SERVICES.search(said)) and (said is protocol or "OGC" in name):
            return found[1].upper()
    if asked := ASKED.search(address):
        return (asked[1] or "OGC").upper()
    known = find_format(protocol) if protocol else None
    return "API" if known and known.kind == "service" else ""


def _is_page(protocol: str, address: str) -> bool:
    found = find_format(protocol) if protocol else None
    return bool(
        found
        and found.kind == "page"
        and not re.search(r"\.(zip|csv|shp|gml|json|geojson|xml|tiff?|7z)$", address.lower())
    )
