"""RUDI's own metadata: a page of a node's resources or one. What its rules refuse is refused, with RUDI's codes.

Records of older nodes are first brought to the version of today (`udi.protocol.upgrade`), where that has one meaning;
the original stays what the node sent. A record of a trial (`collection_tag`), which no node sends to a portal, is not read.
"""

from dataclasses import replace
from typing import Any

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.addresses import next_page
from udi.portal.nodes.harvest.distributions import (
    RawDistribution,
    add_contact,
    add_distribution,
)
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.faults import FaultLevel, HarvestFault
from udi.portal.nodes.harvest.json_fields import (
    Item,
    keep_unknown_fields,
    list_objects,
    nested_object,
    put_keywords,
    put_languages,
    read_items,
    text_value,
    text_values,
)
from udi.portal.nodes.harvest.outcomes import Outcome, make_page
from udi.portal.nodes.harvest.record import (
    Agent,
    DataService,
    DistributionKind,
    HarvestedPage,
    OriginalRecord,
)
from udi.portal.nodes.harvest.untrusted_documents import read_json
from udi.protocol.faults import InvalidRecord
from udi.protocol.rudi_names import KNOWN_OF_RECORD
from udi.protocol.translations import list_translations
from udi.protocol.upgrade import upgrade_record
from udi.protocol.validation import validate

MEDIA_TYPE = 'application/json; profile="rudi"'
"""That of the original of a record of RUDI: `convert` reads it again, so that nothing of it is lost."""
SERVICE = "SERVICE"
PAGE = "page"
COLLECTION = "collection_tag"
FIRST_FILLING = "init"
"""The collection of the records that a node was filled with when it was set up: these are no trial."""


def read(page: bytes, *, base_url: str, language: str = "fr") -> HarvestedPage:
    """A page of metadata: `{total, items}`, a list, or one object.

    Raises:
        RefusedDocumentError: it is not JSON.
    """
    value, faults = read_json(page)
    listed: Any = value
    total = None
    if isinstance(value, dict):
        if isinstance(value.get("items"), list):
            listed = value["items"]
        else:
            listed = [value]
        if isinstance(value.get("total"), int):
            total = value.get("total")
        else:
            total = None
    outcomes = [
        _mark_as_rudi(outcome)
        for outcome in read_items(listed, _record, base_url=base_url, language=language)
    ]
    following = next_page(base_url, "offset", len(listed), total)
    return make_page(
        outcomes, format="rudi", next=following, total=total, faults=tuple(faults)
    )


def _upgrade(item: Item) -> Item:
    """The record in the version of today; what cannot be walked, as it is."""
    try:
        return upgrade_record(item)
    except InvalidRecord:
        return item


def _note_translations(received: Item, item: Item, draft: Draft) -> None:
    """Each value that the version of today writes otherwise, and each that old records left out: the reader is told."""
    for change in list_translations(received, item):
        if change.before:
            draft.add_fault(
                kinds.RUDI_TRANSLATED,
                change.field,
                value=change.before,
                read=change.after,
            )
        else:
            draft.add_fault(kinds.RUDI_ADDED, change.field, read=change.after)


def _mark_as_rudi(outcome: Outcome) -> Outcome:
    """The original says that it is RUDI's, which `convert` asks; of a record of a trial, nothing else is said."""
    original = outcome.source_record
    if original is None:
        return outcome
    trial = tuple(
        fault for fault in outcome.faults if fault.code == kinds.RECORD_OF_TRIAL.code
    )
    return replace(
        outcome,
        source_record=OriginalRecord(MEDIA_TYPE, original.body, original.statements),
        faults=trial or outcome.faults,
    )


