"""People, rights, places and resources of a CKAN package."""

import re
from typing import Any

from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.fields import Item, inside, items, texts, unfolded, word, words
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.places import Box, read_box, read_geojson
from udi.portal.nodes.harvest.record import Agent, Means, Service
from udi.portal.nodes.harvest.vocabulary import find_access
from udi.protocol.texts import Texts

SIDES = ("bbox-west-long", "bbox-south-lat", "bbox-east-long", "bbox-north-lat")
RESOURCE = {
    "id", "name", "name_translated", "description", "description_translated", "url", "format", "mimetype", "size",
    "hash", "hash_algorithm", "created", "last_modified", "metadata_modified", "access_url", "download_url",
    "license", "rights", "availability", "status", "compress_format", "package_format", "language",
    "access_services", "issued", "modified", "conforms_to", "resource_type", "position", "package_id",
    "revision_id", "state", "url_type", "cache_url", "cache_last_updated", "mimetype_inner", "datastore_active",
    "resource_group_id", "revision_timestamp", "webstore_url", "webstore_last_updated",
}  # fmt: skip


def read_rights(item: Item, draft: Draft) -> None:
    """Licence by its address, its code or its name, together; access by the field, then by being private."""
    wordings = [word(item, name) for name in ("license_url", "license_id", "license_title", "license")]
    draft.licence = draft.licensed("license_id", *wordings)
    for said, tag in texts(item, "access_rights"):
        draft.rightful("access_rights", said, tag)
        if not find_access(said)[0]:
            draft.keep("access_rights", said)
    if not draft.access and item.get("private") is True and word(item, "state") != "Active":
        # DKAN writes private=true and state=Active on open data.
        draft.access = "NON_PUBLIC"
    for each in words(item.get("access_constraints")):
        draft.rightful("access_constraints", each)


def read_people(item: Item, draft: Draft) -> None:
    """Publisher: the field, extras, then the organisation; contacts: the field, extras, maintainer, author."""
    said = next(iter(items(item.get("publisher"))), {})
    organisation = inside(item, "organization")
    name: Texts = {}
    for words_, tag in (
        *texts(said, "name"),
        (word(item, "publisher_name"), ""),
        (word(organisation, "title", "name"), ""),
    ):
        draft.text(name, "publisher", words_, tag)
    if name:
        draft.publisher = Agent(
            name=name,
            identifier=word(said, "identifier") or word(organisation, "id"),
            uri=word(said, "uri") or word(item, "publisher_uri"),
            type=word(said, "type") or word(item, "publisher_type"),
            email=(word(said, "email") or word(item, "publisher_email")).lower(),
            url=word(said, "url") or word(item, "publisher_url"),
        )
    for each in items(item.get("contact")):
        add_contact(
            draft,
            "contact",
            name=word(each, "name"),
            email=word(each, "email"),
            url=word(each, "url"),
            phone=word(each, "telephone"),
        )
    extras = {part: word(item, f"contact_{part}", f"contact-{part}") for part in ("name", "email", "phone")}
    add_contact(draft, "contact", **extras)
    for role in ("maintainer", "author"):
        if not any(each.email for each in draft.contacts):
            add_contact(draft, role, name=word(item, role), email=word(item, f"{role}_email"), role=role)


def read_coverage(item: Item, draft: Draft) -> None:
    """Periods, rectangles, shapes and names of places."""
    for each in items(item.get("temporal_coverage")):
        draft.period("temporal_coverage", word(each, "start"), word(each, "end"))
    if not items(item.get("temporal_coverage")) and word(item, "temporal_coverage"):
        draft.span("temporal_coverage", word(item, "temporal_coverage"))
    for start, end in (("temporal_start", "temporal_end"), ("temporal_coverage-from", "temporal_coverage-to")):
        sides = [next(iter(words(item.get(name))), "") for name in (start, end)]
        draft.period(start, *sides)
    for each in items(item.get("spatial_coverage")):
        for name in ("geom", "bbox"):
            draft.box("spatial_coverage", *_shape(each.get(name)))
        draft.named_place(word(each, "uri"), draft.clean("spatial_coverage", word(each, "text")))
    for name in ("spatial", "spatial_bbox"):
        draft.box(name, *_shape(item.get(name)))
    if word(item, "spatial") and not _shape(item.get("spatial"))[0]:
        draft.named_place("", draft.clean("spatial", word(item, "spatial")))
    corners = [word(item, side) for side in SIDES]
    if all(re.fullmatch(r"-?\d{1,3}(\.\d+)?", corner) for corner in corners):
        west, south, east, north = (float(corner) for corner in corners)
        draft.box("bbox-west-long", (west, south, east, north))
    draft.named_place(word(item, "spatial_uri"), draft.clean("spatial_text", word(item, "spatial_text")))
    resolution = word(item, "spatial_resolution_in_meters")
    if re.fullmatch(r"\d{1,9}(\.\d+)?", resolution):
        draft.place(resolution=float(resolution))


def _shape(value: Any) -> tuple[Box | None, dict[str, Any] | None]:
    box, shape = read_geojson(unfolded(value))
    return (box, shape) if box else (read_box(value) if isinstance(value, str) else None, None)


def read_resources(item: Item, draft: Draft) -> None:
    """Resources, in their order."""
    for place, each in enumerate(items(item.get("resources"))):
        add_distribution(draft, f"resources[{place}]", _raw(each))


def _raw(item: Item) -> Raw:
    service = next(iter(items(item.get("access_services"))), None)
    algorithm = word(item, "hash_algorithm")
    documentation = word(item, "resource_type").lower() in {"documentation", "doc"}
    return Raw(
        identifier=word(item, "id"),
        titles=texts(item, "name"),
        descriptions=texts(item, "description"),
        rights=texts(item, "rights"),
        access=word(item, "access_url", "url"),
        download=word(item, "download_url") or ("" if word(item, "access_url") else _file(item)),
        formats=[word(item, "format")],
        media_types=[word(item, "mimetype")],
        compress=re.sub(r"^https?://www\.iana\.org/assignments/media-types/", "", word(item, "compress_format")),
        package=word(item, "package_format"),
        size=word(item, "size") or None,
        checksum=(algorithm, word(item, "hash")),
        licences=[each for each in (word(item, "license"),) if each],
        issued=word(item, "issued", "created"),
        modified=_changed(word(item, "modified", "last_modified")),
        languages=words(item.get("language")),
        conforms_to=words(item.get("conforms_to")),
        availability=word(item, "availability"),
        status=word(item, "status"),
        service=_service(service) if service else None,
        means=Means.PAGE if documentation else None,
        extra={name: value for name, value in item.items() if name not in RESOURCE},
    )


def _file(item: Item) -> str:
    """The address itself where CKAN holds the file."""
    return word(item, "url") if word(item, "url_type") == "upload" else ""


def _changed(text: str) -> str:
    """DKAN writes words before the date."""
    return re.sub(r"^Date changed\s+", "", text)


def _service(item: Item) -> Service:
    return Service(
        endpoint=next(iter(words(item.get("endpoint_url"))), ""),
        description=word(item, "endpoint_description"),
        conforms_to=tuple(words(item.get("conforms_to"))),
    )
