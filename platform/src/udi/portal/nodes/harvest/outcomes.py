"""From drafts to a page: what every format must say, and each thing found is there once, as a record or refused."""

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.faults import FaultLevel, HarvestFault
from udi.portal.nodes.harvest.identity import derive_identifier
from udi.portal.nodes.harvest.language_detection import detect_language
from udi.portal.nodes.harvest.record import (
    NO_DATASETS,
    HarvestedDistribution,
    HarvestedPage,
    HarvestedRecord,
    IdentityBasis,
    OriginalRecord,
    RecordKind,
    RefusedRecord,
)
from udi.protocol.faults import MOST_FAULTS
from udi.protocol.texts import Texts

LARGEST_RECORD = 1024**2
MOST_DISTRIBUTIONS = 500
JOINED = re.compile(r"\s*(?:;|,(?!\d))\s*")
Outcome = HarvestedRecord | RefusedRecord


def finalise_draft(draft: Draft, original: OriginalRecord) -> Outcome:
    """The record of a draft, or why it is none."""
    others = [fault for fault in draft.faults if fault.level is FaultLevel.IGNORED]
    if others:
        return RefusedRecord(
            faults=deduplicate_faults(others),
            kind=draft.kind,
            identifier=draft.identifier,
            title=next(iter(draft.title.values()), ""),
            source_record=original,
        )
    if len(original.body) > LARGEST_RECORD:
        draft.add_fault(
            kinds.RECORD_TOO_LARGE, "", size=len(original.body), limit=LARGEST_RECORD
        )
    if not draft.title:
        draft.add_fault(kinds.TITLE_MISSING, "title")
    _recognise_language(draft)
    _identify(draft)
    _split_keywords(draft)
    _check_completeness(draft)
    faults = deduplicate_faults(draft.faults)
    if any(
        fault.level is not FaultLevel.WARNED and fault.level is not FaultLevel.MENDED
        for fault in faults
    ):
        title = next(iter(draft.title.values()), "")
        return RefusedRecord(
            faults=faults,
            kind=draft.kind,
            identifier=draft.identifier,
            title=title,
            source_record=original,
        )
    return _record(draft, original, faults)


def _identify(draft: Draft) -> None:
    """Where the source gives no identifier, make one of what the record is known by."""
    if draft.identifier:
        return
    draft.identifier, draft.identified_by = derive_identifier(draft)
    if not draft.identifier:
        draft.add_fault(kinds.IDENTIFIER_MISSING, "identifier")
    elif draft.identified_by is IdentityBasis.FILE:
        draft.add_fault(kinds.IDENTIFIER_OF_FILE, "identifier")
    else:
        draft.add_fault(kinds.IDENTIFIER_OF_TITLE, "identifier")


def _recognise_language(draft: Draft) -> None:
    """Put texts under the language of their words, where nothing in the record says which it is.

    A language that the record says of its data is the only one that is believed.
    """
    if draft.language_stated:
        return
    texts = (draft.title, draft.description)
    words = ". ".join(text for by_tag in texts for text in by_tag.values())
    language = detect_language(words)
    if not language or language == draft.language:
        return
    if draft.languages and language not in draft.languages:
        return
    texts_by_tag: tuple[dict[str, Any], ...] = (
        *texts,
        draft.rights,
        draft.usage,
        draft.access_conditions,
        draft.provenance,
        draft.version_notes,
        draft.keywords,
        *(
            part
            for distribution in draft.distributions
            for part in _texts_of(distribution)
        ),
    )
    for by_tag in texts_by_tag:
        if draft.language in by_tag:
            by_tag[language] = by_tag.pop(draft.language)
    draft.language = language


def _texts_of(distribution: HarvestedDistribution) -> tuple[Texts, ...]:
    return distribution.title, distribution.description, distribution.rights


def _check_completeness(draft: Draft) -> None:
    """What a visitor will miss."""
    count = len(draft.distributions)
    if count > MOST_DISTRIBUTIONS:
        draft.add_fault(
            kinds.TOO_MANY_DISTRIBUTIONS,
            "distributions",
            count=count,
            limit=MOST_DISTRIBUTIONS,
        )
        draft.distributions = draft.distributions[:MOST_DISTRIBUTIONS]
    if not draft.description:
        draft.add_fault(kinds.DESCRIPTION_MISSING, "description")
    if draft.kind in NO_DATASETS:
        return
    licences = (
        draft.licence,
        *(distribution.licence for distribution in draft.distributions),
    )
    if not any(licences):
        draft.add_fault(kinds.LICENCE_MISSING, "licence")
    if not any(
        contact.email or contact.url or contact.phone for contact in draft.contacts
    ):
        draft.add_fault(kinds.CONTACT_MISSING, "contacts")
    if not draft.distributions:
        draft.add_fault(kinds.DISTRIBUTION_NONE, "distributions")
    first = draft.issued
    last = draft.modified
    if first and last and first[: len(last)] > last[: len(first)]:
        draft.add_fault(kinds.DATE_ORDER, "modified")


