"""What the worker does for this domain."""

from udi.kit.schedules import Schedule, Schedules, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.storage.storage_snapshot import take_snapshot
from udi.node.files.sweep import sweep_territory
from udi.ui.site import Site


def list_schedules(site: Site) -> Schedules:
    """Note how much is stored, and delete objects that nothing names, once an hour each."""
    objects = site.services[OBJECTS]

    async def take_snapshot_of(territory: Territory) -> None:
        await take_snapshot(site.database, objects, territory.id)

    async def sweep(territory: Territory) -> None:
        await sweep_territory(site.database, objects, territory.id)

    async def take_snapshots() -> None:
        await run_in_each_territory(site.registry, take_snapshot_of)

    async def sweep_all() -> None:
        await run_in_each_territory(site.registry, sweep)

    return [
        Schedule("take_storage_snapshots", "7 * * * *", take_snapshots),
        Schedule("sweep_objects", "37 * * * *", sweep_all),
    ]
