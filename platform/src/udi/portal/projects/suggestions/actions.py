"""What people do with suggestions: turn them on, say more, answer them, turn them off for ever."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PreconditionFailedError,
    Refusal,
    Refusals,
    TooManyRequestsError,
)
from udi.portal import audit
from udi.portal.projects.models import SupportKind
from udi.portal.projects.suggestions.models import (
    DeclaredInterest,
    SuggestionChoice,
    SuggestionMark,
    SuggestionOutcome,
)
from udi.portal.projects.suggestions.queries import SuggestionSettings
from udi.portal.projects.suggestions.suggestion import Suggestion, SuggestionTarget
from udi.portal.projects.suggestions.transitions import SUGGESTIONS, SuggestionEvent
from udi.protocol.themes import THEMES

SUPPORTS = tuple(kind.value for kind in SupportKind if kind is not SupportKind.DATA)
"""What is offered and sought: words say better which data."""
LONGEST_WORDS = 300
LONGEST_NAME = 100
MOST_MARKS = 5000


class StaleFormError(PreconditionFailedError):
    """The form is of before the last decision: it neither turns suggestions on again nor undoes what another declared."""

    def __init__(self) -> None:
        super().__init__(
            "Suggestions were turned on or off, or changed, since you opened this form.",
            remedy="Nothing was saved. Open the page again to see the current state.",
        )


@dataclass(frozen=True)
class InterestInput:
    """What the form says."""

    looks_for: str = ""
    has: str = ""
    themes: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    seeks: tuple[str, ...] = ()
    discoverable: bool = False
    name: str = ""
    mailed: bool = False

    def tidy(self) -> "InterestInput":
        """Without what nobody sees; each choice once."""
        texts: dict[str, Any] = {
            name: " ".join(getattr(self, name).replace("\x00", "").split())
            for name in ("looks_for", "has", "name")
        }
        codes: dict[str, Any] = {
            name: tuple(sorted(set(getattr(self, name))))
            for name in ("themes", "offers", "seeks")
        }
        return replace(self, **texts, **codes)

    def check(self, *, person: bool) -> list[Refusal]:
        """What is wrong with it."""
        refusals = [
            Refusal(name, "This is very long.", "Write 300 characters at most.")
            for name in ("looks_for", "has")
            if len(getattr(self, name)) > LONGEST_WORDS
        ]
        for name, codes in (
            ("themes", set(THEMES)),
            ("offers", set(SUPPORTS)),
            ("seeks", set(SUPPORTS)),
        ):
            if not set(getattr(self, name)) <= codes:
                refusals.append(
                    Refusal(
                        name, "This choice is not offered.", "Choose among the list."
                    )
                )
        return refusals + (
            self._check_discoverable(person=person) if self.discoverable else []
        )

    def _check_discoverable(self, *, person: bool) -> list[Refusal]:
        refusals = Refusals()
        if not (self.has or self.offers or self.seeks):
            refusals.refuse(
                "discoverable",
                "Nothing here allows others to find you.",
                "Enter what you have, offer or seek.",
            )
        if person and not (
            self.name and self.name.isprintable() and len(self.name) <= LONGEST_NAME
        ):
            refusals.refuse(
                "name",
                "The name to show is missing.",
                "Write one, of 100 characters at most.",
            )
        return refusals


async def declare_interest(
    session: AsyncSession,
    standing: SuggestionSettings,
    declared: InterestInput,
    *,
    revision: str,
    language: str,
) -> DeclaredInterest:
    """Turn suggestions on, or change what is declared. The standing is locked.

    Raises:
        PreconditionError: it was decided otherwise since the form was read: a form never turns them on again by itself.
        ForbiddenError: an organisation turned them off, and the person does not administer it.
        InvalidError: with what is wrong.
    """
    if revision != standing.revision:
        raise StaleFormError
    if not standing.may_turn_on:
        raise ForbiddenError(
            "This organisation turned suggestions off.",
            remedy="Only those who administer it turn them on again.",
        )
    declared = declared.tidy()
    if refusals := declared.check(person=standing.organisation is None):
        raise InvalidError("Nothing was kept yet.", refusals=refusals)
    if standing.interest is None:
        return await _turn_on(session, standing, declared, language)
    SUGGESTIONS.next_state(standing.state, SuggestionEvent.CHANGE)
    _fill_interest(standing.interest, declared, language)
    await session.flush()
    audit.record(
        session, standing.actor, "suggestion.changed", _event_subject(standing)
    )
    return standing.interest


async def _turn_on(
    session: AsyncSession,
    standing: SuggestionSettings,
    declared: InterestInput,
    language: str,
) -> DeclaredInterest:
    SUGGESTIONS.next_state(standing.state, SuggestionEvent.TURN_ON)
    choice = standing.choice or await _create_choice(session, standing, enabled=True)
    if choice is None:
        raise StaleFormError
    choice.enabled = True
    choice.decided_at = now()
    interest = DeclaredInterest(
        choice_id=choice.id, **_owner_columns(standing), notified_until=now()
    )
    _fill_interest(interest, declared, language)
    session.add(interest)
    await session.flush()
    audit.record(
        session, standing.actor, "suggestion.turned_on", _event_subject(standing)
    )
    return interest


async def _create_choice(
    session: AsyncSession, standing: SuggestionSettings, *, enabled: bool
) -> SuggestionChoice | None:
    """The first choice of somebody; None where another form of theirs was faster."""
    row = {**_owner_columns(standing), "enabled": enabled, "decided_at": now()}
    choice: SuggestionChoice | None = await session.scalar(
        insert(SuggestionChoice)
        .values(row)
        .on_conflict_do_nothing()
        .returning(SuggestionChoice)
    )
    return choice


def _owner_columns(standing: SuggestionSettings) -> dict[str, UUID | None]:
    if standing.organisation:
        organisation = standing.organisation.id
    else:
        organisation = None
    return {
        "person_id": None if organisation else standing.actor.person_id,
        "organisation_id": organisation,
    }


def _fill_interest(
    interest: DeclaredInterest, declared: InterestInput, language: str
) -> None:
    interest.looks_for = declared.looks_for
    interest.has = declared.has
    interest.language = language
    interest.themes = [*declared.themes]
    interest.offers = [*declared.offers]
    interest.seeks = [*declared.seeks]
    interest.discoverable = declared.discoverable
    interest.mailed = declared.mailed
    interest.declared_at = now()
    if declared.discoverable and interest.organisation_id is None:
        interest.name = declared.name
    else:
        interest.name = ""


def _event_subject(standing: SuggestionSettings) -> UUID | None:
    """Of events: the organisation; nothing for a person, who is their author."""
    if standing.organisation:
        return standing.organisation.id
    return None


async def turn_off(session: AsyncSession, standing: SuggestionSettings) -> None:
    """Suggest nothing any more, and forget what was declared and answered; once more changes nothing."""
    SUGGESTIONS.next_state(standing.state, SuggestionEvent.TURN_OFF)
    choice = standing.choice
    done = (
        choice is None
        and await _create_choice(session, standing, enabled=False) is not None
    )
    if done or (choice is not None and await turn_off_choice(session, choice.id)):
        audit.record(
            session, standing.actor, "suggestion.turned_off", _event_subject(standing)
        )


async def turn_off_by_mail(session: AsyncSession, choice: UUID) -> None:
    """The same, by the address in a mail; once more, or for somebody who left, changes nothing."""
    if await turn_off_choice(session, choice):
        organisation = await session.scalar(
            select(SuggestionChoice.organisation_id).where(
                SuggestionChoice.id == choice
            )
        )
        audit.record(session, None, "suggestion.turned_off", organisation)


async def turn_off_choice(session: AsyncSession, id_: UUID) -> bool:
    """Keep only that it is off: what belongs to what was declared goes with it. Whether it was on."""
    choice = await session.scalar(
        select(SuggestionChoice).where(SuggestionChoice.id == id_).with_for_update()
    )
    if choice is None or not choice.enabled:
        return False
    choice.enabled = False
    choice.decided_at = now()
    await session.execute(
        delete(DeclaredInterest).where(DeclaredInterest.choice_id == id_)
    )
    await session.flush()
    return True


async def mark_suggestion(
    session: AsyncSession,
    standing: SuggestionSettings,
    thing: str,
    id_: UUID,
    mark: str,
) -> None:
    """Keep what somebody answered to a suggestion.

    Raises:
        ConflictError: suggestions are not turned on.
        NotFoundError: there is no such answer, or no such thing.
        TooManyRequestsError: as many are kept as may be.
    """
    SUGGESTIONS.next_state(standing.state, SuggestionEvent.MARK)
    if thing not in set(SuggestionTarget) or mark not in {
        SuggestionOutcome.USEFUL,
        SuggestionOutcome.NEVER,
    }:
        raise NotFoundError("There is no such answer to a suggestion.")
    if standing.interest is None:
        return
    other = None
    if thing == SuggestionTarget.INTEREST:
        conditions = (DeclaredInterest.id == id_, DeclaredInterest.discoverable)
        other = await session.scalar(select(DeclaredInterest.id).where(*conditions))
        if other is None:
            raise NotFoundError("This person or organisation can no longer be found.")
    counted = select(func.count()).where(
        SuggestionMark.interest_id == standing.interest.id
    )
    if (await session.scalar(counted) or 0) >= MOST_MARKS:
        raise TooManyRequestsError(
            "You have answered the maximum number of suggestions.",
            remedy="Turn them off, then on again.",
        )
    await _save_mark(session, standing.interest.id, thing, id_, mark, other)


async def mark_suggestions_mailed(
    session: AsyncSession, interest: UUID, suggestions: list[Suggestion]
) -> None:
    """Keep what a mail told, so that no other tells it again; what was answered stays as it is."""
    for suggestion in suggestions:
        row = _mark_row(
            interest,
            suggestion.thing,
            suggestion.id,
            SuggestionOutcome.NOTIFIED,
            suggestion.id if suggestion.thing is SuggestionTarget.INTEREST else None,
        )
        await session.execute(
            insert(SuggestionMark).values(row).on_conflict_do_nothing()
        )


async def _save_mark(
    session: AsyncSession,
    interest: UUID,
    thing: str,
    id_: UUID,
    mark: str,
    other: UUID | None,
) -> None:
    row = _mark_row(interest, thing, id_, mark, other)
    same = ["tenant_id", "interest_id", "thing", "thing_id"]
    values = {"mark": mark, "marked_at": row["marked_at"]}
    await session.execute(
        insert(SuggestionMark)
        .values(row)
        .on_conflict_do_update(index_elements=same, set_=values)
    )


def _mark_row(
    interest: UUID, thing: str, id_: UUID, mark: str, other: UUID | None
) -> dict[str, object]:
    return {
        "interest_id": interest,
        "thing": thing,
        "thing_id": id_,
        "mark": mark,
        "other_id": other,
        "marked_at": now(),
    }
