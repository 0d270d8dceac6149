"""A worker of the portal that reads the sources of one territory until none is due, then ends: `work.py RUN WORKER TERRITORY`.

It is let in where a worker of an installation is not: on loopback, and without a pause between two requests.
"""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from tests import cluster
from udi.kit import logs
from udi.kit.http import OutgoingClient
from udi.portal import site as portal_parts
from udi.portal.nodes.sources.harvest_run import harvest_next_source
from udi.portal.nodes.sources.source_client import SourceClient
from udi.portal.nodes.sources.worker import build_harvest_context


async def main(run: Path, worker: str, territory: UUID) -> None:
    """Read."""
    site = portal_parts.build_site(cluster.run_settings(run, worker), pages=False)
    [selected_territory] = [
        candidate
        for candidate in await site.registry.list()
        if candidate.id == territory
    ]
    workspace = build_harvest_context(
        site,
        SourceClient(OutgoingClient(["127.0.0.1:*", "*.localhost:*"]), pace=0),
        selected_territory,
    )
    while await harvest_next_source(workspace):
        pass


if __name__ == "__main__":
    logs.configure("text")
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], UUID(sys.argv[3])))
