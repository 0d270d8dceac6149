"""STAC collections: each is a dataset; catalogues lead to them, and items are scenes that nobody looks for one by one."""

from typing import Any

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.fields import (
    Item,
    inside,
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
from udi.portal.nodes.harvest.ogc_records import links_of
from udi.portal.nodes.harvest.opening import read_json, refuse
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.record import Agent, Means, Page, Service

KNOWN = {
    "type", "stac_version", "stac_extensions", "id", "title", "description", "keywords", "license", "extent",
    "providers", "links", "assets", "updated", "created",
}  # fmt: skip
PUBLISHERS = ("producer", "licensor", "host", "processor")
FREE = {"various", "proprietary", "other"}
FLAT, SOLID = 4, 6


def read(page: bytes, *, base_url: str, language: str = "en") -> Page:
    """Collections or one; of a catalogue, the addresses of its children.

    Raises:
        RefusedDocumentError: it is not JSON, or items instead of collections.
    """
    value, faults = read_json(page)
    value = value if isinstance(value, dict) else {"collections": value}
    if value.get("type") == "Catalog":
        links = links_of(value, {"child", "data"}, base_url)
        return Page(format="stac", links=tuple(dict.fromkeys(links)), faults=tuple(faults))
    if word(value, "type") in {"Feature", "FeatureCollection"}:
        raise refuse(kinds.UNSUPPORTED, value="STAC Item")
    listed: list[Any] = value["collections"] if isinstance(value.get("collections"), list) else [value]
    following = next(iter(links_of(value, {"next"}, base_url)), "") if "collections" in value else ""
    outcomes = list(read_items(listed, _collection, base_url=base_url, language=language))
    total = value.get("numberMatched")
    return make_page(
        outcomes, format="stac", next=following, total=total if isinstance(total, int) else None, faults=tuple(faults)
    )


def _collection(item: Item, draft: Draft) -> None:
    draft.identifier = word(item, "id")
    put_languages(draft, words(item.get("language")))
    for said, tag in texts(item, "title") or [(draft.identifier, "")]:
        draft.text(draft.title, "title", said, tag)
    put_texts(draft, item, ("description", draft.description))
    put_keywords(draft, item, "keywords")
    licence = word(item, "license")
    links = links_of(item, {"license"}, draft.base_url)
    draft.licence = draft.licensed("license", *([] if licence in FREE and links else [licence]), *links)
    draft.issued = draft.date("created", word(item, "created"))
    draft.modified = draft.date("updated", word(item, "updated"))
    _providers(item, draft)
    _extent(item, draft)
    assets = item.get("assets")
    for name, each in assets.items() if isinstance(assets, dict) else ():
        if isinstance(each, dict):
            add_distribution(draft, f"assets.{name}", _raw(name, each))
    for place, link in enumerate(links_of(item, {"items"}, draft.base_url)):
        raw = Raw(
            titles=[("STAC API", "")],
            access=link,
            formats=["API"],
            media_types=["application/geo+json"],
            service=Service(endpoint=link),
        )
        add_distribution(draft, f"links[{place}]", raw)
    pages = [
        word(each, "href")
        for each in items(item.get("links"))
        if word(each, "rel") in {"about", "alternate", "via"} and "html" in word(each, "type")
    ]
    draft.landing_page = draft.url("links", next(iter(pages), ""), relative=True)
    rest(draft, item, KNOWN)


def _providers(item: Item, draft: Draft) -> None:
    found = items(item.get("providers"))
    for role in PUBLISHERS:
        for each in found:
            if role in words(each.get("roles")) and not draft.publisher:
                draft.publisher = Agent(
                    name={draft.language: draft.clean("providers", word(each, "name"))}, url=word(each, "url")
                )
    for each in found:
        add_contact(
            draft, "providers", name=word(each, "name"), url=word(each, "url"), role=", ".join(words(each.get("roles")))
        )


def _extent(item: Item, draft: Draft) -> None:
    extent = inside(item, "extent")
    boxes = inside(extent, "spatial").get("bbox")
    first = boxes[0] if isinstance(boxes, list) and boxes and isinstance(boxes[0], list) else []
    if len(first) in {FLAT, SOLID} and all(isinstance(each, (int, float)) for each in first):
        west, south, east, north = first if len(first) == FLAT else (first[0], first[1], first[3], first[4])
        draft.box("extent.spatial.bbox", (float(west), float(south), float(east), float(north)))
    spans = inside(extent, "temporal").get("interval")
    if isinstance(spans, list) and spans and isinstance(spans[0], list) and len(spans[0]) > 1:
        draft.period("extent.temporal.interval", spans[0][0] or "", spans[0][1] or "")


def _raw(name: str, item: Item) -> Raw:
    roles = words(item.get("roles"))
    return Raw(
        identifier=name,
        titles=texts(item, "title"),
        descriptions=texts(item, "description"),
        download=word(item, "href"),
        media_types=[word(item, "type").partition(";")[0]],
        size=item.get("file:size"),
        means=Means.PAGE if "thumbnail" in roles or "overview" in roles else None,
        extra={"roles": roles},
        relative=True,
    )
