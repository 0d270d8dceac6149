"""What the worker of a program does: the tasks of every domain, and what runs beside them."""

from udi.kit.jobs import (
    BEFORE_JOB,
    HEAVY_JOB_LISTENER,
    Handler,
    Worker,
    run_until_stopped,
)
from udi.kit.sealed_column_tasks import SEALED_TABLES, reseal_periodically
from udi.ui.domains import DomainError, call_each
from udi.ui.site import Site


def task_handlers(site: Site) -> dict[str, Handler]:
    """The handlers of the queued tasks of every domain, by name.

    Raises:
        DomainError: two domains have a task of one name.
    """
    handlers: dict[str, Handler] = {}
    for tasks in call_each([domain.tasks for domain in site.domains], site):
        for name, handler in tasks.items():
            if name in handlers:
                raise DomainError(f"Two domains have a task named “{name}”.")
            handlers[name] = handler
    return handlers


async def run_worker(site: Site) -> None:
    """Do the tasks of every domain, and what runs beside them; until cancelled."""
    services = site.services
    worker = Worker(
        site.database,
        task_handlers(site),
        spent=services.find(HEAVY_JOB_LISTENER),
        give_way=services.find(BEFORE_JOB),
    )
    try:
        await run_until_stopped(
            worker,
            *(
                companion
                for companions in call_each(
                    [domain.companions for domain in site.domains], site
                )
                for companion in companions
            ),
            reseal_periodically(
                site.database, site.registry, services.contributions(SEALED_TABLES)
            ),
        )
    finally:
        await services.close()
        await site.outgoing.close()
        await site.database.close()
