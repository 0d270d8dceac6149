"""STAC collections: each is a dataset; catalogues lead to them, and items are scenes that nobody looks for one by one."""

from typing import Any

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.json_fields import (
    Item,
    keep_unknown_fields,
    list_objects,
    localised_texts,
    nested_object,
    put_keywords,
    put_languages,
    put_texts,
    read_items,
    text_value,
    text_values,
)
from udi.portal.nodes.harvest.ogc_records import links_of
from udi.portal.nodes.harvest.outcomes import make_page
from udi.portal.nodes.harvest.record import (
    Agent,
    DataService,
    DistributionKind,
    HarvestedPage,
)
from udi.portal.nodes.harvest.untrusted_documents import document_error, read_json

KNOWN_FIELDS = {
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "title",
    "description",
    "keywords",
    "license",
    "extent",
    "providers",
    "links",
    "assets",
    "updated",
    "created",
}
PUBLISHERS = ("producer", "licensor", "host", "processor")
FREE = {"various", "proprietary", "other"}
FLAT = 4
SOLID = 6


def read(page: bytes, *, base_url: str, language: str = "en") -> HarvestedPage:
    """Collections or one; of a catalogue, the addresses of its children.

    Raises:
        RefusedDocumentError: it is not JSON, or items instead of collections.
    """
    value, faults = read_json(page)
    value = value if isinstance(value, dict) else {"collections": value}
    if value.get("type") == "Catalog":
        links = links_of(value, {"child", "data"}, base_url)
        return HarvestedPage(
            format="stac", links=tuple(dict.fromkeys(links)), faults=tuple(faults)
        )
    if text_value(value, "type") in {"Feature", "FeatureCollection"}:
        raise document_error(kinds.UNSUPPORTED, value="STAC Item")
    listed: list[Any] = (
        value["collections"] if isinstance(value.get("collections"), list) else [value]
    )
    if "collections" in value:
        following = next(iter(links_of(value, {"next"}, base_url)), "")
    else:
        following = ""
    outcomes = list(
        read_items(listed, _collection, base_url=base_url, language=language)
    )
    total = value.get("numberMatched")
    return make_page(
        outcomes,
        format="stac",
        next=following,
        total=total if isinstance(total, int) else None,
        faults=tuple(faults),
    )


def _collection(item: Item, draft: Draft) -> None:
    draft.identifier = text_value(item, "id")
    put_languages(draft, text_values(item.get("language")))
    for text, tag in localised_texts(item, "title") or [(draft.identifier, "")]:
        draft.add_text(draft.title, "title", text, tag)
    put_texts(draft, item, ("description", draft.description))
    put_keywords(draft, item, "keywords")
    licence = text_value(item, "license")
    links = links_of(item, {"license"}, draft.base_url)
    draft.licence = draft.parse_licence(
        "license", *([] if licence in FREE and links else [licence]), *links
    )
    draft.issued = draft.parse_date("created", text_value(item, "created"))
    draft.modified = draft.parse_date("updated", text_value(item, "updated"))
    _providers(item, draft)
    _extent(item, draft)
    assets = item.get("assets")
    for name, asset in assets.items() if isinstance(assets, dict) else ():
        if isinstance(asset, dict):
            add_distribution(draft, f"assets.{name}", _raw(name, asset))
    for place, link in enumerate(links_of(item, {"items"}, draft.base_url)):
        raw = RawDistribution(
            titles=[("STAC API", "")],
            access=link,
            formats=["API"],
            media_types=["application/geo+json"],
            service=DataService(endpoint=link),
        )
        add_distribution(draft, f"links[{place}]", raw)
    pages = [
        text_value(page_link, "href")
        for page_link in list_objects(item.get("links"))
        if text_value(page_link, "rel") in {"about", "alternate", "via"}
        and "html" in text_value(page_link, "type")
    ]
    draft.landing_page = draft.parse_url("links", next(iter(pages), ""), relative=True)
    keep_unknown_fields(draft, item, KNOWN_FIELDS)


def _providers(item: Item, draft: Draft) -> None:
    providers = list_objects(item.get("providers"))
    for role in PUBLISHERS:
        for provider in providers:
            if role in text_values(provider.get("roles")) and not draft.publisher:
                draft.publisher = Agent(
                    name={
                        draft.language: draft.clean_text(
                            "providers", text_value(provider, "name")
                        )
                    },
                    url=text_value(provider, "url"),
                )
    for provider in providers:
        add_contact(
            draft,
            "providers",
            name=text_value(provider, "name"),
            url=text_value(provider, "url"),
            role=", ".join(text_values(provider.get("roles"))),
        )


def _extent(item: Item, draft: Draft) -> None:
    extent = nested_object(item, "extent")
    boxes = nested_object(extent, "spatial").get("bbox")
    if isinstance(boxes, list) and boxes and isinstance(boxes[0], list):
        first = boxes[0]
    else:
        first = []
    if len(first) in {FLAT, SOLID} and all(
        isinstance(coordinate, (int, float)) for coordinate in first
    ):
        west, south, east, north = (
            first if len(first) == FLAT else (first[0], first[1], first[3], first[4])
        )
        draft.set_box(
            "extent.spatial.bbox",
            (float(west), float(south), float(east), float(north)),
        )
    spans = nested_object(extent, "temporal").get("interval")
    if (
        isinstance(spans, list)
        and spans
        and isinstance(spans[0], list)
        and len(spans[0]) > 1
    ):
        draft.add_period(
            "extent.temporal.interval", spans[0][0] or "", spans[0][1] or ""
        )


def _raw(name: str, item: Item) -> RawDistribution:
    roles = text_values(item.get("roles"))
    return RawDistribution(
        identifier=name,
        titles=localised_texts(item, "title"),
        descriptions=localised_texts(item, "description"),
        download=text_value(item, "href"),
        media_types=[text_value(item, "type").partition(";")[0]],
        size=item.get("file:size"),
        means=DistributionKind.PAGE
        if "thumbnail" in roles or "overview" in roles
        else None,
        extra={"roles": roles},
        relative=True,
    )
