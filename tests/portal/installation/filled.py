"""A territory with something of everything; what it keeps to itself has the word `CANARY` in it.

Three people know it: two visitors of the fixture, of whom one is of the team, and a member of the team.
"""

import uuid
from dataclasses import replace
from typing import Any

from tests.portal.catalogue.corpus import open_catalogue
from tests.portal.installation.conftest import Console
from tests.visitors import enter, make_person
from udi.kit import jobs
from udi.kit.clock import now
from udi.node.datasets.models import Dataset as NodeDataset
from udi.node.files.models import StoredFile
from udi.node.spaces.actions import apply_space
from udi.node.spaces.models import SpaceDay, UseCount

CANARY = "zyxwv"
SPACE = "mairie"
SPACE_BYTES = 1_050_000_000
STORED_BYTES = 10**9
DOWNLOADS = 3
CALLS = 4
SENT = 5


async def fill(console: Console) -> None:
    """Two datasets, of which one is restricted; a person of the team; a space with a draft, a file and its uses."""
    territory = console.territory
    catalogue = await open_catalogue(console.site.database, territory)
    await catalogue.add(0)
    await catalogue.add(7, resource_title=f"Courbes {CANARY}")
    person = replace(
        make_person(territory, moderator=True),
        name=f"Camille {CANARY}",
        email=f"{CANARY}@people.example",
    )
    await enter(console.site, territory, login=person)
    async with console.databases.portal.session(territory.id) as session:
        await jobs.enqueue(session, "no-such-task", {"title": CANARY})
    async with console.databases.node.session(territory.id, role="worker") as session:
        space = await apply_space(
            session,
            slug=SPACE,
            organisation_id=uuid.uuid4(),
            name="Mairie de Kerlévan",
            email=f"{CANARY}@mairie.example",
            quota_bytes=SPACE_BYTES,
        )
        draft = NodeDataset(
            id=uuid.uuid4(),
            space_id=space.id,
            title=f"Brouillon {CANARY}",
            description={"title": CANARY},
        )
        session.add(draft)
        await session.flush()
        session.add_all(_list_uses(space.id, draft.id))


def _list_uses(space: uuid.UUID, dataset: uuid.UUID) -> list[Any]:
    today = now().date()
    return [
        StoredFile(
            id=uuid.uuid4(),
            space_id=space,
            dataset_id=dataset,
            name=f"{CANARY}.csv",
            media_type="text/csv",
            size=STORED_BYTES,
            sha256="0" * 64,
        ),
        *(
            UseCount(
                dataset_id=dataset,
                day=today,
                kind=kind,
                client="browser",
                space_id=space,
                count=count,
                bytes=SENT,
            )
            for kind, count in (("file", DOWNLOADS), ("api", CALLS))
        ),
        SpaceDay(space_id=space, day=today, stored_bytes=STORED_BYTES, job_seconds=2.5),
    ]
