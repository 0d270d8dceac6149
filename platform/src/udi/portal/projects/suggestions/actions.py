"""What people do with suggestions: turn them on, say more, answer them, turn them off for ever."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ForbiddenError, InvalidError, NotFoundError, PreconditionError, Refusal, TooManyError
from udi.portal import audit
from udi.portal.projects.models import Support
from udi.portal.projects.suggestions.models import DeclaredInterest, Mark, SuggestionChoice, SuggestionMark
from udi.portal.projects.suggestions.queries import Standing
from udi.portal.projects.suggestions.shapes import Suggestion, Thing
from udi.portal.projects.suggestions.states import Event, follow
from udi.protocol.themes import THEMES

SUPPORTS = tuple(each.value for each in Support if each is not Support.DATA)
"""What is offered and sought: words say better which data."""
LONGEST_WORDS, LONGEST_NAME, MOST_MARKS = 300, 100, 5000


class StaleFormError(PreconditionError):
    """The form is of before the last decision: it neither turns suggestions on again nor undoes what another declared."""

    def __init__(self) -> None:
        super().__init__(
            "Suggestions were turned on or off, or changed, since you opened this form.",
            remedy="Nothing was kept. Open the page again to see how they stand.",
        )


@dataclass(frozen=True)
class Declared:
    """What the form says."""

    looks_for: str = ""
    has: str = ""
    themes: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    seeks: tuple[str, ...] = ()
    found: bool = False
    name: str = ""
    mailed: bool = False

    def tidy(self) -> "Declared":
        """Without what nobody sees; each choice once."""
        texts: dict[str, Any] = {
            name: " ".join(getattr(self, name).replace("\x00", "").split()) for name in ("looks_for", "has", "name")
        }
        codes: dict[str, Any] = {
            name: tuple(sorted(set(getattr(self, name)))) for name in ("themes", "offers", "seeks")
        }
        return replace(self, **texts, **codes)

    def check(self, *, person: bool) -> list[Refusal]:
        """What is wrong with it."""
        found = [
            Refusal(name, "This is very long.", "Write 300 characters at most.")
            for name in ("looks_for", "has")
            if len(getattr(self, name)) > LONGEST_WORDS
        ]
        for name, known in (("themes", set(THEMES)), ("offers", set(SUPPORTS)), ("seeks", set(SUPPORTS))):
            if not set(getattr(self, name)) <= known:
                found.append(Refusal(name, "This choice is not offered.", "Choose among the list."))
        return found + (self._check_found(person=person) if self.found else [])

    def _check_found(self, *, person: bool) -> list[Refusal]:
        found = []
        if not (self.has or self.offers or self.seeks):
            found.append(
                Refusal("found", "Nothing is said by which you could be found.", "Say what you have, offer or seek.")
            )
        if person and not (self.name and self.name.isprintable() and len(self.name) <= LONGEST_NAME):
            found.append(Refusal("name", "It is not said under which name.", "Write one, of 100 characters at most."))
        return found


async def declare(
    session: AsyncSession, standing: Standing, declared: Declared, *, seen: str, language: str
) -> DeclaredInterest:
    """Turn suggestions on, or change what is declared. The standing is locked.

    Raises:
        PreconditionError: it was decided otherwise since the form was read: a form never turns them on again by itself.
        ForbiddenError: an organisation turned them off, and the person does not administer it.
        InvalidError: with what is wrong.
    """
    if seen != standing.seen:
        raise StaleFormError
    if not standing.may_turn_on:
        raise ForbiddenError(
            "This organisation turned suggestions off.", remedy="Only those who administer it turn them on again."
        )
    declared = declared.tidy()
    if wrong := declared.check(person=standing.organisation is None):
        raise InvalidError("Nothing was kept yet.", refusals=wrong)
    if standing.interest is None:
        return await _turn_on(session, standing, declared, language)
    follow(standing.state, Event.CHANGE)
    _fill(standing.interest, declared, language)
    await session.flush()
    audit.record(session, standing.actor, "suggestion.changed", _subject(standing))
    return standing.interest


async def _turn_on(session: AsyncSession, standing: Standing, declared: Declared, language: str) -> DeclaredInterest:
    follow(standing.state, Event.TURN_ON)
    choice = standing.choice or await _choose(session, standing, wanted=True)
    if choice is None:
        raise StaleFormError
    choice.wanted, choice.decided_at = True, now()
    interest = DeclaredInterest(choice_id=choice.id, **_whose(standing), told_until=now())
    _fill(interest, declared, language)
    session.add(interest)
    await session.flush()
    audit.record(session, standing.actor, "suggestion.turned_on", _subject(standing))
    return interest


async def _choose(session: AsyncSession, standing: Standing, *, wanted: bool) -> SuggestionChoice | None:
    """The first choice of somebody; None where another form of theirs was faster."""
    row = {**_whose(standing), "wanted": wanted, "decided_at": now()}
    made: SuggestionChoice | None = await session.scalar(
        insert(SuggestionChoice).values(row).on_conflict_do_nothing().returning(SuggestionChoice)
    )
    return made


def _whose(standing: Standing) -> dict[str, UUID | None]:
    organisation = standing.organisation.id if standing.organisation else None
    return {"person_id": None if organisation else standing.actor.person_id, "organisation_id": organisation}


def _fill(interest: DeclaredInterest, declared: Declared, language: str) -> None:
    interest.looks_for, interest.has, interest.language = declared.looks_for, declared.has, language
    interest.themes, interest.offers, interest.seeks = [*declared.themes], [*declared.offers], [*declared.seeks]
    interest.found, interest.mailed = declared.found, declared.mailed
    interest.declared_at = now()
    interest.name = declared.name if declared.found and interest.organisation_id is None else ""


def _subject(standing: Standing) -> UUID | None:
    """Of events: the organisation; nothing for a person, who is their author."""
    return standing.organisation.id if standing.organisation else None


async def turn_off(session: AsyncSession, standing: Standing) -> None:
    """Suggest nothing any more, and forget what was declared and answered; once more changes nothing."""
    follow(standing.state, Event.TURN_OFF)
    choice = standing.choice
    done = choice is None and await _choose(session, standing, wanted=False) is not None
    if done or (choice is not None and await turn_off_choice(session, choice.id)):
        audit.record(session, standing.actor, "suggestion.turned_off", _subject(standing))


async def turn_off_by_mail(session: AsyncSession, choice: UUID) -> None:
    """The same, by the address in a mail; once more, or for somebody who left, changes nothing."""
    if await turn_off_choice(session, choice):
        organisation = await session.scalar(
            select(SuggestionChoice.organisation_id).where(SuggestionChoice.id == choice)
        )
        audit.record(session, None, "suggestion.turned_off", organisation)


async def turn_off_choice(session: AsyncSession, id_: UUID) -> bool:
    """Keep only that it is off: what belongs to what was declared goes with it. Whether it was on."""
    choice = await session.scalar(select(SuggestionChoice).where(SuggestionChoice.id == id_).with_for_update())
    if choice is None or not choice.wanted:
        return False
    choice.wanted, choice.decided_at = False, now()
    await session.execute(delete(DeclaredInterest).where(DeclaredInterest.choice_id == id_))
    await session.flush()
    return True


async def mark_suggestion(session: AsyncSession, standing: Standing, thing: str, id_: UUID, mark: str) -> None:
    """Keep what somebody answered to a suggestion.

    Raises:
        ConflictError: suggestions are not turned on.
        NotFoundError: there is no such answer, or no such thing.
        TooManyError: as many are kept as may be.
    """
    follow(standing.state, Event.MARK)
    if thing not in set(Thing) or mark not in {Mark.USEFUL, Mark.NEVER}:
        raise NotFoundError("There is no such answer to a suggestion.")
    if standing.interest is None:
        return
    other = None
    if thing == Thing.INTEREST:
        there = (DeclaredInterest.id == id_, DeclaredInterest.found)
        other = await session.scalar(select(DeclaredInterest.id).where(*there))
        if other is None:
            raise NotFoundError("They are not to be found any more.")
    counted = select(func.count()).where(SuggestionMark.interest_id == standing.interest.id)
    if (await session.scalar(counted) or 0) >= MOST_MARKS:
        raise TooManyError("You answered as many suggestions as one may.", remedy="Turn them off, then on again.")
    await _keep(session, standing.interest.id, thing, id_, mark, other)


async def note_told(session: AsyncSession, interest: UUID, told: list[Suggestion]) -> None:
    """Keep what a mail told, so that no other tells it again; what was answered stays as it is."""
    for each in told:
        row = _row(interest, each.thing, each.id, Mark.TOLD, each.id if each.thing is Thing.INTEREST else None)
        await session.execute(insert(SuggestionMark).values(row).on_conflict_do_nothing())


async def _keep(session: AsyncSession, interest: UUID, thing: str, id_: UUID, mark: str, other: UUID | None) -> None:
    row = _row(interest, thing, id_, mark, other)
    same = ["tenant_id", "interest_id", "thing", "thing_id"]
    said = {"mark": mark, "marked_at": row["marked_at"]}
    await session.execute(insert(SuggestionMark).values(row).on_conflict_do_update(index_elements=same, set_=said))


def _row(interest: UUID, thing: str, id_: UUID, mark: str, other: UUID | None) -> dict[str, object]:
    return {
        "interest_id": interest, "thing": thing, "thing_id": id_, "mark": mark, "other_id": other, "marked_at": now(),
    }  # fmt: skip
