"""OGC API Records: a page of records, one record, and the catalogues that lead to them."""

from typing import Any
from urllib.parse import urljoin

from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.geometry import read_geojson
from udi.portal.nodes.harvest.json_fields import (
    Item,
    keep_unknown_fields,
    list_objects,
    localised_texts,
    nested_object,
    put_keywords,
    put_texts,
    read_items,
    text_value,
    text_values,
)
from udi.portal.nodes.harvest.outcomes import make_page
from udi.portal.nodes.harvest.record import (
    Agent,
    DataService,
    DistributionKind,
    HarvestedPage,
    RecordKind,
)
from udi.portal.nodes.harvest.untrusted_documents import read_json

KNOWN_FIELDS = {
    "type",
    "title",
    "description",
    "keywords",
    "language",
    "languages",
    "resourceLanguages",
    "externalIds",
    "contacts",
    "themes",
    "formats",
    "license",
    "rights",
    "created",
    "updated",
}
DATA = {"enclosure", "item", "items", "data", "download", "distribution"}
SERVICES = {"service", "service-desc", "search"}
ITEMS = ("application/geo+json", "application/json", "")
"""Forms of records, the best first; the last is whatever there is."""
PUBLISHERS = ("publisher", "owner", "custodian", "distributor")


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """A page of records or one; of a catalogue, the addresses of its records.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    value = value if isinstance(value, dict) else {"features": value}
    is_catalogue = (
        value.get("type") == "Collection" or value.get("itemType") == "record"
    )
    if is_catalogue or isinstance(value.get("collections"), list):
        collections = list_objects(value.get("collections")) or [value]
        links = tuple(
            link
            for collection in collections
            if _holds_records(collection)
            for link in _records_of(collection, base_url)
        )
        return HarvestedPage(format="ogc-records", links=links, faults=tuple(faults))
    listed: list[Any] = (
        value["features"] if isinstance(value.get("features"), list) else [value]
    )
    total = value.get("numberMatched")
    outcomes = list(read_items(listed, _record, base_url=base_url, language=language))
    return make_page(
        outcomes,
        format="ogc-records",
        next=next(iter(links_of(value, {"next"}, base_url)), "")
        if "features" in value
        else "",
        total=total if isinstance(total, int) else None,
        faults=tuple(faults),
    )


def _holds_records(collection: Item) -> bool:
    """Whether it is a catalogue, where it says what its items are: a server may have maps beside it (OGC 20-004, 8)."""
    return text_value(collection, "itemType") in {"", "record"}


def _records_of(collection: Item, base_url: str) -> list[str]:
    """Where its records are, in the one form that says all of them."""
    listed = [
        link
        for link in list_objects(collection.get("links"))
        if text_value(link, "rel") == "items" and text_value(link, "href")
    ]
    order = [
        place
        for form in ITEMS
        for place, link in enumerate(listed)
        if text_value(link, "type").startswith(form)
    ]
    return [urljoin(base_url, text_value(listed[place], "href")) for place in order[:1]]


def links_of(item: Item, relations: set[str], base_url: str) -> list[str]:
    """The addresses of links of these relations."""
    return [
        urljoin(base_url, text_value(link, "href"))
        for link in list_objects(item.get("links"))
        if text_value(link, "rel") in relations and text_value(link, "href")
    ]


def _record(item: Item, draft: Draft) -> None:
    properties = nested_object(item, "properties")
    kind = text_value(properties, "type").lower()
    if kind == "service":
        draft.kind = RecordKind.SERVICE
    elif kind == "series":
        draft.kind = RecordKind.SERIES
    else:
        draft.kind = RecordKind.DATASET
    for entry in (
        properties.get("resourceLanguages"),
        properties.get("language"),
        properties.get("languages"),
    ):
        for language in [
            text_value(value, "code") for value in list_objects(entry)
        ] or text_values(entry):
            draft.add_language("languages", language)
    if draft.languages:
        draft.language = draft.languages[0]
    draft.identifier = text_value(item, "id")
    for entry in list_objects(properties.get("externalIds")):
        draft.add_once(draft.aliases, text_value(entry, "value"))
    put_texts(
        draft,
        properties,
        ("title", draft.title),
        ("description", draft.description),
        ("rights", draft.rights),
    )
    put_keywords(draft, properties, "keywords")
    for theme in list_objects(properties.get("themes")):
        for concept in list_objects(theme.get("concepts")):
            draft.add_theme(
                "themes",
                text_value(concept, "url", "id"),
                text_value(concept, "title", "id"),
                expected=False,
            )
    draft.licence = draft.parse_licence(
        "license",
        text_value(properties, "license"),
        *links_of(item, {"license"}, draft.base_url),
    )
    draft.issued = draft.parse_date("created", text_value(properties, "created"))
    draft.modified = draft.parse_date("updated", text_value(properties, "updated"))
    draft.source_modified = draft.modified
    _contacts(properties, draft)
    _coverage(item, draft)
    _links(item, properties, draft)
    keep_unknown_fields(draft, properties, KNOWN_FIELDS, "properties.")


def _contacts(properties: Item, draft: Draft) -> None:
    for contact in list_objects(properties.get("contacts")):
        roles = text_values(contact.get("roles")) or text_values(contact.get("role"))
        name = text_value(contact, "organization", "name")
        page = next(
            (text_value(link, "href") for link in list_objects(contact.get("links"))),
            "",
        )
        email = next(iter(text_values(contact.get("emails"))), "") or text_value(
            contact, "email"
        )
        if name and not draft.publisher and set(roles) & set(PUBLISHERS):
            draft.publisher = Agent(
                name={draft.language: draft.clean_text("contacts", name)},
                identifier=text_value(contact, "identifier"),
                url=page,
            )
        phone = next(iter(text_values(contact.get("phones"))), "")
        add_contact(
            draft,
            "contacts",
            name=text_value(contact, "name", "organization"),
            email=email,
            phone=phone,
            url=page,
            role=", ".join(roles),
        )


def _coverage(item: Item, draft: Draft) -> None:
    draft.set_box("geometry", *read_geojson(item.get("geometry")))
    time = item.get("time")
    if isinstance(time, dict):
        interval = time.get("interval")
        if isinstance(interval, list) and len(interval) > 1:
            draft.add_period(
                "time.interval",
                *("" if side == ".." else side for side in interval[:2]),
            )
        elif single := text_value(time, "date", "timestamp"):
            draft.add_period("time", single, single)


def _links(item: Item, properties: Item, draft: Draft) -> None:
    formats = [
        text_value(file_format, "name", "mediaType")
        for file_format in list_objects(properties.get("formats"))
    ]
    draft.keep_extra(
        "properties.formats", properties.get("formats") if len(formats) != 1 else None
    )
    for place, link in enumerate(
        (*list_objects(item.get("links")), *list_objects(item.get("linkTemplates")))
    ):
        relation = text_value(link, "rel")
        address = text_value(link, "href", "uriTemplate")
        if relation in DATA | SERVICES:
            service = relation in SERVICES or "uriTemplate" in link
            raw = RawDistribution(
                titles=localised_texts(link, "title"),
                access=address.split("{", maxsplit=1)[0],
                media_types=[text_value(link, "type")],
                dataset_format=formats[0] if len(formats) == 1 else "",
                size=link.get("length"),
                service=DataService(endpoint=address.split("{", maxsplit=1)[0])
                if service
                else None,
                means=DistributionKind.SERVICE if service else None,
                extra={"uriTemplate": link.get("uriTemplate")},
                relative=True,
            )
            add_distribution(draft, f"links[{place}]", raw)
        elif relation in {
            "about",
            "alternate",
            "describedby",
            "canonical",
        } and "html" in text_value(link, "type"):
            draft.landing_page = draft.landing_page or draft.parse_url(
                f"links[{place}]", address, relative=True
            )
        elif relation in {
            "license",
            "next",
            "prev",
            "self",
            "collection",
            "root",
            "parent",
        }:
            continue
        elif address:
            draft.add_once(
                draft.documentation,
                draft.parse_url(f"links[{place}]", address, relative=True),
            )
