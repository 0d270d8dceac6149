"""From drafts to a page: what every format must say, and each thing found is there once, as a record or refused."""

import dataclasses
import re
from collections.abc import Iterable

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.faults import Fault, Level
from udi.portal.nodes.harvest.record import Kind, Original, Page, Record, Refused
from udi.protocol.faults import MOST_FAULTS

LARGEST_RECORD, MOST_DISTRIBUTIONS, LONGEST_KEYWORD = 1024**2, 500, 200
JOINED = re.compile(r"\s*(?:;|,(?!\d))\s*")
ALONE_LENGTH = 30
Outcome = Record | Refused


def finish(draft: Draft, original: Original) -> Outcome:
    """The record of a draft, or why it is none."""
    if len(original.body) > LARGEST_RECORD:
        draft.say(kinds.RECORD_TOO_LARGE, "", size=len(original.body), limit=LARGEST_RECORD)
    if not draft.title:
        draft.say(kinds.TITLE_MISSING, "title")
    if not draft.identifier:
        draft.say(kinds.IDENTIFIER_MISSING, "identifier")
    _separate(draft)
    _look_over(draft)
    faults = without_repeats(draft.faults)
    if any(fault.level is not Level.WARNED and fault.level is not Level.MENDED for fault in faults):
        title = next(iter(draft.title.values()), "")
        return Refused(faults=faults, kind=draft.kind, identifier=draft.identifier, title=title, source_record=original)
    return _record(draft, original, faults)


def _look_over(draft: Draft) -> None:
    """What a visitor will miss."""
    count = len(draft.distributions)
    if count > MOST_DISTRIBUTIONS:
        draft.say(kinds.TOO_MANY_DISTRIBUTIONS, "distributions", count=count, limit=MOST_DISTRIBUTIONS)
        draft.distributions = draft.distributions[:MOST_DISTRIBUTIONS]
    if not draft.description:
        draft.say(kinds.DESCRIPTION_MISSING, "description")
    if draft.kind is Kind.SERVICE:
        return
    licences = (draft.licence, *(each.licence for each in draft.distributions))
    if not any(licences):
        draft.say(kinds.LICENCE_MISSING, "licence")
    if not any(each.email or each.url or each.phone for each in draft.contacts):
        draft.say(kinds.CONTACT_MISSING, "contacts")
    if not draft.distributions:
        draft.say(kinds.DISTRIBUTION_NONE, "distributions")
    first, last = draft.issued, draft.modified
    if first and last and first[: len(last)] > last[: len(first)]:
        draft.say(kinds.DATE_ORDER, "modified")


def _separate(draft: Draft) -> None:
    """Split keywords that came as one text; one that stands among others is left whole."""
    for language, words in draft.keywords.items():
        if len(words) == 1 and len(pieces := [each for each in JOINED.split(words[0]) if each]) > 1:
            draft.keywords[language] = list(dict.fromkeys(pieces))
            draft.say(kinds.KEYWORDS_JOINED, "keywords")


def _record(draft: Draft, original: Original, faults: tuple[Fault, ...]) -> Record:
    return Record(
        identifier=draft.identifier,
        kind=draft.kind,
        title=draft.title,
        source_record=original,
        aliases=tuple(each for each in draft.aliases if each != draft.identifier),
        description=draft.description,
        keywords={language: tuple(words) for language, words in draft.keywords.items()},
        themes=tuple(draft.themes),
        themes_other=tuple(draft.themes_other),
        hvd_categories=tuple(draft.hvd_categories),
        publisher=draft.publisher,
        contacts=tuple(draft.contacts),
        distributions=tuple(draft.distributions),
        licence=draft.licence,
        access=draft.access,
        access_reason=draft.access_reason,
        rights=draft.rights,
        issued=draft.issued,
        modified=draft.modified,
        frequency=draft.frequency,
        temporal=tuple(draft.temporal),
        spatial=draft.spatial,
        languages=tuple(draft.languages),
        landing_page=draft.landing_page,
        documentation=tuple(draft.documentation),
        provenance=draft.provenance,
        conforms_to=tuple(draft.conforms_to),
        applicable_legislation=tuple(draft.legislation),
        version=draft.version,
        version_notes=draft.version_notes,
        series=tuple(draft.series),
        source_modified=draft.source_modified,
        extra=draft.extra,
        faults=faults,
    )


def make_page(outcomes: Iterable[Outcome], **about: object) -> Page:
    """The page of what was found; the same identifier twice is one record when nothing differs, else the second is refused."""
    records: dict[str, Record] = {}
    services: dict[str, Record] = {}
    refused: list[Refused] = []
    for each in outcomes:
        if isinstance(each, Refused):
            refused.append(each)
            continue
        known = services if each.kind is Kind.SERVICE else records
        first = known.setdefault(each.identifier, each)
        if first is not each and first.source_record.sha256 != each.source_record.sha256:
            refused.append(_duplicate(each, first))
    page = Page(format="", records=tuple(records.values()), services=tuple(services.values()), refused=tuple(refused))
    return dataclasses.replace(page, **about)  # type: ignore[arg-type]  # the names are those of Page, given by readers


def _duplicate(second: Record, first: Record) -> Refused:
    title = next(iter(first.title.values()))
    fault = kinds.IDENTIFIER_DUPLICATE.at("identifier", value=second.identifier, title=title)
    return Refused(
        faults=(fault, *second.faults),
        kind=second.kind,
        identifier=second.identifier,
        title=next(iter(second.title.values())),
        source_record=second.source_record,
    )


def without_repeats(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """At most a hundred faults, one for each code, field and value; the gravest come first."""
    order = list(Level)
    told: dict[tuple[str, str, str], Fault] = {}
    for fault in faults:
        told.setdefault((fault.code, fault.field, str(fault.values.get("value", ""))), fault)
    return tuple(sorted(told.values(), key=lambda fault: order.index(fault.level))[:MOST_FAULTS])
