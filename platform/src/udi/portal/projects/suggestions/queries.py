"""Reads of suggestions' choices: for whom somebody decides, and how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ForbiddenError, NotFoundError
from udi.kit.identity import Actor
from udi.portal.organisations.models import Organisation
from udi.portal.projects.suggestions.models import DeclaredInterest, SuggestionChoice
from udi.portal.projects.suggestions.profile import SuggestionRecipient
from udi.portal.projects.suggestions.transitions import SuggestionState


@dataclass(frozen=True)
class SuggestionSettings:
    """For whom a person decides (themselves, or `organisation`), what was chosen, and what is declared."""

    actor: Actor
    organisation: Organisation | None
    choice: SuggestionChoice | None
    interest: DeclaredInterest | None

    @property
    def state(self) -> SuggestionState:
        """Whether suggestions are wanted."""
        if self.choice is None:
            return SuggestionState.UNDECIDED
        if self.choice.enabled:
            return SuggestionState.ON
        return SuggestionState.OFF

    @property
    def slug(self) -> str:
        """Of the organisation; empty for oneself."""
        if self.organisation:
            return self.organisation.slug
        return ""

    @property
    def revision(self) -> str:
        """What a form carries, so that it changes nothing that was decided or declared otherwise since."""
        rows = (
            self.choice.decided_at if self.choice else None,
            self.interest.declared_at if self.interest else None,
        )
        return "/".join(moment.isoformat() for moment in rows if moment)

    @property
    def may_turn_on(self) -> bool:
        """What an organisation turned off, only those who administer it turn on again."""
        return (
            self.state is not SuggestionState.OFF
            or self.organisation is None
            or self.actor.may_manage(self.slug)
        )

    @property
    def receiver(self) -> SuggestionRecipient | None:
        """To whom something is suggested now; None while it is not turned on."""
        if self.interest:
            return SuggestionRecipient(self.interest, self.organisation)
        return None

    @property
    def since(self) -> datetime | None:
        """When it was last decided."""
        if self.choice:
            return self.choice.decided_at
        return None


async def get_suggestion_settings(
    session: AsyncSession, actor: Actor, slug: str = "", *, lock: bool = False
) -> SuggestionSettings:
    """How it stands for the person, or for an organisation (its slug) for which they publish.

    Raises:
        NotFoundError: they belong to no organisation of this name.
        ForbiddenError: they belong to it and do not publish for it.
    """
    if slug:
        organisation = await _get_organisation(session, actor, slug)
    else:
        organisation = None
    query = select(SuggestionChoice).where(
        _owner_condition(actor.person_id, organisation)
    )
    choice = await session.scalar(query.with_for_update() if lock else query)
    return SuggestionSettings(
        actor, organisation, choice, await find_interest(session, choice)
    )


def _owner_condition(
    person: UUID, organisation: Organisation | None
) -> ColumnElement[bool]:
    if organisation is not None:
        return SuggestionChoice.organisation_id == organisation.id
    return SuggestionChoice.person_id == person


async def _get_organisation(
    session: AsyncSession, actor: Actor, slug: str
) -> Organisation:
    is_member = slug in actor.memberships
    if is_member:
        organisation = await session.scalar(
            select(Organisation).where(Organisation.slug == slug)
        )
    else:
        organisation = None
    if organisation is None:
        raise NotFoundError("You belong to no organisation of this name.")
    if not actor.may_publish(slug):
        raise ForbiddenError(
            "Only those who publish for this organisation see and change its suggestions.",
            remedy="Ask somebody who administers it.",
        )
    return organisation


async def find_interest(
    session: AsyncSession, choice: SuggestionChoice | None
) -> DeclaredInterest | None:
    """What is declared, while suggestions are wanted."""
    if choice is None or not choice.enabled:
        return None
    return await session.scalar(
        select(DeclaredInterest).where(DeclaredInterest.choice_id == choice.id)
    )


async def list_organisations(
    session: AsyncSession, actor: Actor
) -> Sequence[Organisation]:
    """The organisations for which the person publishes and that have not turned suggestions off, by name."""
    slugs = [slug for slug in actor.memberships if actor.may_publish(slug)]
    off = select(SuggestionChoice.organisation_id).where(
        SuggestionChoice.organisation_id.is_not(None),
        SuggestionChoice.enabled.is_(False),
    )
    query = select(Organisation).where(
        Organisation.slug.in_(slugs), Organisation.id.not_in(off)
    )
    return sorted(
        (await session.scalars(query)).all(),
        key=lambda organisation: organisation.name.casefold(),
    )


async def shows_suggestions(session: AsyncSession, actor: Actor) -> bool:
    """Whether «my space» names suggestions: not to who turned them off."""
    refused = (
        SuggestionChoice.person_id == actor.person_id,
        SuggestionChoice.enabled.is_(False),
    )
    return await session.scalar(select(SuggestionChoice.id).where(*refused)) is None
