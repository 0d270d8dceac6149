"""All that is suggested to somebody, found when it is looked at: nothing of it is kept."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.portal.catalogue.search.index import IndexReader
from udi.portal.projects.suggestions.dataset_matches import (
    find_data_needs,
    find_datasets,
    list_public_needs,
)
from udi.portal.projects.suggestions.models import SuggestionMark, SuggestionOutcome
from udi.portal.projects.suggestions.partner_matches import (
    find_calls,
    find_help_seekers,
    find_helpers,
    find_holders,
    find_similar_projects,
    list_interested_parties,
)
from udi.portal.projects.suggestions.profile import SuggestionRecipient, read_profile
from udi.portal.projects.suggestions.queries import SuggestionSettings
from udi.portal.projects.suggestions.suggestion import (
    Suggestion,
    SuggestionKind,
    SuggestionTarget,
)
from udi.portal.projects.suggestions.transitions import SUGGESTIONS, SuggestionEvent

MOST_SHOWN = 8
"""Of each kind."""
Key = tuple[str, UUID]


async def find_suggestions(
    session: AsyncSession,
    reader: IndexReader | None,
    receiver: SuggestionRecipient,
    *,
    new: bool = False,
) -> dict[SuggestionKind, list[Suggestion]]:
    """What is suggested to somebody of each kind: what they found useful first, then the strongest reasons.

    `new`: without what a mail told, or they answered.

    The session is theirs: what the database does not show them is suggested to nobody through it.
    """
    profile = await read_profile(session, reader, receiver)
    others = await list_interested_parties(session, profile)
    wishes = await list_public_needs(session, reader, profile)
    suggestions = [
        *await find_datasets(session, reader, profile),
        *find_holders(profile, others),
        *await find_data_needs(session, reader, profile, wishes),
        *find_help_seekers(profile, others, wishes),
        *find_helpers(profile, others),
        *find_similar_projects(profile, wishes),
        *await find_calls(session, profile),
    ]
    left_out = set(SuggestionOutcome) if new else {SuggestionOutcome.NEVER}
    return _rank_suggestions(
        suggestions, await read_marks(session, receiver.interest.id), left_out
    )


async def read_marks(session: AsyncSession, interest: UUID) -> dict[Key, str]:
    """What became of suggestions to somebody, by thing."""
    rows = await session.scalars(
        select(SuggestionMark).where(SuggestionMark.interest_id == interest)
    )
    return {(row.thing, row.thing_id): row.mark for row in rows}


def _rank_suggestions(
    suggestions: Iterable[Suggestion],
    marks: Mapping[Key, str],
    left_out: Collection[str],
) -> dict[SuggestionKind, list[Suggestion]]:
    joined: dict[tuple[SuggestionKind, SuggestionTarget, UUID], Suggestion] = {}
    for suggestion in suggestions:
        mark = marks.get((suggestion.thing, suggestion.id), "")
        if mark not in left_out:
            key = (suggestion.kind, suggestion.thing, suggestion.id)
            marked = replace(suggestion, mark=mark) if mark else suggestion
            joined[key] = joined[key].merge_with(marked) if key in joined else marked
    ordered = sorted(
        joined.values(),
        key=lambda suggestion: (
            suggestion.mark != SuggestionOutcome.USEFUL,
            -suggestion.weight,
            suggestion.title,
            suggestion.id,
        ),
    )
    return {
        kind: [suggestion for suggestion in ordered if suggestion.kind is kind][
            :MOST_SHOWN
        ]
        for kind in SuggestionKind
    }


async def find_suggested_party(
    session: AsyncSession,
    reader: IndexReader | None,
    standing: SuggestionSettings,
    interest_id: str,
) -> Suggestion:
    """Somebody who is suggested now: nobody else can be written to.

    Raises:
        ConflictError: suggestions are not turned on.
        NotFoundError: they are not suggested.
    """
    SUGGESTIONS.next_state(standing.state, SuggestionEvent.WRITE)
    suggestions_by_kind: dict[SuggestionKind, list[Suggestion]] = {}
    if standing.receiver:
        suggestions_by_kind = await find_suggestions(session, reader, standing.receiver)
    for suggestion in chain.from_iterable(suggestions_by_kind.values()):
        if (
            suggestion.thing is SuggestionTarget.INTEREST
            and str(suggestion.id) == interest_id
        ):
            return suggestion
    raise NotFoundError(
        "This person or organisation is not, or no longer, suggested to you."
    )
