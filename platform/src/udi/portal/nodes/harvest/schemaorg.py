"""schema.org's Dataset and DataCatalog, as JSON-LD or microdata in a page, or as JSON-LD alone; Croissant is the same."""

import re
from typing import Any
from urllib.parse import urljoin

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.geometry import read_numbers
from udi.portal.nodes.harvest.html import HtmlPage as Html
from udi.portal.nodes.harvest.json_fields import (
    Item,
    keep_unknown_fields,
    list_objects,
    localised_texts,
    put_keywords,
    put_languages,
    put_texts,
    read_items,
    text_value,
    text_values,
)
from udi.portal.nodes.harvest.outcomes import make_page
from udi.portal.nodes.harvest.record import Agent, HarvestedPage, is_person_type
from udi.portal.nodes.harvest.untrusted_documents import (
    decode,
    document_error,
    read_json,
    sanitise_value,
)
from udi.protocol.texts import Texts

DATASET = "Dataset"
CATALOGUE = "DataCatalog"
DEEPEST = 20
MOST_NODES = 20_000
KNOWN_FIELDS = {
    "name",
    "alternateName",
    "description",
    "keywords",
    "about",
    "identifier",
    "url",
    "sameAs",
    "license",
    "publisher",
    "creator",
    "author",
    "provider",
    "distribution",
    "datePublished",
    "dateCreated",
    "dateModified",
    "temporalCoverage",
    "spatialCoverage",
    "inLanguage",
    "version",
    "isBasedOn",
    "isAccessibleForFree",
    "conditionsOfAccess",
    "includedInDataCatalog",
    "citation",
    "contactPoint",
    "conformsTo",
    "mainEntityOfPage",
}
SIDES = 4


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """The datasets of a page; those of a catalogue that only names them are links.

    Raises:
        RefusedDocumentError: it is JSON that cannot be read, or describes no dataset.
    """
    if page.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
        value, faults = read_json(page)
        blocks = [value]
    else:
        text, faults = decode(page)
        markup = Html(text)
        blocks = [*markup.blocks, *markup.things]
    nodes = _nodes(sanitise_value(blocks))
    named = {
        named_node["@id"]: named_node
        for named_node in nodes
        if isinstance(named_node.get("@id"), str) and len(named_node) > 1
    }
    whole = []
    links = []
    for node in nodes:
        if DATASET not in types(node):
            continue
        if _says_something(node):
            whole.append(_completed(node, named))
        elif address := text_value(node, "url", "@id"):
            links.append(urljoin(base_url, address))
    if not whole and not links:
        raise document_error(kinds.UNKNOWN_FORMAT, value="HTML")
    outcomes = list(read_items(whole, _dataset, base_url=base_url, language=language))
    return make_page(
        outcomes,
        format="schema.org",
        links=tuple(dict.fromkeys(links)),
        faults=tuple(faults),
    )


def types(node: Item) -> set[str]:
    """The types of a node, without the vocabulary's prefix."""
    type_value = node.get("@type")
    return {
        re.split(r"[/#:]", type_name)[-1]
        for type_name in (type_value if isinstance(type_value, list) else [type_value])
        if isinstance(type_name, str)
    }


def _says_something(node: Item) -> bool:
    return bool(_plain(node).keys() & {"name", "description", "distribution"})


def _nodes(value: Any) -> list[Item]:
    """Every object inside, outer ones first, each once."""
    nodes: list[Item] = []
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting and len(nodes) < MOST_NODES:
        element, level = waiting.pop(0)
        if level > DEEPEST:
            continue
        if isinstance(element, list):
            waiting += [(child, level + 1) for child in element]
        elif isinstance(element, dict):
            nodes.append(element)
            waiting += [
                (child, level + 1)
                for child in element.values()
                if isinstance(child, (dict, list))
            ]
    return nodes


def _plain(node: Item) -> Item:
    """Names without prefix: `schema:name`, `sc:name` and `https://schema.org/name` are `name`."""
    return {
        name if name.startswith("@") else re.split(r"[/#:]", name)[-1]: value
        for name, value in node.items()
    }


def _completed(node: Item, named: dict[str, Item], level: int = 0) -> Item:
    """The node, with what it refers to by `@id` in its place."""
    return {
        name: _resolved(value, named, level) for name, value in _plain(node).items()
    }


def _resolved(value: Any, named: dict[str, Item], level: int) -> Any:
    if isinstance(value, list):
        return [_resolved(element, named, level) for element in value]
    if not isinstance(value, dict) or level > SIDES:
        return value
    reference = value.get("@id")
    if set(value) == {"@id"} and isinstance(reference, str):
        if reference in named:
            return _completed(named[reference], named, level + 1)
        return reference
    return _completed(value, named, level + 1)


