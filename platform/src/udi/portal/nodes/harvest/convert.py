"""A record of others as a record of ours: what it lacks is left out or said to be missing, never invented."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from msgspec import structs

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.convert_parts import (
    box_of,
    languages_of,
    licence_of,
    media_of,
    period_of,
    rights_of,
    theme_of,
)
from udi.portal.nodes.harvest.dates import read_date, start_of
from udi.portal.nodes.harvest.faults import Fault
from udi.portal.nodes.harvest.record import Contact as FoundContact
from udi.portal.nodes.harvest.record import Record as Found
from udi.portal.nodes.harvest.rudi import MEDIA_TYPE as RUDI
from udi.protocol import structures as of
from udi.protocol.access import AccessRights
from udi.protocol.record import read_record
from udi.protocol.schema import DATAVERSE_DOI, DOI, KEYWORDS, PARAGRAPH, TITLE, WORD
from udi.protocol.texts import Texts

OPEN = {"", "PUBLIC"}
SYNOPSIS = 300
EXTRA = "harvested"
"""Under this name of `extra` is what our record has no field for."""
MOST_CONTACTS, MOST_VALUES = 100, 200


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the source cannot know: our identifier of it, the producer it publishes for, and when its record was found."""

    source: UUID
    producer: of.Organisation
    found_at: datetime
    language: str = "fr"


@dataclass(frozen=True)
class Converted:
    """Our record, and what had to be said about it besides the faults of what was read."""

    record: of.Record
    faults: tuple[Fault, ...] = ()


def dataset_id(source: UUID, identifier: str) -> UUID:
    """The same source and identifier give the same dataset, for ever."""
    return uuid5(source, identifier.strip())


def convert(found: Found, given: Given) -> Converted:
    """Our record of what was read; a record of RUDI keeps its identifier and everything in it.

    Public is what says nothing of its access: it was offered to passers-by.
    """
    if found.source_record.media_type == RUDI:
        return Converted(read_record(json.loads(found.source_record.body)))
    faults: list[Fault] = []
    own = dataset_id(given.source, found.identifier)
    title = _title(found, given, faults)
    summary = found.description or {}
    languages = found.languages or languages_of(found) or (given.language,)
    return Converted(
        of.Record(
            id=own,
            title=title,
            synopsis={tag: _beginning(words) for tag, words in (summary or found.title).items()},
            summary=dict(summary),
            summary_html={tag: _paragraphs(words) for tag, words in summary.items() if "\n" in words},
            theme=theme_of(found),
            keywords=_keywords(found),
            producer=_producer(found, given, faults),
            contacts=_contacts(found, own),
            media=_media(found, own),
            dates=_dates(found, given, faults),
            access=AccessRights.PUBLIC if found.access in OPEN else AccessRights.RESTRICTED,
            licence=licence_of(found),
            languages=tuple(languages),
            constraints=of.Constraints(access=_said(found.access_reason, given), other=_shortened(rights_of(found))),
            period=period_of(found),
            geography=box_of(found),
            local_id=found.identifier[:300],
            doi=_alias(found, DOI),
            dataverse_doi=_alias(found, DATAVERSE_DOI),
            description=_description(found),
            extra=_rest(found),
        ),
        tuple(faults),
    )


def _title(found: Found, given: Given, faults: list[Fault]) -> str:
    title = found.title.get(given.language) or next(iter(found.title.values()))
    if len(title) > TITLE:
        faults.append(kinds.TITLE_LONG.at("title", length=len(title), limit=TITLE, value=title))
        return f"{title[: TITLE - 1].rstrip()}…"
    return title


def _beginning(words: str) -> str:
    """The first lines, cut at a word."""
    text = " ".join(words.split())
    return text if len(text) <= SYNOPSIS else f"{text[: SYNOPSIS - 1].rpartition(' ')[0] or text[: SYNOPSIS - 1]}…"


def _paragraphs(words: str) -> str:
    """Plain text whose lines matter, as harmless HTML."""
    return "".join(f"<p>{html.escape(each.strip(), quote=False)}</p>" for each in words.split("\n") if each.strip())


def _shortened(texts: Texts) -> Texts:
    return {tag: words[:PARAGRAPH] for tag, words in texts.items()}


