"""All that is suggested to somebody, found when it is looked at: nothing of it is kept."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.search.index import Reader
from udi.portal.projects.suggestions.data import find_datasets, find_needed, list_wanted
from udi.portal.projects.suggestions.help import (
    find_calls,
    find_helped,
    find_helpers,
    find_holders,
    find_projects,
    list_others,
)
from udi.portal.projects.suggestions.models import Mark, SuggestionMark
from udi.portal.projects.suggestions.own import Receiver, read_own
from udi.portal.projects.suggestions.shapes import Kind, Suggestion, Thing

MOST_SHOWN = 8
"""Of each kind."""
Key = tuple[str, UUID]


async def find_suggestions(
    session: AsyncSession, reader: Reader | None, receiver: Receiver, *, new: bool = False
) -> dict[Kind, list[Suggestion]]:
    """What is suggested to somebody of each kind: what they found useful first, then the strongest reasons.

    `new`: without what a mail told, or they answered.

    The session is theirs: what the database does not show them is suggested to nobody through it.
    """
    own = await read_own(session, reader, receiver)
    others, wanted = await list_others(session, own), await list_wanted(session, reader, own)
    found = [
        *await find_datasets(session, reader, own),
        *find_holders(own, others),
        *await find_needed(session, reader, own, wanted),
        *find_helped(own, others, wanted),
        *find_helpers(own, others),
        *find_projects(own, wanted),
        *await find_calls(session, own),
    ]
    left_out = set(Mark) if new else {Mark.NEVER}
    return _sort(found, await read_marks(session, receiver.interest.id), left_out)


async def read_marks(session: AsyncSession, interest: UUID) -> dict[Key, str]:
    """What became of suggestions to somebody, by thing."""
    rows = await session.scalars(select(SuggestionMark).where(SuggestionMark.interest_id == interest))
    return {(row.thing, row.thing_id): row.mark for row in rows}


def _sort(
    found: Iterable[Suggestion], marks: Mapping[Key, str], left_out: Collection[str]
) -> dict[Kind, list[Suggestion]]:
    joined: dict[tuple[Kind, Thing, UUID], Suggestion] = {}
    for each in found:
        mark = marks.get((each.thing, each.id), "")
        if mark not in left_out:
            key, marked = (each.kind, each.thing, each.id), replace(each, mark=mark) if mark else each
            joined[key] = joined[key].joined(marked) if key in joined else marked
    ordered = sorted(joined.values(), key=lambda each: (each.mark != Mark.USEFUL, -each.weight, each.title, each.id))
    return {kind: [each for each in ordered if each.kind is kind][:MOST_SHOWN] for kind in Kind}
