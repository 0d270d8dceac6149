"""What the worker does for this domain."""

from collections.abc import Awaitable, Sequence

from udi.node.files.sealing_store import OBJECTS
from udi.node.files.storage_snapshot import take_snapshots_periodically
from udi.node.files.sweep import sweep_periodically
from udi.ui.site import Site


def list_companions(site: Site) -> Sequence[Awaitable[None]]:
    """Note how much is stored, and delete objects that nothing names."""
    objects = site.services[OBJECTS]
    return [
        take_snapshots_periodically(site.database, site.registry, objects),
        sweep_periodically(site.database, site.registry, objects),
    ]
