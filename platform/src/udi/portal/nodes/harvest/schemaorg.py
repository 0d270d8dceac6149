"""schema.org's Dataset and DataCatalog, as JSON-LD or microdata in a page, or as JSON-LD alone; Croissant is the same."""

import re
from typing import Any
from urllib.parse import urljoin

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.fields import (
    Item,
    items,
    put_keywords,
    put_languages,
    put_texts,
    read_items,
    rest,
    texts,
    word,
    words,
)
from udi.portal.nodes.harvest.finish import make_page
from udi.portal.nodes.harvest.html import Page as Html
from udi.portal.nodes.harvest.opening import decode, read_json, refuse, storable
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.places import read_numbers
from udi.portal.nodes.harvest.record import Agent, Page
from udi.protocol.texts import Texts

DATASET, CATALOGUE = "Dataset", "DataCatalog"
DEEPEST, MOST_NODES = 20, 20_000
KNOWN = {
    "name", "alternateName", "description", "keywords", "about", "identifier", "url", "sameAs", "license", "publisher",
    "creator", "author", "provider", "distribution", "datePublished", "dateCreated", "dateModified", "temporalCoverage",
    "spatialCoverage", "inLanguage", "version", "isBasedOn", "isAccessibleForFree", "conditionsOfAccess",
    "includedInDataCatalog", "citation", "contactPoint", "conformsTo", "mainEntityOfPage",
}  # fmt: skip
SIDES = 4


def read(page: bytes, *, base_url: str, language: str = "fr") -> Page:
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
    nodes = _nodes(storable(blocks))
    named = {each["@id"]: each for each in nodes if isinstance(each.get("@id"), str) and len(each) > 1}
    whole, links = [], []
    for node in nodes:
        if DATASET not in types(node):
            continue
        if _says_something(node):
            whole.append(_completed(node, named))
        elif address := word(node, "url", "@id"):
            links.append(urljoin(base_url, address))
    if not whole and not links:
        raise refuse(kinds.UNKNOWN_FORMAT, value="HTML")
    outcomes = list(read_items(whole, _dataset, base_url=base_url, language=language))
    return make_page(outcomes, format="schema.org", links=tuple(dict.fromkeys(links)), faults=tuple(faults))


def types(node: Item) -> set[str]:
    """The types of a node, without the vocabulary's prefix."""
    said = node.get("@type")
    return {
        re.split(r"[/#:]", each)[-1] for each in (said if isinstance(said, list) else [said]) if isinstance(each, str)
    }


def _says_something(node: Item) -> bool:
    return bool(_plain(node).keys() & {"name", "description", "distribution"})


def _nodes(value: Any) -> list[Item]:
    """Every object inside, outer ones first, each once."""
    found: list[Item] = []
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting and len(found) < MOST_NODES:
        each, level = waiting.pop(0)
        if level > DEEPEST:
            continue
        if isinstance(each, list):
            waiting += [(one, level + 1) for one in each]
        elif isinstance(each, dict):
            found.append(each)
            waiting += [(one, level + 1) for one in each.values() if isinstance(one, (dict, list))]
    return found


def _plain(node: Item) -> Item:
    """Names without prefix: `schema:name`, `sc:name` and `https://schema.org/name` are `name`."""
    return {name if name.startswith("@") else re.split(r"[/#:]", name)[-1]: value for name, value in node.items()}


def _completed(node: Item, named: dict[str, Item], level: int = 0) -> Item:
    """The node, with what it refers to by `@id` in its place."""
    return {name: _resolved(value, named, level) for name, value in _plain(node).items()}


def _resolved(value: Any, named: dict[str, Item], level: int) -> Any:
    if isinstance(value, list):
        return [_resolved(each, named, level) for each in value]
    if not isinstance(value, dict) or level > SIDES:
        return value
    reference = value.get("@id")
    if set(value) == {"@id"} and isinstance(reference, str):
        return _completed(named[reference], named, level + 1) if reference in named else reference
    return _completed(value, named, level + 1)


