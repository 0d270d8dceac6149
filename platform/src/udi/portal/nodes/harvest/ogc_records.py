"""OGC API Records: a page of records, one record, and the catalogues that lead to them."""

from typing import Any
from urllib.parse import urljoin

from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.fields import (
    Item,
    inside,
    items,
    put_keywords,
    put_texts,
    read_items,
    rest,
    texts,
    word,
    words,
)
from udi.portal.nodes.harvest.finish import make_page
from udi.portal.nodes.harvest.opening import read_json
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.places import read_geojson
from udi.portal.nodes.harvest.record import Agent, Kind, Means, Page, Service
from udi.portal.nodes.harvest.vocabulary import find_format

KNOWN = {
    "type", "title", "description", "keywords", "language", "languages", "resourceLanguages", "externalIds",
    "contacts", "themes", "formats", "license", "rights", "created", "updated",
}  # fmt: skip
DATA, SERVICES = (
    {"enclosure", "item", "items", "data", "download", "distribution"},
    {"service", "service-desc", "search"},
)
ITEMS = ("application/geo+json", "application/json", "")
"""Forms of records, the best first; the last is whatever there is."""
PUBLISHERS = ("publisher", "owner", "custodian", "distributor")


def read(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """A page of records or one; of a catalogue, the addresses of its records.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    value = value if isinstance(value, dict) else {"features": value}
    is_catalogue = value.get("type") == "Collection" or value.get("itemType") == "record"
    if is_catalogue or isinstance(value.get("collections"), list):
        found = items(value.get("collections")) or [value]
        links = tuple(link for each in found if _holds_records(each) for link in _records_of(each, base_url))
        return Page(format="ogc-records", links=links, faults=tuple(faults))
    listed: list[Any] = value["features"] if isinstance(value.get("features"), list) else [value]
    total = value.get("numberMatched")
    outcomes = list(read_items(listed, _record, base_url=base_url, language=language))
    return make_page(
        outcomes,
        format="ogc-records",
        next=next(iter(links_of(value, {"next"}, base_url)), "") if "features" in value else "",
        total=total if isinstance(total, int) else None,
        faults=tuple(faults),
    )


def _holds_records(collection: Item) -> bool:
    """Whether it is a catalogue, where it says what its items are: a server may have maps beside it (OGC 20-004, 8)."""
    return word(collection, "itemType") in {"", "record"}


def _records_of(collection: Item, base_url: str) -> list[str]:
    """Where its records are, in the one form that says all of them."""
    listed = [each for each in items(collection.get("links")) if word(each, "rel") == "items" and word(each, "href")]
    order = [place for form in ITEMS for place, each in enumerate(listed) if word(each, "type").startswith(form)]
    return [urljoin(base_url, word(listed[place], "href")) for place in order[:1]]


def links_of(item: Item, relations: set[str], base_url: str) -> list[str]:
    """The addresses of links of these relations."""
    return [
        urljoin(base_url, word(each, "href"))
        for each in items(item.get("links"))
        if word(each, "rel") in relations and word(each, "href")
    ]


def _record(item: Item, draft: Draft) -> None:
    said = inside(item, "properties")
    kind = word(said, "type").lower()
    draft.kind = Kind.SERVICE if kind == "service" else Kind.SERIES if kind == "series" else Kind.DATASET
    for each in (said.get("resourceLanguages"), said.get("language"), said.get("languages")):
        for one in [word(value, "code") for value in items(each)] or words(each):
            draft.spoken("languages", one)
    if draft.languages:
        draft.language = draft.languages[0]
    draft.identifier = word(item, "id")
    for each in items(said.get("externalIds")):
        draft.add(draft.aliases, word(each, "value"))
    put_texts(draft, said, ("title", draft.title), ("description", draft.description), ("rights", draft.rights))
    put_keywords(draft, said, "keywords")
    for theme in items(said.get("themes")):
        for concept in items(theme.get("concepts")):
            draft.theme("themes", word(concept, "url", "id"), word(concept, "title", "id"), expected=False)
    draft.licence = draft.licensed("license", word(said, "license"), *links_of(item, {"license"}, draft.base_url))
    draft.issued = draft.date("created", word(said, "created"))
    draft.modified = draft.date("updated", word(said, "updated"))
    draft.source_modified = draft.modified
    _contacts(said, draft)
    _coverage(item, draft)
    _links(item, said, draft)
    rest(draft, said, KNOWN, "properties.")


def _contacts(said: Item, draft: Draft) -> None:
    for each in items(said.get("contacts")):
        roles = words(each.get("roles")) or words(each.get("role"))
        name = word(each, "organization", "name")
        page = next((word(link, "href") for link in items(each.get("links"))), "")
        email = next(iter(words(each.get("emails"))), "") or word(each, "email")
        if name and not draft.publisher and set(roles) & set(PUBLISHERS):
            draft.publisher = Agent(
                name={draft.language: draft.clean("contacts", name)}, identifier=word(each, "identifier"), url=page
            )
        phone = next(iter(words(each.get("phones"))), "")
        add_contact(
            draft,
            "contacts",
            name=word(each, "name", "organization"),
            email=email,
            phone=phone,
            url=page,
            role=", ".join(roles),
        )


def _coverage(item: Item, draft: Draft) -> None:
    draft.box("geometry", *read_geojson(item.get("geometry")))
    time = item.get("time")
    if isinstance(time, dict):
        interval = time.get("interval")
        if isinstance(interval, list) and len(interval) > 1:
            draft.period("time.interval", *("" if side == ".." else side for side in interval[:2]))
        elif single := word(time, "date", "timestamp"):
            draft.period("time", single, single)


def _links(item: Item, said: Item, draft: Draft) -> None:
    formats = [word(each, "name", "mediaType") for each in items(said.get("formats"))]
    draft.keep("properties.formats", said.get("formats") if len(formats) != 1 else None)
    for place, each in enumerate((*items(item.get("links")), *items(item.get("linkTemplates")))):
        relation, address = word(each, "rel"), word(each, "href", "uriTemplate")
        if relation in DATA | SERVICES:
            service = relation in SERVICES or "uriTemplate" in each
            raw = Raw(
                titles=texts(each, "title"),
                access=address.split("{", maxsplit=1)[0],
                media_types=[word(each, "type")],
                formats=[formats[0]] if len(formats) == 1 and not find_format(word(each, "type")) else [],
                size=each.get("length"),
                service=Service(endpoint=address.split("{", maxsplit=1)[0]) if service else None,
                means=Means.SERVICE if service else None,
                extra={"uriTemplate": each.get("uriTemplate")},
                relative=True,
            )
            add_distribution(draft, f"links[{place}]", raw)
        elif relation in {"about", "alternate", "describedby", "canonical"} and "html" in word(each, "type"):
            draft.landing_page = draft.landing_page or draft.url(f"links[{place}]", address, relative=True)
        elif relation in {"license", "next", "prev", "self", "collection", "root", "parent"}:
            continue
        elif address:
            draft.add(draft.documentation, draft.url(f"links[{place}]", address, relative=True))