def _dataset(item: Item, draft: Draft) -> None:
    put_languages(
        draft,
        [
            text_value(language, "alternateName", "name")
            for language in list_objects(item.get("inLanguage"))
        ]
        or text_values(item.get("inLanguage")),
    )
    _identity(item, draft)
    put_texts(draft, item, ("name", draft.title), ("description", draft.description))
    put_keywords(draft, item, "keywords")
    for text in text_values(item.get("about")):
        draft.add_theme("about", text, expected=False)
    licences = [
        [text_value(licence, "@id", "url"), text_value(licence, "name")]
        for licence in list_objects(item.get("license"))
    ]
    for wordings in licences or [text_values(item.get("license"))]:
        draft.licence = draft.licence or draft.parse_licence("license", *wordings)
    for text in text_values(item.get("conditionsOfAccess")):
        draft.add_access_rights("conditionsOfAccess", text)
    if str(item.get("isAccessibleForFree")).lower() == "false":
        draft.keep_extra("isAccessibleForFree", "false")
    draft.issued = draft.parse_date(
        "datePublished",
        next(
            iter(
                text_values(item.get("datePublished"))
                or text_values(item.get("dateCreated"))
            ),
            "",
        ),
    )
    draft.modified = draft.parse_date(
        "dateModified", next(iter(text_values(item.get("dateModified"))), "")
    )
    draft.version = draft.clean_text(
        "version", next(iter(text_values(item.get("version"))), "")
    )
    for text in text_values(item.get("isBasedOn")):
        draft.add_text(draft.provenance, "isBasedOn", text)
    for text in text_values(item.get("conformsTo")):
        draft.add_once(draft.conforms_to, text)
    _people(item, draft)
    _coverage(item, draft)
    for place, distribution in enumerate(list_objects(item.get("distribution"))):
        add_distribution(draft, f"distribution[{place}]", _raw(distribution))
    keep_unknown_fields(draft, item, KNOWN_FIELDS)


def _identity(item: Item, draft: Draft) -> None:
    page = next(iter(text_values(item.get("url"))), "")
    identifiers = [
        text_value(identifier, "value", "@id", "url", "name")
        for identifier in list_objects(item.get("identifier"))
    ] or text_values(item.get("identifier"))
    node_id = text_value(item, "@id")
    draft.identifier = next(
        (
            candidate
            for candidate in (
                *identifiers,
                "" if node_id.startswith("_:") else node_id,
                page,
            )
            if candidate
        ),
        "",
    )
    if not draft.identifier:
        draft.identifier = draft.base_url
        draft.add_fault(kinds.IDENTIFIER_ABSENT, "identifier")
    for alias in (*identifiers, node_id, page, *text_values(item.get("sameAs"))):
        if alias != draft.identifier and not alias.startswith("_:"):
            draft.add_once(draft.aliases, alias)
    if page:
        draft.landing_page = draft.parse_url("url", page, relative=True)
    else:
        draft.landing_page = ""


def _people(item: Item, draft: Draft) -> None:
    """The publisher and the contacts; a natural person's own mail and telephone are left out."""
    for role in ("publisher", "creator", "author", "provider"):
        for agent in list_objects(item.get(role)):
            name: Texts = {}
            is_person = any(map(is_person_type, text_values(agent.get("@type"))))
            for text, tag in localised_texts(agent, "name"):
                draft.add_text(name, role, text, tag)
            if name and not draft.publisher:
                draft.publisher = Agent(
                    name=name,
                    uri=text_value(agent, "@id"),
                    url=text_value(agent, "url"),
                    type=text_value(agent, "@type"),
                    is_person=is_person,
                )
            points = list_objects(agent.get("contactPoint"))
            if not is_person:
                points.append(agent)
            for point in points:
                if text_value(point, "email") or text_value(point, "telephone"):
                    add_contact(
                        draft,
                        role,
                        name=text_value(point, "name") or text_value(agent, "name"),
                        email=text_value(point, "email"),
                        phone=text_value(point, "telephone"),
                    )
    if not draft.publisher and isinstance(item.get("publisher"), str):
        draft.publisher = Agent(
            name={draft.language: draft.clean_text("publisher", item["publisher"])}
        )


def _coverage(item: Item, draft: Draft) -> None:
    for wording in text_values(item.get("temporalCoverage")):
        draft.add_period_text("temporalCoverage", wording)
    for place in list_objects(item.get("spatialCoverage")):
        for geo in list_objects(place.get("geo")):
            numbers = [
                number
                for text in text_values(geo.get("box"))
                for number in read_numbers(text)
            ]
            if len(numbers) == SIDES:
                south, west, north, east = numbers
                draft.set_box("spatialCoverage", (west, south, east, north))
            elif latitude := text_value(geo, "latitude"):
                point = read_numbers(f"{text_value(geo, 'longitude')} {latitude}")
                if len(point) == SIDES // 2:
                    draft.set_box(
                        "spatialCoverage", (point[0], point[1], point[0], point[1])
                    )
        link = text_value(place, "@id", "sameAs")
        draft.add_place(
            link if link.startswith("http") else "",
            draft.clean_text("spatialCoverage", text_value(place, "name")),
        )
    for wording in (
        []
        if list_objects(item.get("spatialCoverage"))
        else text_values(item.get("spatialCoverage"))
    ):
        draft.add_place("", draft.clean_text("spatialCoverage", wording))


def _raw(item: Item) -> RawDistribution:
    digest = next(
        (
            (name, text_value(item, name))
            for name in ("sha256", "sha512", "md5")
            if text_value(item, name)
        ),
        ("", ""),
    )
    return RawDistribution(
        identifier=""
        if text_value(item, "@id").startswith("_:")
        else text_value(item, "@id", "identifier"),
        titles=localised_texts(item, "name"),
        descriptions=localised_texts(item, "description"),
        access="" if text_value(item, "contentUrl") else text_value(item, "url"),
        download=next(iter(text_values(item.get("contentUrl"))), ""),
        formats=[
            format_name
            for format_name in text_values(item.get("encodingFormat"))
            if "/" not in format_name
        ],
        media_types=[
            media_type
            for media_type in (
                *text_values(item.get("encodingFormat")),
                *text_values(item.get("fileFormat")),
            )
            if "/" in media_type
        ],
        size=next(iter(text_values(item.get("contentSize"))), None),
        checksum=digest,
        licences=text_values(item.get("license")),
        issued=next(iter(text_values(item.get("datePublished"))), ""),
        modified=next(iter(text_values(item.get("dateModified"))), ""),
        relative=True,
    )
