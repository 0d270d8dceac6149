"""Groups that logins elsewhere give, where the worker dies before the portal's own list says what it did."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.contract.credentials.keycloak_double import KeycloakDouble
from tests.visitors import enter, make_person
from udi.kit.clock import now
from udi.kit.identity import PUBLISHERS
from udi.kit.login_providers import (
    GroupRule,
    LoginProvider,
    claim_attribute,
    provider_alias,
    rules_digest,
)
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.identity.account_watcher import AccountWatcher
from udi.portal.identity.identity_services import provider_grants
from udi.portal.identity.identity_services.provider_grants import review_groups
from udi.portal.identity.models import Membership, Person, ProviderGrant
from udi.ui.site import Site

SLUG = "armor"
CLAIM = "service"


class WorkerDiedError(Exception):
    """As if it had been killed."""


@dataclass
class ProvidingKeycloak(KeycloakDouble):
    """Knows besides with which provider each account is linked, and puts accounts into groups."""

    provider: str = ""

    def get_user_social_logins(self, _subject: str) -> list[dict[str, str]]:
        return [{"identityProvider": self.provider}]

    def get(self, path: str, **query: Any) -> Any:
        if path.endswith("/groups") and "/members/" not in path:
            return [{"id": PUBLISHERS, "name": PUBLISHERS}]
        return super().get(path, **query)

    def put(self, path: str, *, conflict: bool) -> None:
        _, alias, _, name, _, subject = path.split("/")
        assert conflict
        self.accounts[subject]["groups"][alias].append(name)


class ProviderStage:
    """Somebody of an organisation of a territory, and a worker that dies the first time it refreshes what the portal knows."""

    def __init__(
        self, site: Site, territory: Territory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rule = GroupRule(CLAIM, "data", SLUG, PUBLISHERS)
        provider = LoginProvider("agents", "oidc", {}, "", rules=(rule,))
        self.site = site
        self.login = make_person(territory)
        self.territory = replace(territory, login_providers=(provider,))
        self.alias = provider_alias(territory.slug, provider.name)
        self.service = ProvidingKeycloak(provider=self.alias)
        self.refreshes = 0
        stage = self

        class DyingWatcher(AccountWatcher):
            async def refresh(self, territory: Territory, subject: str) -> bool:
                stage.refreshes += 1
                if stage.refreshes == 1:
                    raise WorkerDiedError
                return await super().refresh(territory, subject)

        def create_watcher(site: Site) -> AccountWatcher:
            return DyingWatcher(site, lambda: self.service)  # type: ignore[arg-type, return-value]  # a double has what the task asks of it

        monkeypatch.setattr(provider_grants, "create_watcher", create_watcher)

    async def know(self, *, groups: list[str], claims: dict[str, list[str]]) -> None:
        """They logged in while they had these groups, at both."""
        await enter(self.site, self.territory, login=self.login)
        self.service.accounts[self.login.subject] = {
            "enabled": True,
            "groups": {f"{self.territory.slug}--{SLUG}": list(groups)},
            "attributes": claims,
        }
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            query = select(Person.id).where(Person.subject == self.login.subject)
            person_id = (await session.scalars(query)).one()
            session.add(
                Membership(
                    person_id=person_id, organisation_slug=SLUG, groups=list(groups)
                )
            )

    async def grant(self, confirmed_at: datetime) -> None:
        """A login gave them the group then."""
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            session.add(
                ProviderGrant(
                    subject=self.login.subject,
                    organisation_slug=SLUG,
                    group_name=PUBLISHERS,
                    joined=False,
                    confirmed_at=confirmed_at,
                    rules_digest=rules_digest(self.territory.login_providers),
                )
            )

    async def review(self) -> bool:
        return await review_groups(
            self.site, self.territory, self.login.subject, self.alias
        )

    async def read(self) -> tuple[list[list[str]], int, int]:
        """Groups as the portal's own list has them, events of changed rights, and what is noted as given."""
        changed = AuditEvent.name == "person.rights_changed"
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            groups = await session.scalars(select(Membership.groups))
            events = select(func.count()).select_from(AuditEvent).where(changed)
            grants = select(func.count()).select_from(ProviderGrant)
            return (
                list(groups),
                await session.scalar(events) or 0,
                await session.scalar(grants) or 0,
            )


@pytest.fixture
def stage(
    portal_site: Site, demo: Territory, monkeypatch: pytest.MonkeyPatch
) -> ProviderStage:
    return ProviderStage(portal_site, demo, monkeypatch)


async def test_a_group_that_was_taken_away_is_taken_here_though_the_worker_died(
    stage: ProviderStage,
) -> None:
    await stage.know(groups=[PUBLISHERS], claims={})
    await stage.grant(now() - timedelta(days=40))

    with pytest.raises(WorkerDiedError):
        await stage.review()
    before = await stage.read()
    changes = [await stage.review(), await stage.review()]

    assert before == ([[PUBLISHERS]], 0, 1)
    assert await stage.read() == ([[]], 1, 0)
    assert changes == [True, False]


async def test_a_group_that_was_given_is_known_here_though_the_worker_died(
    stage: ProviderStage,
) -> None:
    claims = {claim_attribute(stage.alias, CLAIM): ["data"]}
    await stage.know(groups=[], claims=claims)

    with pytest.raises(WorkerDiedError):
        await stage.review()
    before = await stage.read()
    changes = [await stage.review(), await stage.review()]

    assert before == ([[]], 0, 1)
    assert await stage.read() == ([[PUBLISHERS]], 1, 1)
    assert changes == [True, False]
    assert stage.refreshes == 2