def _dataset(item: Item, draft: Draft) -> None:
    put_languages(
        draft,
        [word(each, "alternateName", "name") for each in items(item.get("inLanguage"))]
        or words(item.get("inLanguage")),
    )
    _identity(item, draft)
    put_texts(draft, item, ("name", draft.title), ("description", draft.description))
    put_keywords(draft, item, "keywords")
    for each in words(item.get("about")):
        draft.theme("about", each, expected=False)
    licences = [[word(each, "@id", "url"), word(each, "name")] for each in items(item.get("license"))]
    for wordings in licences or [words(item.get("license"))]:
        draft.licence = draft.licence or draft.licensed("license", *wordings)
    for each in words(item.get("conditionsOfAccess")):
        draft.rightful("conditionsOfAccess", each)
    if str(item.get("isAccessibleForFree")).lower() == "false":
        draft.keep("isAccessibleForFree", "false")
    draft.issued = draft.date(
        "datePublished", next(iter(words(item.get("datePublished")) or words(item.get("dateCreated"))), "")
    )
    draft.modified = draft.date("dateModified", next(iter(words(item.get("dateModified"))), ""))
    draft.version = draft.clean("version", next(iter(words(item.get("version"))), ""))
    for each in words(item.get("isBasedOn")):
        draft.text(draft.provenance, "isBasedOn", each)
    for each in words(item.get("conformsTo")):
        draft.add(draft.conforms_to, each)
    _people(item, draft)
    _coverage(item, draft)
    for place, found in enumerate(items(item.get("distribution"))):
        add_distribution(draft, f"distribution[{place}]", _raw(found))
    rest(draft, item, KNOWN)


def _identity(item: Item, draft: Draft) -> None:
    page = next(iter(words(item.get("url"))), "")
    said = [word(each, "value", "@id", "url", "name") for each in items(item.get("identifier"))] or words(
        item.get("identifier")
    )
    own = word(item, "@id")
    draft.identifier = next((each for each in (*said, "" if own.startswith("_:") else own, page) if each), "")
    if not draft.identifier:
        draft.identifier = draft.base_url
        draft.say(kinds.IDENTIFIER_ABSENT, "identifier")
    for each in (*said, own, page, *words(item.get("sameAs"))):
        if each != draft.identifier and not each.startswith("_:"):
            draft.add(draft.aliases, each)
    draft.landing_page = draft.url("url", page, relative=True) if page else ""


def _people(item: Item, draft: Draft) -> None:
    for role in ("publisher", "creator", "author", "provider"):
        for each in items(item.get(role)):
            name: Texts = {}
            for said, tag in texts(each, "name"):
                draft.text(name, role, said, tag)
            if name and not draft.publisher:
                draft.publisher = Agent(
                    name=name, uri=word(each, "@id"), url=word(each, "url"), type=word(each, "@type")
                )
            points = [*items(each.get("contactPoint")), each]
            for point in points:
                if word(point, "email") or word(point, "telephone"):
                    add_contact(
                        draft,
                        role,
                        name=word(point, "name") or word(each, "name"),
                        email=word(point, "email"),
                        phone=word(point, "telephone"),
                    )
    if not draft.publisher and isinstance(item.get("publisher"), str):
        draft.publisher = Agent(name={draft.language: draft.clean("publisher", item["publisher"])})


def _coverage(item: Item, draft: Draft) -> None:
    for each in words(item.get("temporalCoverage")):
        draft.span("temporalCoverage", each)
    for place in items(item.get("spatialCoverage")):
        for geo in items(place.get("geo")):
            numbers = [number for text in words(geo.get("box")) for number in read_numbers(text)]
            if len(numbers) == SIDES:
                south, west, north, east = numbers
                draft.box("spatialCoverage", (west, south, east, north))
            elif latitude := word(geo, "latitude"):
                point = read_numbers(f"{word(geo, 'longitude')} {latitude}")
                if len(point) == SIDES // 2:
                    draft.box("spatialCoverage", (point[0], point[1], point[0], point[1]))
        link = word(place, "@id", "sameAs")
        draft.named_place(link if link.startswith("http") else "", draft.clean("spatialCoverage", word(place, "name")))
    for each in [] if items(item.get("spatialCoverage")) else words(item.get("spatialCoverage")):
        draft.named_place("", draft.clean("spatialCoverage", each))


def _raw(item: Item) -> Raw:
    digest = next(((name, word(item, name)) for name in ("sha256", "sha512", "md5") if word(item, name)), ("", ""))
    return Raw(
        identifier="" if word(item, "@id").startswith("_:") else word(item, "@id", "identifier"),
        titles=texts(item, "name"),
        descriptions=texts(item, "description"),
        access="" if word(item, "contentUrl") else word(item, "url"),
        download=next(iter(words(item.get("contentUrl"))), ""),
        formats=[each for each in words(item.get("encodingFormat")) if "/" not in each],
        media_types=[
            each for each in (*words(item.get("encodingFormat")), *words(item.get("fileFormat"))) if "/" in each
        ],
        size=next(iter(words(item.get("contentSize"))), None),
        checksum=digest,
        licences=words(item.get("license")),
        issued=next(iter(words(item.get("datePublished"))), ""),
        modified=next(iter(words(item.get("dateModified"))), ""),
        relative=True,
    )
