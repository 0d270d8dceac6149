"""What the worker of a program does: the tasks of every domain, and what runs beside them."""

from collections import Counter

from udi.kit.jobs import (
    BEFORE_JOB,
    HEAVY_JOB_LISTENER,
    Handler,
    Worker,
    run_until_stopped,
)
from udi.kit.memory import begin_collection
from udi.kit.schedules import Schedule, Scheduler
from udi.kit.sealed_column_tasks import SEALED_TABLES, build_reseal_task
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


def list_schedules(site: Site) -> list[Schedule]:
    """The scheduled tasks of every domain, and the one that the house has itself.

    Raises:
        DomainError: two of them have one name.
    """
    schedules = [
        schedule
        for domain_schedules in call_each(
            [domain.schedules for domain in site.domains], site
        )
        for schedule in domain_schedules
    ]
    sealed_tables = site.services.contributions(SEALED_TABLES)
    reseal = build_reseal_task(site.database, site.registry, sealed_tables)
    schedules.append(Schedule("reseal_columns", "5-59/10 * * * *", reseal))
    for name, number in Counter(schedule.name for schedule in schedules).items():
        if number > 1:
            raise DomainError(f"Two scheduled tasks are named “{name}”.")
    return schedules


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
        companions = [
            companion
            for domain_companions in call_each(
                [domain.companions for domain in site.domains], site
            )
            for companion in domain_companions
        ]
        scheduler = Scheduler(site.database, list_schedules(site))
        begin_collection()
        await run_until_stopped(worker, *companions, scheduler.run())
    finally:
        await services.close()
        await site.outgoing.close()
        await site.database.close()
