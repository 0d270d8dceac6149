"""People, rights, places and resources of a CKAN package."""

import re
from typing import Any

from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.geometry import Box, read_box, read_geojson
from udi.portal.nodes.harvest.json_fields import (
    Item,
    list_objects,
    localised_texts,
    nested_object,
    parse_nested_json,
    text_value,
    text_values,
)
from udi.portal.nodes.harvest.record import (
    Agent,
    DataService,
    DistributionKind,
    is_person_type,
)
from udi.portal.nodes.harvest.vocabulary import find_access
from udi.protocol.texts import Texts

AGENT_PARTS = ("name", "identifier", "uri", "type", "email", "url")
SIDES = ("bbox-west-long", "bbox-south-lat", "bbox-east-long", "bbox-north-lat")
RESOURCE = {
    "id",
    "name",
    "name_translated",
    "description",
    "description_translated",
    "url",
    "format",
    "mimetype",
    "size",
    "hash",
    "hash_algorithm",
    "created",
    "last_modified",
    "metadata_modified",
    "access_url",
    "download_url",
    "license",
    "rights",
    "availability",
    "status",
    "compress_format",
    "package_format",
    "language",
    "access_services",
    "issued",
    "modified",
    "conforms_to",
    "resource_type",
    "position",
    "package_id",
    "revision_id",
    "state",
    "url_type",
    "cache_url",
    "cache_last_updated",
    "mimetype_inner",
    "datastore_active",
    "resource_group_id",
    "revision_timestamp",
    "webstore_url",
    "webstore_last_updated",
}


def read_rights(item: Item, draft: Draft) -> None:
    """Licence by its address, its code or its name, together; access by the field, then by being private."""
    wordings = [
        text_value(item, name)
        for name in ("license_url", "license_id", "license_title", "license")
    ]
    draft.licence = draft.parse_licence("license_id", *wordings)
    for wording, tag in localised_texts(item, "access_rights"):
        draft.add_access_rights("access_rights", wording, tag)
        if not find_access(wording)[0]:
            draft.keep_extra("access_rights", wording)
    if (
        not draft.access
        and item.get("private") is True
        and text_value(item, "state") != "Active"
    ):
        # DKAN writes private=true and state=Active on open data.
        draft.access = "NON_PUBLIC"
    for constraint in text_values(item.get("access_constraints")):
        draft.add_access_rights("access_constraints", constraint)


def read_people(item: Item, draft: Draft) -> None:
    """Publisher: the field, extras, then the organisation; contacts: the field, extras, maintainer, author."""
    publisher = next(iter(list_objects(item.get("publisher"))), {})
    organisation = nested_object(item, "organization")
    name: Texts = {}
    for words_, tag in (
        *localised_texts(publisher, "name"),
        (text_value(item, "publisher_name"), ""),
        (text_value(organisation, "title", "name"), ""),
    ):
        draft.add_text(name, "publisher", words_, tag)
    if name:
        kind = text_value(publisher, "type") or text_value(item, "publisher_type")
        draft.publisher = Agent(
            name=name,
            identifier=text_value(publisher, "identifier")
            or text_value(organisation, "id"),
            uri=text_value(publisher, "uri") or text_value(item, "publisher_uri"),
            type=kind,
            is_person=is_person_type(kind),
            email=(
                text_value(publisher, "email") or text_value(item, "publisher_email")
            ).lower(),
            url=text_value(publisher, "url") or text_value(item, "publisher_url"),
        )
    draft.creators = _agents(item, draft, "creator")
    draft.rights_holders = _agents(item, draft, "rights_holder")
    for contact in list_objects(item.get("contact")):
        add_contact(
            draft,
            "contact",
            name=text_value(contact, "name"),
            email=text_value(contact, "email"),
            url=text_value(contact, "url"),
            phone=text_value(contact, "telephone"),
        )
    extras = {
        part: text_value(item, f"contact_{part}", f"contact-{part}")
        for part in ("name", "email", "phone")
    }
    add_contact(draft, "contact", **extras)
    for role in ("maintainer", "author"):
        if not any(contact.email for contact in draft.contacts):
            add_contact(
                draft,
                role,
                name=text_value(item, role),
                email=text_value(item, f"{role}_email"),
                role=role,
            )


def _agents(item: Item, draft: Draft, role: str) -> list[Agent]:
    """Those of a field with subfields, else of extras that begin with its name (`creator_name`)."""
    flat = {part: text_value(item, f"{role}_{part}") for part in AGENT_PARTS}
    agents: list[Agent] = []
    for entry in list_objects(item.get(role)) or [flat]:
        name: Texts = {}
        for words, tag in localised_texts(entry, "name"):
            draft.add_text(name, role, words, tag)
        agent = Agent(
            name=name,
            identifier=text_value(entry, "identifier"),
            uri=text_value(entry, "uri"),
            type=text_value(entry, "type"),
            is_person=is_person_type(text_value(entry, "type")),
            email=text_value(entry, "email").lower(),
            url=text_value(entry, "url"),
        )
        if agent.name or agent.uri:
            draft.add_once(agents, agent)
    return agents


