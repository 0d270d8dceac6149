"""A record of others as a record of ours: what it lacks is left out or said to be missing, never invented."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from msgspec import structs

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.dates import read_date, start_of
from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.field_mapping import (
    box_of,
    languages_of,
    licence_of,
    media_of,
    period_of,
    rights_of,
    theme_of,
)
from udi.portal.nodes.harvest.metadata_mapping import find_alias, metadata_of
from udi.portal.nodes.harvest.record import (
    HarvestedContact,
    HarvestedRecord,
    IdentityBasis,
)
from udi.portal.nodes.harvest.rudi import MEDIA_TYPE as RUDI
from udi.protocol import structures as of
from udi.protocol.access import AccessRights
from udi.protocol.record import read_record
from udi.protocol.schema import (
    DATAVERSE_DOI,
    DOI,
    KEYWORDS,
    LINE,
    PARAGRAPH,
    TITLE,
    WORD,
)
from udi.protocol.texts import Texts
from udi.protocol.upgrade import upgrade_record
from udi.protocol.validators import LONGEST_URL, is_url

OPEN = {"", "PUBLIC"}
SYNOPSIS = 300
EXTRA = "harvested"
"""Under this name of `extra` is what our record has no field for."""
MOST_CONTACTS = 100
MOST_VALUES = 200
MOST_SERIES = 100


@dataclass(frozen=True, kw_only=True)
class ConversionContext:
    """What the source cannot know: our identifier of it, the producer it publishes for, and when its record was found."""

    source: UUID
    producer: of.Organisation
    found_at: datetime
    language: str = "fr"
    dataset: UUID | None = None
    """The identifier of a dataset that it is known to be; else one is made of its own."""


@dataclass(frozen=True)
class ConversionResult:
    """Our record, and what had to be said about it besides the faults of what was read."""

    record: of.Record
    faults: tuple[HarvestFault, ...] = ()


def dataset_id(source: UUID, identifier: str) -> UUID:
    """The same source and identifier give the same dataset, for ever."""
    return uuid5(source, identifier.strip())


def convert(record: HarvestedRecord, context: ConversionContext) -> ConversionResult:
    """Our record of what was read; a record of RUDI keeps everything in it, and its identifier unless its dataset has one.

    Public is what says nothing of its access: it was offered to passers-by.
    """
    if record.source_record.media_type == RUDI:
        return ConversionResult(_convert_rudi(record, context.dataset))
    faults: list[HarvestFault] = []
    id_ = context.dataset or dataset_id(context.source, record.identifier)
    title = _title(record, context, faults)
    summary = record.description or {}
    languages = record.languages or languages_of(record) or (context.language,)
    return ConversionResult(
        of.Record(
            id=id_,
            title=title,
            titles=_titles(record, summary or record.title),
            synopsis={
                tag: _excerpt(words) for tag, words in (summary or record.title).items()
            },
            summary=dict(summary),
            summary_html={
                tag: _paragraphs(words)
                for tag, words in summary.items()
                if "\n" in words
            },
            theme=theme_of(record),
            keywords=_keywords(record),
            producer=_producer(record, context, faults),
            contacts=_contacts(record, id_),
            media=_media(record, id_, context.language),
            dates=_dates(record, context, faults),
            access=AccessRights.PUBLIC
            if record.access in OPEN
            else AccessRights.RESTRICTED,
            licence=licence_of(record),
            languages=tuple(languages),
            constraints=of.Constraints(
                usage=_shorten_texts(record.usage),
                access=_localised_text(record.access_reason, context)
                or _shorten_texts(record.access_conditions),
                other=_shorten_texts(rights_of(record)),
            ),
            period=period_of(record),
            frequency=record.frequency,
            series=_series(record),
            geography=box_of(record),
            local_id=_local_id(record),
            doi=find_alias(record, DOI),
            dataverse_doi=find_alias(record, DATAVERSE_DOI),
            description=_description(record),
            metadata=metadata_of(record),
            extra=_rest(record),
        ),
        tuple(faults),
    )


def _convert_rudi(record: HarvestedRecord, dataset: UUID | None) -> of.Record:
    """Where the dataset has another address here, its identifier at the source is a local one."""
    received = read_record(upgrade_record(json.loads(record.source_record.body)))
    if dataset in {None, received.id}:
        return received
    local_id = received.local_id or str(received.id)
    return structs.replace(received, id=dataset, local_id=local_id)


def _title(
    record: HarvestedRecord, context: ConversionContext, faults: list[HarvestFault]
) -> str:
    title = record.title.get(context.language) or next(iter(record.title.values()))
    if len(title) > TITLE:
        faults.append(
            kinds.TITLE_LONG.at("title", length=len(title), limit=TITLE, value=title)
        )
    return _shorten_title(title)


def _titles(record: HarvestedRecord, summary: Texts) -> dict[str, str]:
    """The title by language, where it has several, or others than the summary."""
    if len(record.title) > 1 or record.title.keys() != summary.keys():
        return {tag: _shorten_title(title) for tag, title in record.title.items()}
    return {}


def _shorten_title(title: str) -> str:
    if len(title) > TITLE:
        return f"{title[: TITLE - 1].rstrip()}…"
    return title


def _excerpt(words: str) -> str:
    """The first lines, cut at a word."""
    text = " ".join(words.split())
    if len(text) <= SYNOPSIS:
        return text
    return f"{text[: SYNOPSIS - 1].rpartition(' ')[0] or text[: SYNOPSIS - 1]}…"


def _paragraphs(words: str) -> str:
    """Plain text whose lines matter, as harmless HTML."""
    return "".join(
        f"<p>{html.escape(line.strip(), quote=False)}</p>"
        for line in words.split("\n")
        if line.strip()
    )


def _shorten_texts(texts: Texts) -> Texts:
    return {tag: words[:PARAGRAPH] for tag, words in texts.items()}


def _localised_text(words: str, context: ConversionContext) -> Texts:
    if words:
        return {context.language: words}
    return {}


def _keywords(record: HarvestedRecord) -> tuple[str, ...]:
    """Words of every language, then the labels of themes that no field of ours can hold."""
    words = [word for keywords in record.keywords.values() for word in keywords]
    labels = [term.label for term in record.themes_other if term.label]
    return tuple(dict.fromkeys(word[:WORD] for word in (*words, *labels)))[:KEYWORDS]


def _producer(
    record: HarvestedRecord, context: ConversionContext, faults: list[HarvestFault]
) -> of.Organisation:
    """The organisation that the source publishes for; the name that the record gives is kept beside it."""
    if not (record.publisher and record.publisher.name):
        faults.append(kinds.PUBLISHER_MISSING.at("publisher"))
    return context.producer


def _local_id(record: HarvestedRecord) -> str:
    """The identifier that the source gave; what stands for one is nobody's identifier."""
    if record.identified_by is IdentityBasis.IDENTIFIER:
        return record.identifier[:300]
    return ""


