"""A territory where some want suggestions: its catalogue is indexed, mails are kept, and forms are filled as people do."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from tests.portal.notifications.conftest import Relay
from tests.portal.projects.conftest import Workshop
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.identity.models import Person
from udi.portal.projects.suggestions.messages import SEND_MESSAGE
from udi.portal.projects.suggestions.models import (
    DeclaredInterest,
    SuggestionChoice,
    SuggestionMessage,
)
from udi.portal.projects.suggestions.tasks import (
    SEND_DIGEST,
    queue_digests,
    task_handlers,
)
from udi.portal.projects.suggestions.transitions import SuggestionState

HOME = "/my-space/suggestions"
SEEN = re.compile(r'name="seen" value="([^"]*)"')
TITLES = {
    0: "Bruit des rues de jour",
    1: "Carte du bruit des rues",
    4: "Bruit des cantines",
    8: "Budget de la ville",
}
"""By their line in the catalogue's table, which says the producer: 4 is another's than the rest."""


@dataclass
class Fair:
    """The workshop, with a relay."""

    workshop: Workshop
    relay: Relay
    datasets: dict[str, str]
    """Identifiers by title."""

    async def seen(self, who: httpx.AsyncClient, slug: str = "") -> str:
        """What the form of somebody carries now."""
        page = await who.get(f"{HOME}/interests", params={"for": slug} if slug else {})
        assert page.status_code == 200, page.text
        match = SEEN.search(page.text)
        assert match
        return match.group(1)

    async def declare(
        self, who: httpx.AsyncClient, slug: str = "", **fields: Any
    ) -> httpx.Response:
        """Turn suggestions on, or say more, with a form that is fresh unless `seen` is said."""
        if "seen" in fields:
            form_revision = fields.pop("seen")
        else:
            form_revision = await self.seen(who, slug)
        return await who.post(
            f"{HOME}/interests", data={"for": slug, "seen": form_revision, **fields}
        )

    async def turn_on(
        self, who: httpx.AsyncClient, slug: str = "", **fields: Any
    ) -> None:
        answer = await self.declare(who, slug, **fields)
        assert answer.status_code == 303, answer.text

    async def page(self, who: httpx.AsyncClient, slug: str = "") -> str:
        page = await who.get(HOME, params={"for": slug} if slug else {})
        assert page.status_code == 200, page.text
        return page.text

    async def person(self, name: str) -> UUID:
        """The identifier of somebody of the workshop."""
        return await self.person_of(self.workshop.logins[name])

    async def person_of(self, login: Login) -> UUID:
        """The identifier of somebody who came."""
        async with self.workshop.site.database.session(
            self.workshop.territory.id, role="worker"
        ) as session:
            return (
                await session.scalars(
                    select(Person.id).where(Person.subject == login.subject)
                )
            ).one()

    async def state(self, person: UUID) -> SuggestionState:
        rows: list[SuggestionChoice] = await self.workshop.rows(SuggestionChoice)
        choices = [choice for choice in rows if choice.person_id == person]
        if not choices:
            return SuggestionState.UNDECIDED
        if choices[0].enabled:
            return SuggestionState.ON
        return SuggestionState.OFF

    async def interest(self, person: UUID) -> DeclaredInterest:
        rows: list[DeclaredInterest] = await self.workshop.rows(DeclaredInterest)
        return next(interest for interest in rows if interest.person_id == person)

    async def queue(self, later: timedelta = timedelta(days=8)) -> int:
        """Look for mails that are due some days from now."""
        async with self.workshop.site.database.session(
            self.workshop.territory.id, role="worker"
        ) as session:
            return await queue_digests(
                session, now() + later, self.workshop.territory.zone
            )

    async def tell(self, interest: UUID) -> None:
        """Do the job of a Monday's mail, as the worker does."""
        payload = {"interest": str(interest), "until": "2026-11-30"}
        await task_handlers(self.workshop.site)[SEND_DIGEST](
            Job(SEND_DIGEST, self.workshop.territory.id, payload, 0, last=True)
        )

    async def deliver(self) -> None:
        """Do the job of every message, even one that left."""
        for message in await self.workshop.rows(SuggestionMessage):
            payload = {"message": str(message.id)}
            await task_handlers(self.workshop.site)[SEND_MESSAGE](
                Job(SEND_MESSAGE, self.workshop.territory.id, payload, 0, last=True)
            )


@pytest.fixture
async def fair(workshop: Workshop, relay: Relay, feed: SearchFeed) -> Fair:
    """The workshop with a few datasets that can be found."""
    added = {
        title: await workshop.catalogue.add(line, resource_title=title)
        for line, title in TITLES.items()
    }
    await feed.run_once()
    return Fair(
        workshop, relay, {title: str(record.id) for title, record in added.items()}
    )
