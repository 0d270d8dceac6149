"""What tests of accounts that nobody uses share: people who logged in long ago, the daily review, the deletion after it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from tests.contract.credentials.keycloak_double import KeycloakDouble
from tests.portal.identity.deletions import list_names, list_queued
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.kit.sessions import SESSIONS, save_person
from udi.kit.tenancy import Territory
from udi.portal.identity.deletion.actions import DELETE_ACCOUNT, SEND_CONFIRMATION
from udi.portal.identity.deletion.tasks import task_handlers
from udi.portal.identity.deletion.unused import UnusedReview
from udi.portal.identity.models import TABLES, Membership, Person
from udi.protocol.deadlines import add_months
from udi.ui.site import Site

ACCOUNT: dict[str, Any] = {
    "enabled": True,
    "groups": {},
    "email": "x@people.example",
    "emailVerified": True,
}


def last_use_before(days: float) -> datetime:
    """A last use whose twenty-four months end in so many days."""
    moment = now() + timedelta(days=days)
    return datetime.combine(add_months(moment.date(), -24), moment.timetz())


def ago(days: float) -> datetime:
    return now() - timedelta(days=days)


@dataclass
class UnusedStage:
    """A portal, its identity service, and somebody who did not log in for long."""

    site: Site
    login: Login
    service: KeycloakDouble = field(default_factory=KeycloakDouble)

    def __post_init__(self) -> None:
        issuer = self.site.services[SESSIONS].service.issuer
        self.login = replace(self.login, issuer=issuer)
        self.service.accounts[self.login.subject] = ACCOUNT | {
            "email": self.login.email
        }

    def change_address(self, address: str, *, proven: bool = True) -> None:
        """They change the address of their account, and prove that it is theirs."""
        account = self.service.accounts[self.login.subject]
        account |= {"email": address, "emailVerified": proven}

    async def know(
        self,
        territory: Territory,
        *,
        used_at: datetime,
        groups: dict[str, list[str]] | None = None,
        **columns: Any,
    ) -> None:
        """Have a territory know them, with a last login there; `columns` are others of their row."""
        async with self.site.database.session(territory.id, role="worker") as session:
            person_id = await save_person(session, TABLES, self.login)
            values = {"last_login_at": used_at, **columns}
            await session.execute(
                update(Person).where(Person.id == person_id).values(**values)
            )
            session.add_all(
                Membership(person_id=person_id, organisation_slug=slug, groups=names)
                for slug, names in (groups or {}).items()
            )

    async def review(self) -> UnusedReview:
        """One day of the task."""
        review = UnusedReview(self.site, lambda: self.service)  # type: ignore[arg-type, return-value]  # a double has what the task asks of it
        await review.run()
        return review

    async def read(self, territory: Territory) -> Person:
        query = select(Person).where(Person.subject == self.login.subject)
        async with self.site.database.session(territory.id, role="worker") as session:
            return (await session.scalars(query)).one()

    async def list_deletions(self, territory: Territory) -> list[dict[str, str]]:
        return await list_queued(self.site.database, territory, DELETE_ACCOUNT)

    async def delete(self, territory: Territory) -> None:
        """Do the deletion that the review queued in a territory, and send the last mail where one is queued."""
        handlers = task_handlers(self.site, lambda: self.service)  # type: ignore[arg-type, return-value]  # likewise
        [payload] = await self.list_deletions(territory)
        await handlers[DELETE_ACCOUNT](
            Job(DELETE_ACCOUNT, territory.id, payload, 0, last=False)
        )
        for mail in await list_queued(self.site.database, territory, SEND_CONFIRMATION):
            await handlers[SEND_CONFIRMATION](
                Job(SEND_CONFIRMATION, territory.id, mail, 0, last=False)
            )

    async def is_known(self, territory: Territory) -> bool:
        return bool(await list_names(self.site.database, territory, self.login))


def today() -> date:
    return datetime.now(UTC).date()


WARNED_TWICE = {"unused_warned_at": 62, "unused_warned_again_at": 16}


def warned_twice() -> dict[str, datetime]:
    """Columns of somebody whose two notices are over."""
    return {name: ago(days) for name, days in WARNED_TWICE.items()}
