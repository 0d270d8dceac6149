"""RUDI's own metadata: a page of a node's resources or one. What its rules refuse is refused, with RUDI's codes."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.faults import Fault, Level
from udi.portal.nodes.harvest.fields import (
    Item,
    inside,
    items,
    put_keywords,
    put_languages,
    read_items,
    rest,
    word,
    words,
)
from udi.portal.nodes.harvest.finish import Outcome, make_page
from udi.portal.nodes.harvest.opening import read_json
from udi.portal.nodes.harvest.parts import Raw, add_contact, add_distribution
from udi.portal.nodes.harvest.record import Agent, Means, Original, Page, Service
from udi.protocol.names import KNOWN_OF_RECORD
from udi.protocol.validation import validate

MEDIA_TYPE = 'application/json; profile="rudi"'
"""That of the original of a record of RUDI: `convert` reads it again, so that nothing of it is lost."""
SERVICE, PAGE = "SERVICE", "page"


def read(page: bytes, *, base_url: str, language: str = "fr") -> Page:
    """A page of metadata: `{total, items}`, a list, or one object.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    listed: Any = value
    total = None
    if isinstance(value, dict):
        listed = value["items"] if isinstance(value.get("items"), list) else [value]
        total = value.get("total") if isinstance(value.get("total"), int) else None
    outcomes = [_marked(each) for each in read_items(listed, _record, base_url=base_url, language=language)]
    following = _next(base_url, len(listed), total)
    return make_page(outcomes, format="rudi", next=following, total=total, faults=tuple(faults))


def _marked(outcome: Outcome) -> Outcome:
    """The original says that it is RUDI's, which `convert` asks."""
    original = outcome.source_record
    if original is None:
        return outcome
    return replace(outcome, source_record=Original(MEDIA_TYPE, original.body))


def _next(base_url: str, received: int, total: int | None) -> str:
    parts = urlsplit(base_url)
    asked = dict(parse_qsl(parts.query))
    offset = int(asked["offset"]) if asked.get("offset", "").isdigit() else 0
    if not received or total is None or offset + received >= total:
        return ""
    return urlunsplit(parts._replace(query=urlencode({**asked, "offset": offset + received})))


def _record(item: Item, draft: Draft) -> None:
    draft.identifier = word(item, "global_id")
    draft.aliases += [word(item, name) for name in ("local_id", "doi", "dataverse_doi") if word(item, name)]
    draft.faults += [
        Fault(each.code, Level.REFUSED, each.field, each.message, each.remedy, each.values) for each in validate(item)
    ]
    put_languages(draft, words(item.get("resource_languages")), "resource_languages")
    draft.text(draft.title, "resource_title", word(item, "resource_title"))
    for name in ("summary", "synopsis"):
        for each in items(item.get(name)):
            draft.text(draft.description, name, word(each, "text"), word(each, "lang"))
    put_keywords(draft, item, "keywords")
    draft.theme("theme", word(item, "theme"), expected=False)
    _people(item, draft)
    _terms(item, draft)
    _coverage(item, draft)
    for place, each in enumerate(items(item.get("available_formats"))):
        add_distribution(draft, f"available_formats[{place}]", _raw(each))
    rest(draft, item, KNOWN_OF_RECORD)


def _people(item: Item, draft: Draft) -> None:
    producer = inside(item, "producer")
    name = draft.clean("producer", word(producer, "organization_name"))
    draft.publisher = Agent(name={draft.language: name}, identifier=word(producer, "organization_id")) if name else None
    for each in items(item.get("contacts")):
        add_contact(
            draft, "contacts", name=word(each, "contact_name"), email=word(each, "email"), role=word(each, "role")
        )


def _terms(item: Item, draft: Draft) -> None:
    access = inside(item, "access_condition")
    licence = inside(access, "licence")
    label = next((word(each, "text") for each in items(licence.get("custom_licence_label"))), "")
    wordings = (word(licence, "licence_label"), word(licence, "custom_licence_uri"), label)
    draft.licence = draft.licensed("access_condition.licence", *wordings)
    draft.access = "RESTRICTED" if inside(access, "confidentiality").get("restricted_access") is True else "PUBLIC"
    for name in ("usage_constraint", "access_constraint", "other_constraints", "mandatory_mention"):
        for each in items(access.get(name)):
            draft.text(draft.rights, name, word(each, "text"), word(each, "lang"))
    dates = inside(item, "dataset_dates")
    draft.issued = draft.date("dataset_dates.published", word(dates, "published", "created"))
    draft.modified = draft.date("dataset_dates.updated", word(dates, "updated"))
    described = inside(inside(item, "metadata_info"), "metadata_dates")
    draft.source_modified = draft.date("metadata_info.metadata_dates.updated", word(described, "updated"))


def _coverage(item: Item, draft: Draft) -> None:
    spread = inside(item, "temporal_spread")
    draft.period("temporal_spread", word(spread, "start_date"), word(spread, "end_date"))
    box = inside(inside(item, "geography"), "bounding_box")
    sides = [box.get(f"{side}") for side in ("west_longitude", "south_latitude", "east_longitude", "north_latitude")]
    if all(isinstance(side, (int, float)) and not isinstance(side, bool) for side in sides):
        west, south, east, north = (float(side) for side in sides if side is not None)
        draft.box("geography.bounding_box", (west, south, east, north))


def _raw(item: Item) -> Raw:
    connector = inside(item, "connector")
    address, contract = word(connector, "url"), word(connector, "interface_contract")
    checksum = inside(item, "checksum")
    service = word(item, "media_type") == SERVICE
    return Raw(
        identifier=word(item, "media_id"),
        titles=[(word(item, "media_name"), "")],
        descriptions=[(word(item, "media_caption"), "")],
        access=address,
        download=address if not service and contract in {"", "dwnl"} else "",
        media_types=[word(item, "file_type")],
        formats=[contract] if service else [],
        size=item.get("file_size"),
        checksum=(word(checksum, "algo"), word(checksum, "hash")),
        service=Service(endpoint=address) if service else None,
        means=Means.SERVICE if service else Means.PAGE if contract == PAGE else None,
    )
