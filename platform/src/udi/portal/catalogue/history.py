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

from udi.portal.catalogue.models import Dataset, PastDescription
from udi.protocol import names
from udi.protocol.access import AccessRights
from udi.protocol.formats import file_label, service_label
from udi.protocol.languages import LANGUAGES
from udi.protocol.licences import LICENCES
from udi.protocol.restricted import is_restricted
from udi.protocol.texts import read_texts
from udi.protocol.themes import THEMES
from udi.ui.formats import local_iso, say_iso_date, say_size
from udi.ui.locale import localised

MOST_KEPT = 50
"""Past descriptions of one dataset: a node that describes it each day goes back seven weeks."""
LEFT_OUT = frozenset({"contacts", "metadata_info", "producer"})
SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+")
SIDES = ("west_longitude", "south_latitude", "east_longitude", "north_latitude")
SHORT = 12
MOST_COMPARED = 40_000
"""Pairs of sentences: past that, a text is said to have changed, and no more."""
Said = Mapping[str, Any]
Parts = Sequence[str]


@dataclass(frozen=True)
class Change:
    """One field (a name that the page has words for), what it said before and what it says since.

    `subject` says of which file, or in which language.
    """

    field: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    subject: str = ""


@dataclass(frozen=True)
class Step:
    """A description: from when on, and what it changed of the one before; None where that one is not kept."""

    number: int
    at: datetime
    changes: tuple[Change, ...] | None

    @property
    def fields(self) -> list[str]:
        """The fields that it changed, each once."""
        return list(dict.fromkeys(change.field for change in self.changes or ()))


async def replace_description(session: AsyncSession, dataset: Dataset, coming: Said) -> bool:
    """Keep the description that another one is about to replace, unless they say the same; whether it differs.

    Once the data are restricted, what was said of them while they were open is nowhere any more.
    """
    differs = await remember_description(session, dataset, coming)
    if is_restricted(coming) and not is_restricted(dataset.record):
        await session.flush()
        await session.execute(delete(PastDescription).where(PastDescription.dataset_id == dataset.id))
    return differs


async def remember_description(session: AsyncSession, dataset: Dataset, coming: Said) -> bool:
    """Keep the description that another one is about to replace, unless they say the same; whether it was kept."""
    kept = {name: value for name, value in dataset.record.items() if name not in LEFT_OUT}
    if not any(_compare(kept, coming, "en")):
        return False
    same = PastDescription.dataset_id == dataset.id
    last = await session.scalar(select(func.max(PastDescription.number)).where(same)) or 0
    await session.execute(delete(PastDescription).where(same, PastDescription.number <= last + 1 - MOST_KEPT))
    session.add(PastDescription(dataset_id=dataset.id, number=last + 1, described_at=dataset.described_at, record=kept))
    return True


async def list_steps(
    session: AsyncSession, dataset: Dataset, language: str, zone: tzinfo, *, most: int = MOST_KEPT
) -> list[Step]:
    """The descriptions of a dataset, the present one first, at most so many past ones."""
    query = select(PastDescription).where(PastDescription.dataset_id == dataset.id)
    past = list(await session.scalars(query.order_by(PastDescription.number.desc()).limit(most + 1)))
    number = past[0].number + 1 if past else 1
    all_kept = [(number, dataset.described_at, _dated(dataset.record, zone))]
    all_kept += [(each.number, each.described_at, _dated(each.record, zone)) for each in past]
    steps = []
    for place, (number, at, record) in enumerate(all_kept[: most + 1]):
        before = all_kept[place + 1][2] if place + 1 < len(all_kept) else None
        steps.append(Step(number, at, tuple(_compare(before, record, language)) if before is not None else None))
    return steps


def _dated(said: Said, zone: tzinfo) -> Said:
    """The description with its dates as they are in a zone."""
    parts = {name: said[name] for name in ("dataset_dates", "temporal_spread") if said.get(name)}
    return {
        **said,
        **{name: {key: local_iso(date, zone) for key, date in part.items() if date} for name, part in parts.items()},
    }


def _compare(before: Said, after: Said, language: str) -> Iterator[Change]:
    """What differs between two records of RUDI, in words of this language."""
    for field, read in _FIELDS.items():
        was, now = read(before, language), read(after, language)
        gone, come = tuple(part for part in was if part not in now), tuple(part for part in now if part not in was)
        if gone or come:
            yield Change(field, gone, come)
    for field in ("synopsis", "summary"):
        yield from _compare_texts(field, read_texts(before.get(field)), read_texts(after.get(field)), language)
    yield from _compare_files(before, after, language)


