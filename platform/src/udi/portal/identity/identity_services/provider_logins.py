"""Logins through identity services of others: what they give is left to the worker."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.jobs import enqueue
from udi.kit.login_providers import provider_alias
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory

REVIEW_PROVIDER_GROUPS = "review_provider_groups"


async def queue_group_review(
    session: AsyncSession, territory: Territory, login: Login
) -> None:
    """Have the worker give the groups that the claims of this login give, where the provider has rules."""
    for provider in territory.login_providers:
        alias = provider_alias(territory.slug, provider.name)
        if alias == login.provider and provider.rules:
            payload = {"subject": login.subject, "provider": alias}
            await enqueue(session, REVIEW_PROVIDER_GROUPS, payload)
