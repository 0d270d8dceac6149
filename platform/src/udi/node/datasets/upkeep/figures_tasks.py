"""The figures that producers publish, as jobs: at once when asked, then once an hour what the days changed."""

from uuid import UUID

import structlog
from sqlalchemy import select

from udi.kit.errors import UdiError
from udi.kit.jobs import Handlers, Job
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.datasets.actions.figures import PUBLISH_FIGURES, FiguresPublisher
from udi.node.spaces.models import Space

log = structlog.get_logger()


def task_handlers(registry: TerritoryRegistry, publisher: FiguresPublisher) -> Handlers:
    """The handler that publishes a space's figures as soon as its producer asks."""

    async def publish_figures(job: Job) -> None:
        territory = await registry.get_served(job.tenant)
        await publisher.publish(territory, UUID(job.payload["space"]))

    return {PUBLISH_FIGURES: publish_figures}


def schedule_figures(
    registry: TerritoryRegistry, publisher: FiguresPublisher
) -> Schedule:
    """Publish once an hour what the days that are over changed: a new version a day at most, for each space."""

    async def renew(territory: Territory) -> None:
        await renew_figures(territory, publisher)

    async def run() -> None:
        await run_in_each_territory(registry, renew)

    return Schedule("renew_figures", "17 * * * *", run)


async def renew_figures(territory: Territory, publisher: FiguresPublisher) -> None:
    """The same once for one territory; a space that is full does not keep the others back."""
    async with publisher.database.session(territory.id, role="worker") as session:
        spaces = (
            await session.scalars(select(Space.id).where(Space.publishes_figures))
        ).all()
    for space in spaces:
        try:
            await publisher.publish(territory, space)
        except UdiError as error:
            log.warning("figures refused", error=type(error).__name__)