def _compare_texts(field: str, was: Mapping[str, str], now: Mapping[str, str], language: str) -> Iterator[Change]:
    """The sentences that went and those that came, by language."""
    for code in dict.fromkeys([*was, *now]):
        old, new = (SENTENCES.split(texts.get(code, "").strip()) for texts in (was, now))
        if old == new:
            continue
        gone, come = [], []
        short = len(old) * len(new) <= MOST_COMPARED
        for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if short else ():
            if kind != "equal":
                gone += old[a:b]
                come += new[c:d]
        yield Change(field, tuple(filter(None, gone)), tuple(filter(None, come)), _language(code, language))


def _compare_files(before: Said, after: Said, language: str) -> Iterator[Change]:
    was, now = ({media["media_id"]: media for media in said.get("available_formats", ())} for said in (before, after))
    gone = tuple(_file_name(was[key]) for key in was if key not in now)
    come = tuple(_file_name(now[key]) for key in now if key not in was)
    if gone or come:
        yield Change("files", gone, come)
    for key in was:
        if key not in now:
            continue
        old, new = (_file_facts(media, language) for media in (was[key], now[key]))
        if old != new:
            yield Change("file", (", ".join(old),), (", ".join(new),), _file_name(now[key]))
        elif was[key]["connector"]["url"] != now[key]["connector"]["url"]:
            yield Change("address", subject=_file_name(now[key]))


def _file_name(media: Said) -> str:
    return str(media.get("media_name") or media.get("media_caption") or media["media_id"])


def _file_facts(media: Said, language: str) -> list[str]:
    kind, size = str(media.get("file_type") or ""), media.get("file_size")
    label = file_label(kind) if kind else service_label(str(media["connector"].get("interface_contract") or ""))
    checksum = str((media.get("checksum") or {}).get("hash", ""))
    facts = [_file_name(media), label, say_size(size, language) if size is not None else "", checksum[:SHORT]]
    return [fact for fact in facts if fact]


def _licence(said: Said, language: str) -> list[str]:
    terms = said["access_condition"]["licence"]
    known = LICENCES.get(terms.get("licence_label", ""))
    return [localised(known.name if known else read_texts(terms.get("custom_licence_label")), language)]


def _terms(said: Said, language: str) -> list[str]:
    texts = (read_texts(said["access_condition"].get(name)) for name in names.CONSTRAINTS.values())
    return [localised(text, language) for text in texts if text]


def _access(said: Said, language: str) -> list[str]:
    restricted = said["access_condition"]["confidentiality"]["restricted_access"]
    return [localised((AccessRights.RESTRICTED if restricted else AccessRights.PUBLIC).label, language)]


def _theme(said: Said, language: str) -> list[str]:
    theme = said.get("theme") or ""
    known = THEMES.get(theme)
    return [localised(known.label, language) if known else theme] if theme else []


def _languages(said: Said, language: str) -> list[str]:
    return [_language(code, language) for code in said.get("resource_languages", ())]


def _language(code: str, language: str) -> str:
    return localised(LANGUAGES[code].label, language) if code in LANGUAGES else code


def _period(said: Said, language: str) -> list[str]:
    spread = said.get("temporal_spread") or {}
    ends = [spread[name] for name in ("start_date", "end_date") if spread.get(name)]
    return [" – ".join(say_iso_date(end, language) for end in ends)] if ends else []


def _area(said: Said, _language: str) -> list[str]:
    box = (said.get("geography") or {}).get("bounding_box")
    return [", ".join(f"{box[side]:.4f}" for side in SIDES)] if box else []


def _updated(said: Said, language: str) -> list[str]:
    return [say_iso_date(said["dataset_dates"]["updated"], language)]


_FIELDS: dict[str, Callable[[Said, str], Parts]] = {
    "title": lambda said, _: [said["resource_title"]],
    "theme": _theme,
    "keywords": lambda said, _: said.get("keywords") or [],
    "updated": _updated,
    "period": _period,
    "area": _area,
    "languages": _languages,
    "access": _access,
    "licence": _licence,
    "terms": _terms,
}
"""What is compared, in the order in which it is said."""