def _contacts(record: HarvestedRecord, record_id: UUID) -> tuple[of.Contact, ...]:
    """Those who can be written to; several at one mailbox, in one role, are told apart by what else is said of them."""
    usable: Sequence[HarvestedContact] = [
        contact for contact in record.contacts if contact.email
    ][:MOST_CONTACTS]
    contacts: dict[UUID, of.Contact] = {}
    for contact in usable:
        id_ = uuid5(record_id, f"contact {contact.email} {contact.role}")
        if id_ in contacts:
            means = (
                f"{contact.name} {contact.organisation} {contact.phone} {contact.url}"
            )
            id_ = uuid5(id_, means)
        contacts[id_] = of.Contact(
            id=id_,
            name=contact.name or contact.email,
            email=contact.email,
            organisation=contact.organisation,
            role=contact.role,
            phone=contact.phone[:LINE],
            url=contact.url
            if len(contact.url) <= LONGEST_URL and is_url(contact.url)
            else "",
        )
    return tuple(contacts.values())


def _media(
    record: HarvestedRecord, record_id: UUID, language: str
) -> tuple[of.Media, ...]:
    """Files and services that have an address; two of the same name at the source are told apart by their order."""
    media: dict[UUID, of.Media] = {}
    rights = rights_of(record)
    for distribution in record.distributions:
        if distribution.url or (distribution.service and distribution.service.endpoint):
            medium = media_of(record_id, distribution, rights, language)
            if medium.id not in media:
                identifier = medium.id
            else:
                identifier = uuid5(medium.id, f"{distribution.url} {len(media)}")
            media[identifier] = structs.replace(medium, id=identifier)
    return tuple(media.values())


def _series(record: HarvestedRecord) -> tuple[of.Series, ...]:
    """Those at an address that a record of ours may have; the others stay among what has no field."""
    return tuple(
        of.Series(url, {tag: _shorten_title(words) for tag, words in titles.items()})
        for url, titles in record.series_titles[:MOST_SERIES]
        if len(url) <= LONGEST_URL and is_url(url)
    )


def _dates(
    record: HarvestedRecord, context: ConversionContext, faults: list[HarvestFault]
) -> of.Dates:
    """What the source says; for what it does not, another day stands, that is told to nobody: in the end that of its finding."""
    modified = start_of(record.modified) if record.modified else None
    issued = start_of(record.issued) if record.issued else None
    creation_date = record.created or read_date(
        str(record.extra.get("date.creation") or "")
    )
    created = start_of(creation_date) if creation_date else None
    updated = modified or issued or created
    if not updated:
        faults.append(kinds.DATE_MISSING.at("modified"))
        if record.source_modified:
            updated = start_of(record.source_modified)
        else:
            updated = context.found_at
    stated = {"created": created, "updated": modified}
    return of.Dates(
        created=created or issued or updated,
        updated=updated,
        published=issued,
        unstated=tuple(name for name, moment in stated.items() if moment is None),
    )


def _description(record: HarvestedRecord) -> of.Description:
    if record.source_modified:
        changed = start_of(record.source_modified)
    else:
        changed = None
    dates = (
        of.Dates(created=changed, updated=changed, unstated=("created",))
        if changed
        else None
    )
    return of.Description(dates=dates, source=record.landing_page)


def _rest(record: HarvestedRecord) -> dict[str, object]:
    """Everything that our record has no field for, under the harvest's names."""
    rest = {
        "aliases": list(record.aliases[:MOST_VALUES]),
        "series": list(record.series[:MOST_VALUES]),
        "title": record.title
        if len(record.title) > 1
        or any(len(title) > TITLE for title in record.title.values())
        else {},
        "licence": record.licence
        and {
            "uri": record.licence.uri,
            "source": record.licence.source,
            "match": record.licence.match,
        },
        "extra": record.extra,
    }
    extra = {
        name: value for name, value in rest.items() if value not in (None, "", [], {})
    }
    return {EXTRA: extra}
