"""udata, the software of data.gouv.fr: `/api/1/datasets/`, `/api/2/datasets/search/`, one dataset, and its fixtures."""

from typing import Any

from udi.portal.nodes.harvest import kinds
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
from udi.portal.nodes.harvest.record import Agent, DistributionKind, HarvestedPage
from udi.portal.nodes.harvest.untrusted_documents import read_json
from udi.portal.nodes.harvest.vocabulary import find_access

KNOWN_FIELDS = {
    "id",
    "slug",
    "title",
    "description",
    "tags",
    "organization",
    "contact_points",
    "resources",
    "license",
    "created_at",
    "last_modified",
    "frequency",
    "access_type",
    "temporal_coverage",
    "spatial",
    "page",
    "schema",
    "badges",
    "harvest",
    "private",
    "uri",
    "metrics",
    "acronym",
    "internal",
    "quality",
    "created_at_internal",
    "last_modified_internal",
    "last_update",
    "owner",
    "deleted",
    "archived",
    "extras",
}
HVD = "http://data.europa.eu/eli/reg_impl/2023/138/oj"
PAGES = {"documentation"}
OTHER_KINDS = {
    "base_api_url": "dataservice",
    "elements": "topic",
    "reuses": "topic",
    "datasets": "reuse",
    "business_number_id": "organization",
    "members": "organization",
}
"""By a field that datasets have not: dataservices, topics, reuses and organisations."""


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """A page of datasets, one dataset, or the fixtures that udata exports.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    value = value if isinstance(value, dict) else {"data": value}
    listed: Any = value.get("data")
    if not isinstance(listed, list):
        if isinstance(value.get("datasets"), list):
            listed = [_of_fixture(fixture) for fixture in value["datasets"]]
        else:
            listed = [value]
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
    return {
        **value["dataset"],
        "resources": value.get("resources"),
        "organization": value.get("organization"),
    }


def _other_kind(item: Item) -> str:
    """What an object of udata is that is no dataset, by what only it has; empty for a dataset."""
    if "resources" in item:
        return ""
    return next((kind for name, kind in OTHER_KINDS.items() if name in item), "")


def _dataset(item: Item, draft: Draft) -> None:
    if other := _other_kind(item):
        draft.identifier = text_value(item, "id")
        draft.add_text(draft.title, "title", text_value(item, "title", "name"), "")
        draft.add_fault(kinds.TYPE_IGNORED, "", value=other)
        return
    harvest = nested_object(item, "harvest")
    draft.identifier = text_value(item, "id")
    for alias in (
        text_value(item, "slug"),
        text_value(harvest, "dct_identifier", "remote_id"),
        text_value(item, "uri", "page"),
    ):
        draft.add_once(draft.aliases, alias)
    put_texts(draft, item, ("title", draft.title), ("description", draft.description))
    put_keywords(draft, item, "tags")
    draft.licence = draft.parse_licence("license", *text_values(item.get("license")))
    if access_type := text_value(item, "access_type"):
        draft.access = find_access(access_type)[0]
    elif item.get("private") is True:
        draft.access = "NON_PUBLIC"
    draft.issued = draft.parse_date(
        "created_at", text_value(item, "created_at", "created_at_internal")
    )
    draft.modified = draft.parse_date(
        "last_modified",
        text_value(item, "last_modified", "last_update", "last_modified_internal"),
    )
    draft.set_frequency("frequency", text_value(item, "frequency"))
    draft.landing_page = draft.parse_url("page", text_value(item, "page"))
    if any(
        text_value(badge, "kind") == "hvd" for badge in list_objects(item.get("badges"))
    ):
        draft.add_once(draft.legislation, HVD)
    schema = item.get("schema")
    draft.add_once(draft.conforms_to, text_value(schema, "url", "name"))
    _people(item, draft)
    _coverage(item, draft)
    for place, resource in enumerate(list_objects(item.get("resources"))):
        add_distribution(draft, f"resources[{place}]", _raw(resource))
    keep_unknown_fields(draft, item, KNOWN_FIELDS)
    draft.keep_extra("extras", item.get("extras"))


def _people(item: Item, draft: Draft) -> None:
    for name in ("organization", "owner"):
        agent = item.get(name)
        label = text_value(agent, "name") or " ".join(
            filter(
                None, (text_value(agent, "first_name"), text_value(agent, "last_name"))
            )
        )
        if label and not draft.publisher:
            identifier = text_value(agent, "business_number_id", "id")
            draft.publisher = Agent(
                name={draft.language: label},
                identifier=identifier,
                url=text_value(agent, "page"),
                is_person=name == "owner",
            )
    for contact in list_objects(item.get("contact_points")):
        add_contact(
            draft,
            "contact_points",
            name=text_value(contact, "name"),
            email=text_value(contact, "email"),
            url=text_value(contact, "contact_form"),
            role=text_value(contact, "role"),
        )


def _coverage(item: Item, draft: Draft) -> None:
    for period in list_objects(item.get("temporal_coverage")):
        draft.add_period(
            "temporal_coverage", text_value(period, "start"), text_value(period, "end")
        )
    spatial = item.get("spatial")
    if isinstance(spatial, dict):
        draft.set_box("spatial.geom", *read_geojson(spatial.get("geom")))
        for zone in text_values(spatial.get("zones")):
            draft.add_place("", zone)
        draft.keep_extra("spatial.granularity", spatial.get("granularity"))


def _raw(item: Item) -> RawDistribution:
    checksum = item.get("checksum")
    documentation = text_value(item, "type") in PAGES
    return RawDistribution(
        identifier=text_value(item, "id"),
        titles=localised_texts(item, "title"),
        descriptions=localised_texts(item, "description"),
        access=text_value(item, "latest", "url"),
        download=text_value(item, "url")
        if text_value(item, "type") == "main" and text_value(item, "filetype") == "file"
        else "",
        formats=[text_value(item, "format")],
        media_types=[text_value(item, "mime")],
        size=item.get("filesize"),
        checksum=(text_value(checksum, "type"), text_value(checksum, "value")),
        issued=text_value(item, "created_at"),
        modified=text_value(item, "last_modified"),
        conforms_to=[
            standard
            for standard in (text_value(item.get("schema"), "url", "name"),)
            if standard
        ],
        means=DistributionKind.PAGE if documentation else None,
        extra={"type": text_value(item, "type"), "latest": text_value(item, "latest")},
    )