def _split_keywords(draft: Draft) -> None:
    """Split keywords that came as one text; one that stands among others is left whole."""
    for language, words in draft.keywords.items():
        if (
            len(words) == 1
            and len(pieces := [piece for piece in JOINED.split(words[0]) if piece]) > 1
        ):
            draft.keywords[language] = list(dict.fromkeys(pieces))
            draft.add_fault(kinds.KEYWORDS_JOINED, "keywords")


def _record(
    draft: Draft, original: OriginalRecord, faults: tuple[HarvestFault, ...]
) -> HarvestedRecord:
    return HarvestedRecord(
        identifier=draft.identifier,
        kind=draft.kind,
        identified_by=draft.identified_by,
        title=draft.title,
        source_record=original,
        aliases=tuple(alias for alias in draft.aliases if alias != draft.identifier),
        description=draft.description,
        keywords={language: tuple(words) for language, words in draft.keywords.items()},
        themes=tuple(draft.themes),
        themes_other=tuple(draft.themes_other),
        hvd_categories=tuple(draft.hvd_categories),
        publisher=draft.publisher,
        publisher_stated=draft.publisher_stated,
        creators=tuple(draft.creators),
        rights_holders=tuple(draft.rights_holders),
        contacts=tuple(draft.contacts),
        distributions=tuple(draft.distributions),
        licence=draft.licence,
        access=draft.access,
        access_reason=draft.access_reason,
        rights=draft.rights,
        created=draft.created,
        usage=draft.usage,
        access_conditions=draft.access_conditions,
        issued=draft.issued,
        modified=draft.modified,
        frequency=draft.frequency,
        temporal=tuple(draft.temporal),
        temporal_resolution=draft.temporal_resolution,
        spatial=draft.spatial,
        languages=tuple(draft.languages),
        landing_page=draft.landing_page,
        documentation=tuple(draft.documentation),
        provenance=draft.provenance,
        provenance_statements=tuple(draft.provenance_statements),
        sources=tuple(draft.sources),
        conforms_to=tuple(draft.conforms_to),
        standards=tuple(draft.standards),
        applicable_legislation=tuple(draft.legislation),
        version=draft.version,
        version_notes=draft.version_notes,
        series=tuple(draft.series),
        series_titles=tuple(draft.series_titles.items()),
        source_modified=draft.source_modified,
        identifiers=tuple(draft.identifiers),
        serves=tuple(draft.serves),
        is_serving_elsewhere=draft.is_serving_elsewhere,
        extra=draft.extra,
        faults=faults,
    )


def make_page(outcomes: Iterable[Outcome], **about: object) -> HarvestedPage:
    """The page of what was found; the same identifier twice is one record when nothing differs, else the second is refused."""
    records: dict[str, HarvestedRecord] = {}
    services: dict[str, HarvestedRecord] = {}
    reuses: dict[str, HarvestedRecord] = {}
    by_kind = {RecordKind.SERVICE: services, RecordKind.REUSE: reuses}
    refused: list[RefusedRecord] = []
    for outcome in outcomes:
        if isinstance(outcome, RefusedRecord):
            refused.append(outcome)
            continue
        existing_by_identifier = by_kind.get(outcome.kind, records)
        first = existing_by_identifier.setdefault(outcome.identifier, outcome)
        second = outcome
        if first.source_record.sha256 == outcome.source_record.sha256:
            continue
        if outcome.identified_by is not IdentityBasis.IDENTIFIER:
            first, second = sorted((first, outcome), key=_content)
            existing_by_identifier[outcome.identifier] = first
        refused.append(_duplicate(second, first))
    page = HarvestedPage(
        format="",
        records=tuple(records.values()),
        services=tuple(services.values()),
        reuses=tuple(reuses.values()),
        refused=tuple(refused),
    )
    return dataclasses.replace(page, **about)  # type: ignore[arg-type]  # the names are those of Page, given by readers


def _content(record: HarvestedRecord) -> str:
    """What decides between two records that nothing tells apart, whichever comes first."""
    return record.source_record.sha256


def duplicate_fault(record: HarvestedRecord, title: str) -> HarvestFault:
    """Why a record is refused beside another, of this title, that is known by the same."""
    if record.identified_by is IdentityBasis.IDENTIFIER:
        return kinds.IDENTIFIER_DUPLICATE.at(
            "identifier", value=record.identifier, title=title
        )
    return kinds.INDISTINCT.at("identifier", title=title)


def _duplicate(second: HarvestedRecord, first: HarvestedRecord) -> RefusedRecord:
    fault = duplicate_fault(second, next(iter(first.title.values())))
    return RefusedRecord(
        faults=(fault, *second.faults),
        kind=second.kind,
        identifier=second.identifier,
        title=next(iter(second.title.values())),
        source_record=second.source_record,
    )


def deduplicate_faults(faults: Iterable[HarvestFault]) -> tuple[HarvestFault, ...]:
    """At most a hundred faults, one for each code, field and value; the gravest come first."""
    order = list(FaultLevel)
    unique_faults: dict[tuple[str, str, str], HarvestFault] = {}
    for fault in faults:
        unique_faults.setdefault(
            (fault.code, fault.field, str(fault.values.get("value", ""))), fault
        )
    return tuple(
        sorted(unique_faults.values(), key=lambda fault: order.index(fault.level))[
            :MOST_FAULTS
        ]
    )
