"""What a dataset was said to be: past descriptions are kept, and what each one changed is said field by field.

People are left out of what is kept: a contact that its producer took away is nowhere any more.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.read_connections import SessionRowReader
from udi.portal.catalogue.dataset_rows import list_past_descriptions
from udi.portal.catalogue.models import Dataset, PastDescription
from udi.protocol import rudi_names
from udi.protocol.access import AccessRights
from udi.protocol.formats import file_label, service_label
from udi.protocol.languages import name_language
from udi.protocol.licences import LICENCES
from udi.protocol.restricted_data import is_restricted
from udi.protocol.texts import read_texts
from udi.protocol.themes import THEMES
from udi.ui.formats import display_iso_date, display_size, local_iso
from udi.ui.locale import localise

MOST_KEPT = 50
"""Past descriptions of one dataset: a node that describes it each day goes back seven weeks."""
LEFT_OUT = frozenset({"contacts", "metadata_info", "producer"})
SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+")
SIDES = ("west_longitude", "south_latitude", "east_longitude", "north_latitude")
SHORT = 12
MOST_COMPARED = 40_000
"""Pairs of sentences: past that, a text is said to have changed, and no more."""
RudiRecord = Mapping[str, Any]
Parts = Sequence[str]


@dataclass(frozen=True)
class FieldChange:
    """One field (a name that the page has words for), what it said before and what it says since.

    `subject` says of which file, or in which language.
    """

    field: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    subject: str = ""


@dataclass(frozen=True)
class DescriptionVersion:
    """A description: from when on, and what it changed of the one before; None where that one is not kept."""

    number: int
    at: datetime
    changes: tuple[FieldChange, ...] | None

    @property
    def fields(self) -> list[str]:
        """The fields that it changed, each once."""
        return list(dict.fromkeys(change.field for change in self.changes or ()))


async def replace_description(
    session: AsyncSession, dataset: Dataset, coming: RudiRecord
) -> bool:
    """Keep the description that another one is about to replace, unless they say the same; whether it differs.

    Once the data are restricted, what was said of them while they were open is nowhere any more.
    """
    differs = await archive_description(session, dataset, coming)
    if is_restricted(coming) and not is_restricted(dataset.record):
        await session.flush()
        await session.execute(
            delete(PastDescription).where(PastDescription.dataset_id == dataset.id)
        )
    return differs


async def archive_description(
    session: AsyncSession, dataset: Dataset, coming: RudiRecord
) -> bool:
    """Keep the description that another one is about to replace, unless they say the same; whether it was kept."""
    past_record = {
        name: value for name, value in dataset.record.items() if name not in LEFT_OUT
    }
    if not any(_compare_records(past_record, coming, "en")):
        return False
    same = PastDescription.dataset_id == dataset.id
    last = (
        await session.scalar(select(func.max(PastDescription.number)).where(same)) or 0
    )
    await session.execute(
        delete(PastDescription).where(
            same, PastDescription.number <= last + 1 - MOST_KEPT
        )
    )
    session.add(
        PastDescription(
            dataset_id=dataset.id,
            number=last + 1,
            described_at=dataset.described_at,
            record=past_record,
        )
    )
    return True


async def list_description_versions(
    session: AsyncSession,
    dataset: Dataset,
    language: str,
    zone: tzinfo,
    *,
    most: int = MOST_KEPT,
) -> list[DescriptionVersion]:
    """The descriptions of a dataset, the present one first, at most so many past ones."""
    past = await list_past_descriptions(SessionRowReader(session), dataset.id, most + 1)
    return describe_versions(dataset, past, language, zone, most=most)


def describe_versions(
    dataset: Dataset,
    past: Sequence[PastDescription],
    language: str,
    zone: tzinfo,
    *,
    most: int,
) -> list[DescriptionVersion]:
    """The same where the newest past descriptions are read: one more than is told, to say what the last one changed."""
    number = past[0].number + 1 if past else 1
    all_kept = [(number, dataset.described_at, _localise_dates(dataset.record, zone))]
    all_kept += [
        (
            past_description.number,
            past_description.described_at,
            _localise_dates(past_description.record, zone),
        )
        for past_description in past
    ]
    steps = []
    for place, (number, at, record) in enumerate(all_kept[: most + 1]):
        before = all_kept[place + 1][2] if place + 1 < len(all_kept) else None
        steps.append(
            DescriptionVersion(
                number,
                at,
                tuple(_compare_records(before, record, language))
                if before is not None
                else None,
            )
        )
    return steps


def _localise_dates(description: RudiRecord, zone: tzinfo) -> RudiRecord:
    """The description with its dates as they are in a zone."""
    parts = {
        name: description[name]
        for name in ("dataset_dates", "temporal_spread")
        if description.get(name)
    }
    return {
        **description,
        **{
            name: {key: local_iso(date, zone) for key, date in part.items() if date}
            for name, part in parts.items()
        },
    }


def _compare_records(
    before: RudiRecord, after: RudiRecord, language: str
) -> Iterator[FieldChange]:
    """What differs between two records of RUDI, in words of this language."""
    for field, read in _FIELDS.items():
        was = read(before, language)
        now = read(after, language)
        gone = tuple(part for part in was if part not in now)
        come = tuple(part for part in now if part not in was)
        if gone or come:
            yield FieldChange(field, gone, come)
    for field in ("resource_titles", "synopsis", "summary"):
        yield from _compare_texts(
            field, read_texts(before.get(field)), read_texts(after.get(field)), language
        )
    yield from _compare_files(before, after, language)


def _compare_texts(
    field: str, was: Mapping[str, str], now: Mapping[str, str], language: str
) -> Iterator[FieldChange]:
    """The sentences that went and those that came, by language."""
    for code in dict.fromkeys([*was, *now]):
        old, new = (
            SENTENCES.split(texts.get(code, "").strip()) for texts in (was, now)
        )
        if old == new:
            continue
        gone = []
        come = []
        short = len(old) * len(new) <= MOST_COMPARED
        for kind, a, b, c, d in (
            SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
            if short
            else ()
        ):
            if kind != "equal":
                gone += old[a:b]
                come += new[c:d]
        yield FieldChange(
            field,
            tuple(filter(None, gone)),
            tuple(filter(None, come)),
            name_language(code, language),
        )


def _compare_files(
    before: RudiRecord, after: RudiRecord, language: str
) -> Iterator[FieldChange]:
    was, now = (
        {media["media_id"]: media for media in description.get("available_formats", ())}
        for description in (before, after)
    )
    gone = tuple(_file_name(was[key]) for key in was if key not in now)
    come = tuple(_file_name(now[key]) for key in now if key not in was)
    if gone or come:
        yield FieldChange("files", gone, come)
    for key in was:
        if key not in now:
            continue
        old, new = (_file_facts(media, language) for media in (was[key], now[key]))
        if old != new:
            yield FieldChange(
                "file", (", ".join(old),), (", ".join(new),), _file_name(now[key])
            )
        elif was[key]["connector"]["url"] != now[key]["connector"]["url"]:
            yield FieldChange("address", subject=_file_name(now[key]))


def _file_name(media: RudiRecord) -> str:
    return str(
        media.get("media_name") or media.get("media_caption") or media["media_id"]
    )


def _file_facts(media: RudiRecord, language: str) -> list[str]:
    kind = str(media.get("file_type") or "")
    size = media.get("file_size")
    if kind:
        label = file_label(kind)
    else:
        label = service_label(str(media["connector"].get("interface_contract") or ""))
    checksum = str((media.get("checksum") or {}).get("hash", ""))
    facts = [
        _file_name(media),
        label,
        display_size(size, language) if size is not None else "",
        checksum[:SHORT],
    ]
    return [fact for fact in facts if fact]


def _licence(description: RudiRecord, language: str) -> list[str]:
    terms = description["access_condition"]["licence"]
    licence = LICENCES.get(terms.get("licence_label", ""))
    return [
        localise(
            licence.name if licence else read_texts(terms.get("custom_licence_label")),
            language,
        )
    ]


def _terms(description: RudiRecord, language: str) -> list[str]:
    texts = (
        read_texts(description["access_condition"].get(name))
        for name in rudi_names.CONSTRAINTS.values()
    )
    return [localise(text, language) for text in texts if text]


def _access(description: RudiRecord, language: str) -> list[str]:
    restricted = description["access_condition"]["confidentiality"]["restricted_access"]
    return [
        localise(
            (AccessRights.RESTRICTED if restricted else AccessRights.PUBLIC).label,
            language,
        )
    ]


def _theme(description: RudiRecord, language: str) -> list[str]:
    theme = description.get("theme") or ""
    vocabulary_theme = THEMES.get(theme)
    if theme:
        return [
            localise(vocabulary_theme.label, language) if vocabulary_theme else theme
        ]
    return []


def _languages(description: RudiRecord, language: str) -> list[str]:
    return [
        name_language(code, language)
        for code in description.get("resource_languages", ())
    ]


def _period(description: RudiRecord, language: str) -> list[str]:
    spread = description.get("temporal_spread") or {}
    ends = [spread[name] for name in ("start_date", "end_date") if spread.get(name)]
    if ends:
        return [" – ".join(display_iso_date(end, language) for end in ends)]
    return []


def _area(description: RudiRecord, _language: str) -> list[str]:
    box = (description.get("geography") or {}).get("bounding_box")
    if box:
        return [", ".join(f"{box[side]:.4f}" for side in SIDES)]
    return []


def _update_date(description: RudiRecord, language: str) -> list[str]:
    return [display_iso_date(description["dataset_dates"]["updated"], language)]


_FIELDS: dict[str, Callable[[RudiRecord, str], Parts]] = {
    "title": lambda record, _: [record["resource_title"]],
    "theme": _theme,
    "keywords": lambda record, _: record.get("keywords") or [],
    "updated": _update_date,
    "period": _period,
    "area": _area,
    "languages": _languages,
    "access": _access,
    "licence": _licence,
    "terms": _terms,
}
"""What is compared, in the order in which it is said."""
