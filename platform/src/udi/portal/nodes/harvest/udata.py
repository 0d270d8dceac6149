"""udata, the software of data.gouv.fr: `/api/1/datasets/`, `/api/2/datasets/search/`, one dataset, and its fixtures."""

from typing import Any

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
from udi.portal.nodes.harvest.record import Agent, Means, Page
from udi.portal.nodes.harvest.vocabulary import find_access

KNOWN = {
    "id", "slug", "title", "description", "tags", "organization", "contact_points", "resources", "license",
    "created_at", "last_modified", "frequency", "access_type", "temporal_coverage", "spatial", "page", "schema",
    "badges", "harvest", "private", "uri", "metrics", "acronym", "internal", "quality", "created_at_internal",
    "last_modified_internal", "last_update", "owner", "deleted", "archived", "extras",
}  # fmt: skip
HVD = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
PAGES = {"documentation"}


def read(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """A page of datasets, one dataset, or the fixtures that udata exports.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    value = value if isinstance(value, dict) else {"data": value}
    listed: Any = value.get("data")
    if not isinstance(listed, list):
        listed = (
            [_of_fixture(each) for each in value["datasets"]] if isinstance(value.get("datasets"), list) else [value]
        )
    following = value.get("next_page")
    total = value.get("total")
    outcomes = list(read_items(listed, _dataset, base_url=base_url, language=language))
    return make_page(
        outcomes,
        format="udata",
        next=following if isinstance(following, str) else "",
        total=total if isinstance(total, int) else None,
        faults=tuple(faults),
    )


def _of_fixture(value: Any) -> Any:
    """A fixture keeps the dataset, its resources and its organisation beside one another."""
    if not isinstance(value, dict) or not isinstance(value.get("dataset"), dict):
        return value
    return {**value["dataset"], "resources": value.get("resources"), "organization": value.get("organization")}


def _dataset(item: Item, draft: Draft) -> None:
    harvest = inside(item, "harvest")
    draft.identifier = word(item, "id")
    for each in (word(item, "slug"), word(harvest, "dct_identifier", "remote_id"), word(item, "uri", "page")):
        draft.add(draft.aliases, each)
    put_texts(draft, item, ("title", draft.title), ("description", draft.description))
    put_keywords(draft, item, "tags")
    draft.licence = draft.licensed("license", *words(item.get("license")))
    if said := word(item, "access_type"):
        draft.access = find_access(said)[0]
    elif item.get("private") is True:
        draft.access = "NON_PUBLIC"
    draft.issued = draft.date("created_at", word(item, "created_at", "created_at_internal"))
    draft.modified = draft.date("last_modified", word(item, "last_modified", "last_update", "last_modified_internal"))
    draft.often("frequency", word(item, "frequency"))
    draft.landing_page = draft.url("page", word(item, "page"))
    if any(word(each, "kind") == "hvd" for each in items(item.get("badges"))):
        draft.add(draft.legislation, HVD)
    schema = item.get("schema")
    draft.add(draft.conforms_to, word(schema, "url", "name"))
    _people(item, draft)
    _coverage(item, draft)
    for place, found in enumerate(items(item.get("resources"))):
        add_distribution(draft, f"resources[{place}]", _raw(found))
    rest(draft, item, KNOWN)
    draft.keep("extras", item.get("extras"))


def _people(item: Item, draft: Draft) -> None:
    for name in ("organization", "owner"):
        said = item.get(name)
        label = word(said, "name") or " ".join(filter(None, (word(said, "first_name"), word(said, "last_name"))))
        if label and not draft.publisher:
            identifier = word(said, "business_number_id", "id")
            draft.publisher = Agent(name={draft.language: label}, identifier=identifier, url=word(said, "page"))
    for each in items(item.get("contact_points")):
        add_contact(
            draft,
            "contact_points",
            name=word(each, "name"),
            email=word(each, "email"),
            url=word(each, "contact_form"),
            role=word(each, "role"),
        )


def _coverage(item: Item, draft: Draft) -> None:
    for each in items(item.get("temporal_coverage")):
        draft.period("temporal_coverage", word(each, "start"), word(each, "end"))
    spatial = item.get("spatial")
    if isinstance(spatial, dict):
        draft.box("spatial.geom", *read_geojson(spatial.get("geom")))
        for zone in words(spatial.get("zones")):
            draft.named_place("", zone)
        draft.keep("spatial.granularity", spatial.get("granularity"))


def _raw(item: Item) -> Raw:
    checksum = item.get("checksum")
    documentation = word(item, "type") in PAGES
    return Raw(
        identifier=word(item, "id"),
        titles=texts(item, "title"),
        descriptions=texts(item, "description"),
        access=word(item, "latest", "url"),
        download=word(item, "url") if word(item, "type") == "main" and word(item, "filetype") == "file" else "",
        formats=[word(item, "format")],
        media_types=[word(item, "mime")],
        size=item.get("filesize"),
        checksum=(word(checksum, "type"), word(checksum, "value")),
        issued=word(item, "created_at"),
        modified=word(item, "last_modified"),
        conforms_to=[each for each in (word(item.get("schema"), "url", "name"),) if each],
        means=Means.PAGE if documentation else None,
        extra={"type": word(item, "type"), "latest": word(item, "latest")},
    )