def _said(words: str, given: Given) -> Texts:
    return {given.language: words} if words else {}


def _keywords(found: Found) -> tuple[str, ...]:
    """Words of every language, then the labels of themes that no field of ours can hold."""
    words = [word for each in found.keywords.values() for word in each]
    labels = [term.label for term in found.themes_other if term.label]
    return tuple(dict.fromkeys(word[:WORD] for word in (*words, *labels)))[:KEYWORDS]


def _producer(found: Found, given: Given, faults: list[Fault]) -> of.Organisation:
    """The organisation that the source publishes for; the name that the record gives is kept beside it."""
    if not (found.publisher and found.publisher.name):
        faults.append(kinds.PUBLISHER_MISSING.at("publisher"))
    return given.producer


def _alias(found: Found, form: re.Pattern[str]) -> str:
    return next((each for each in found.aliases if form.fullmatch(each)), "")


def _contacts(found: Found, own: UUID) -> tuple[of.Contact, ...]:
    """Those who can be written to."""
    usable: Sequence[FoundContact] = [each for each in found.contacts if each.email][:MOST_CONTACTS]
    return tuple(
        of.Contact(
            id=uuid5(own, f"contact {each.email} {each.role}"),
            name=each.name or each.email,
            email=each.email,
            organisation=each.organisation,
            role=each.role,
        )
        for each in usable
    )


def _media(found: Found, own: UUID) -> tuple[of.Media, ...]:
    """Files and services that have an address; two of the same name at the source are told apart by their order."""
    media: dict[UUID, of.Media] = {}
    for each in found.distributions:
        if each.url or (each.service and each.service.endpoint):
            made = media_of(own, each)
            identifier = made.id if made.id not in media else uuid5(made.id, f"{each.url} {len(media)}")
            media[identifier] = structs.replace(made, id=identifier)
    return tuple(media.values())


def _dates(found: Found, given: Given, faults: list[Fault]) -> of.Dates:
    """The day of the last change, else of publication, else the day on which it was found."""
    modified = start_of(found.modified) if found.modified else None
    issued = start_of(found.issued) if found.issued else None
    updated = modified or issued
    if not updated:
        faults.append(kinds.DATE_MISSING.at("modified"))
        updated = start_of(found.source_modified) if found.source_modified else given.found_at
    said = read_date(str(found.extra.get("dct:created") or found.extra.get("date.creation") or ""))
    created = start_of(said) if said else issued
    return of.Dates(created=created or updated, updated=updated, published=issued)


def _description(found: Found) -> of.Description:
    changed = start_of(found.source_modified) if found.source_modified else None
    dates = of.Dates(created=changed, updated=changed) if changed else None
    return of.Description(dates=dates, source=found.landing_page)


def _rest(found: Found) -> dict[str, object]:
    """Everything that our record has no field for, under the harvest's names."""
    rest = {
        "aliases": list(found.aliases[:MOST_VALUES]),
        "themes": list(found.themes),
        "themes_other": [[each.uri, each.label] for each in found.themes_other[:MOST_VALUES]],
        "hvd_categories": list(found.hvd_categories),
        "publisher": found.publisher
        and {"name": found.publisher.name, "uri": found.publisher.uri, "id": found.publisher.identifier},
        "access": found.access,
        "frequency": found.frequency,
        "periods": [[each.start, each.end] for each in found.temporal[:MOST_VALUES]],
        "places": [[each.uri, each.label] for each in found.spatial.places[:MOST_VALUES]],
        "documentation": list(found.documentation[:MOST_VALUES]),
        "provenance": found.provenance,
        "conforms_to": list(found.conforms_to[:MOST_VALUES]),
        "applicable_legislation": list(found.applicable_legislation[:MOST_VALUES]),
        "version": found.version,
        "version_notes": found.version_notes,
        "series": list(found.series[:MOST_VALUES]),
        "title": found.title if len(found.title) > 1 or any(len(each) > TITLE for each in found.title.values()) else {},
        "licence": found.licence
        and {"uri": found.licence.uri, "source": found.licence.source, "match": found.licence.match},
        "extra": found.extra,
    }
    kept = {name: value for name, value in rest.items() if value not in (None, "", [], {})}
    return {EXTRA: kept} if kept else {}