def read_coverage(item: Item, draft: Draft) -> None:
    """Periods, rectangles, shapes and names of places."""
    for coverage in list_objects(item.get("temporal_coverage")):
        draft.add_period(
            "temporal_coverage",
            text_value(coverage, "start"),
            text_value(coverage, "end"),
        )
    if not list_objects(item.get("temporal_coverage")) and text_value(
        item, "temporal_coverage"
    ):
        draft.add_period_text(
            "temporal_coverage", text_value(item, "temporal_coverage")
        )
    for start, end in (
        ("temporal_start", "temporal_end"),
        ("temporal_coverage-from", "temporal_coverage-to"),
    ):
        sides = [next(iter(text_values(item.get(name))), "") for name in (start, end)]
        draft.add_period(start, *sides)
    for coverage in list_objects(item.get("spatial_coverage")):
        for name in ("geom", "bbox"):
            draft.set_box("spatial_coverage", *_shape(coverage.get(name)))
        draft.add_place(
            text_value(coverage, "uri"),
            draft.clean_text("spatial_coverage", text_value(coverage, "text")),
        )
    for name in ("spatial", "spatial_bbox"):
        draft.set_box(name, *_shape(item.get(name)))
    if text_value(item, "spatial") and not _shape(item.get("spatial"))[0]:
        draft.add_place("", draft.clean_text("spatial", text_value(item, "spatial")))
    corners = [text_value(item, side) for side in SIDES]
    if all(re.fullmatch(r"-?\d{1,3}(\.\d+)?", corner) for corner in corners):
        west, south, east, north = (float(corner) for corner in corners)
        draft.set_box("bbox-west-long", (west, south, east, north))
    draft.add_place(
        text_value(item, "spatial_uri"),
        draft.clean_text("spatial_text", text_value(item, "spatial_text")),
    )
    resolution = text_value(item, "spatial_resolution_in_meters")
    if re.fullmatch(r"\d{1,9}(\.\d+)?", resolution):
        draft.update_spatial(resolution=float(resolution))


def _shape(value: Any) -> tuple[Box | None, dict[str, Any] | None]:
    box, shape = read_geojson(parse_nested_json(value))
    if box:
        return (box, shape)
    return (read_box(value) if isinstance(value, str) else None, None)


def read_resources(item: Item, draft: Draft) -> None:
    """Resources, in their order."""
    for place, resource in enumerate(list_objects(item.get("resources"))):
        add_distribution(draft, f"resources[{place}]", _raw(resource))


def _raw(item: Item) -> RawDistribution:
    service = next(iter(list_objects(item.get("access_services"))), None)
    algorithm = text_value(item, "hash_algorithm")
    documentation = text_value(item, "resource_type").lower() in {
        "documentation",
        "doc",
    }
    return RawDistribution(
        identifier=text_value(item, "id"),
        titles=localised_texts(item, "name"),
        descriptions=localised_texts(item, "description"),
        rights=localised_texts(item, "rights"),
        access=text_value(item, "access_url", "url"),
        download=text_value(item, "download_url")
        or ("" if text_value(item, "access_url") else _file(item)),
        formats=[text_value(item, "format")],
        media_types=[text_value(item, "mimetype")],
        compress=re.sub(
            r"^https?://www\.iana\.org/assignments/media-types/",
            "",
            text_value(item, "compress_format"),
        ),
        package=text_value(item, "package_format"),
        size=text_value(item, "size") or None,
        checksum=(algorithm, text_value(item, "hash")),
        licences=[licence for licence in (text_value(item, "license"),) if licence],
        issued=text_value(item, "issued", "created"),
        modified=_changed(text_value(item, "modified", "last_modified")),
        languages=text_values(item.get("language")),
        conforms_to=text_values(item.get("conforms_to")),
        availability=text_value(item, "availability"),
        status=text_value(item, "status"),
        service=_service(service) if service else None,
        means=DistributionKind.PAGE if documentation else None,
        extra={name: value for name, value in item.items() if name not in RESOURCE},
    )


def _file(item: Item) -> str:
    """The address itself where CKAN holds the file."""
    if text_value(item, "url_type") == "upload":
        return text_value(item, "url")
    return ""


def _changed(text: str) -> str:
    """DKAN writes words before the date."""
    return re.sub(r"^Date changed\s+", "", text)


def _service(item: Item) -> DataService:
    return DataService(
        endpoint=next(iter(text_values(item.get("endpoint_url"))), ""),
        description=text_value(item, "endpoint_description"),
        conforms_to=tuple(text_values(item.get("conforms_to"))),
    )