def _record(received: Item, draft: Draft) -> None:
    collection = text_value(received, COLLECTION)
    if collection not in {"", FIRST_FILLING}:
        draft.add_fault(kinds.RECORD_OF_TRIAL, COLLECTION, value=collection)
    item = _upgrade(received)
    _note_translations(received, item, draft)
    draft.identifier = text_value(item, "global_id")
    draft.aliases += [
        text_value(item, name)
        for name in ("local_id", "doi", "dataverse_doi")
        if text_value(item, name)
    ]
    draft.faults += [
        HarvestFault(
            fault.code,
            FaultLevel.REFUSED,
            fault.field,
            fault.message,
            fault.remedy,
            fault.values,
        )
        for fault in validate(item)
    ]
    put_languages(
        draft, text_values(item.get("resource_languages")), "resource_languages"
    )
    draft.add_text(draft.title, "resource_title", text_value(item, "resource_title"))
    for name in ("summary", "synopsis"):
        for entry in list_objects(item.get(name)):
            draft.add_text(
                draft.description,
                name,
                text_value(entry, "text"),
                text_value(entry, "lang"),
            )
    put_keywords(draft, item, "keywords")
    draft.add_theme("theme", text_value(item, "theme"), expected=False)
    _people(item, draft)
    _terms(item, draft)
    _coverage(item, draft)
    for place, entry in enumerate(list_objects(item.get("available_formats"))):
        add_distribution(draft, f"available_formats[{place}]", _raw(entry))
    keep_unknown_fields(draft, item, KNOWN_OF_RECORD)


def _people(item: Item, draft: Draft) -> None:
    producer = nested_object(item, "producer")
    name = draft.clean_text("producer", text_value(producer, "organization_name"))
    if name:
        draft.publisher = Agent(
            name={draft.language: name},
            identifier=text_value(producer, "organization_id"),
        )
    else:
        draft.publisher = None
    for contact in list_objects(item.get("contacts")):
        add_contact(
            draft,
            "contacts",
            name=text_value(contact, "contact_name"),
            email=text_value(contact, "email"),
            role=text_value(contact, "role"),
        )


def _terms(item: Item, draft: Draft) -> None:
    access = nested_object(item, "access_condition")
    licence = nested_object(access, "licence")
    label = next(
        (
            text_value(translation, "text")
            for translation in list_objects(licence.get("custom_licence_label"))
        ),
        "",
    )
    wordings = (
        text_value(licence, "licence_label"),
        text_value(licence, "custom_licence_uri"),
        label,
    )
    draft.licence = draft.parse_licence("access_condition.licence", *wordings)
    if nested_object(access, "confidentiality").get("restricted_access") is True:
        draft.access = "RESTRICTED"
    else:
        draft.access = "PUBLIC"
    for name in (
        "usage_constraint",
        "access_constraint",
        "other_constraints",
        "mandatory_mention",
    ):
        for translation in list_objects(access.get(name)):
            draft.add_text(
                draft.rights,
                name,
                text_value(translation, "text"),
                text_value(translation, "lang"),
            )
    dates = nested_object(item, "dataset_dates")
    draft.issued = draft.parse_date(
        "dataset_dates.published", text_value(dates, "published", "created")
    )
    draft.modified = draft.parse_date(
        "dataset_dates.updated", text_value(dates, "updated")
    )
    described = nested_object(nested_object(item, "metadata_info"), "metadata_dates")
    draft.source_modified = draft.parse_date(
        "metadata_info.metadata_dates.updated", text_value(described, "updated")
    )


def _coverage(item: Item, draft: Draft) -> None:
    spread = nested_object(item, "temporal_spread")
    draft.add_period(
        "temporal_spread",
        text_value(spread, "start_date"),
        text_value(spread, "end_date"),
    )
    box = nested_object(nested_object(item, "geography"), "bounding_box")
    sides = [
        box.get(f"{side}")
        for side in (
            "west_longitude",
            "south_latitude",
            "east_longitude",
            "north_latitude",
        )
    ]
    if all(
        isinstance(side, (int, float)) and not isinstance(side, bool) for side in sides
    ):
        west, south, east, north = (float(side) for side in sides if side is not None)
        draft.set_box("geography.bounding_box", (west, south, east, north))


def _raw(item: Item) -> RawDistribution:
    connector = nested_object(item, "connector")
    address = text_value(connector, "url")
    contract = text_value(connector, "interface_contract")
    checksum = nested_object(item, "checksum")
    service = text_value(item, "media_type") == SERVICE
    means = None
    if service:
        means = DistributionKind.SERVICE
    elif contract == PAGE:
        means = DistributionKind.PAGE
    return RawDistribution(
        identifier=text_value(item, "media_id"),
        titles=[(text_value(item, "media_name"), "")],
        descriptions=[(text_value(item, "media_caption"), "")],
        access=address,
        download=address if not service and contract in {"", "dwnl"} else "",
        media_types=[text_value(item, "file_type")],
        formats=[contract] if service else [],
        size=item.get("file_size"),
        checksum=(text_value(checksum, "algo"), text_value(checksum, "hash")),
        service=DataService(endpoint=address) if service else None,
        means=means,
    )
