"""No field of a public answer is lost unnoticed: what both programs answer holds all that was recorded at the last release.

A line of `recorded.txt` is a promise to whoever reads the API. Where one goes on purpose, take it away, and say so in
`CHANGELOG.md` and `docs/reference/changed-answers.md`. What is new is promised from the next release (docs/how-to/release.md).
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import httpx
import pytest

from tests.contract.answers.fields import describe_answer, describe_operations
from tests.contract.answers.table import MEMBER, NODE, PORTAL
from tests.contract.disclosure.conftest import issuer, world
from tests.contract.disclosure.world import World
from tests.node.conftest import producer, publisher, services, space
from tests.node.producer import SLUG
from tests.node.test_show_data import SPOTS
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.portal.territory.status.announcements import (
    Announcement,
    AnnouncementKind,
    AnnouncementUpdate,
    change_announcements,
)
from udi.portal.territory.status.record import FILE, FOLDER, ServicePart
from udi.settings import Settings
from udi.ui.openapi.document import ADDRESS

__all__ = ["issuer", "producer", "publisher", "services", "space", "world"]
Line = tuple[str, str]
"""An address, operation or schema, and one line about it."""
RECORD = Path(__file__).with_name("recorded.txt")
MACHINE = {"Accept": "*/*", "Accept-Language": "en", "Accept-Encoding": "identity"}
DESCRIPTION = {
    "title": "Lieux de détente", "summary": "Une ligne par lieu. Tenue par la mairie.", "theme": "environment",
    "keywords": "parc, plage", "licence": "etalab-2.0", "frequency": "yearly", "contact": "lieux@kerlevan.example",
}  # fmt: skip
DATA_REQUEST = {
    "title": "Ombres des arbres",
    "words": "Où planter.",
    "theme": "environment",
}


async def publish(world: World, **changes: str) -> tuple[str, str]:
    """A table of places, open or not: its identifier, and that of its first file."""
    dataset_id = await world.drop(SPOTS.encode(), "lieux.csv")
    await world.describe(dataset_id, **DESCRIPTION | changes)
    record = await world.publish(dataset_id)
    return dataset_id, record["available_formats"][0]["media_id"]


async def read(
    program: str,
    client: httpx.AsyncClient,
    paths: Iterable[str],
    values: dict[str, str],
) -> set[Line]:
    """The lines of what is answered at each address."""
    lines = set[Line]()
    for path in paths:
        answer = await client.get(path.format(**values), headers=MACHINE)
        lines |= {(f"{program} {path}", line) for line in describe_answer(answer)}
    return lines


@pytest.fixture
def announced(settings: Settings) -> Iterator[None]:
    """Something is announced of the service."""
    moment = now()
    texts = {"fr": "La connexion ne répond pas."}
    incident = Announcement(
        "3f9a01c2", AnnouncementKind.INCIDENT, moment, texts, moment,
        updates=[AnnouncementUpdate(moment, texts)], parts=[ServicePart.LOGIN],
    )  # fmt: skip
    # What another test measured in this process is not what a new installation answers.
    (settings.state / FOLDER / FILE).unlink(missing_ok=True)
    with change_announcements(settings, moment) as announcements:
        announcements.append(incident)
    yield
    with change_announcements(settings, moment) as announcements:
        announcements.remove(incident)


async def read_all(world: World) -> set[Line]:
    """What both programs answer to programs, a field a line."""
    dataset_id, media_id = await publish(world)
    restricted_id, _ = await publish(world, title="Lieux gardés", access="restricted")
    values = {
        "id": dataset_id, "restricted": restricted_id, "media": media_id,
        "producer": SLUG, "portal": world.territory.origin,
    }  # fmt: skip
    author = make_person(world.territory)
    async with browse(world.portal_app, world.territory, author) as client:
        answer = await client.post("/data-requests/new", data=DATA_REQUEST)
    assert answer.status_code == 303, answer.text
    member = make_person(world.territory, memberships={SLUG: ["managers"]})
    async with browse(world.portal_app, world.territory, member) as client:
        lines = await read("member", client, MEMBER, values)
    lines |= await read("portal", world.at_portal, PORTAL, values)
    lines |= await read("node", world.at_node, NODE, values)
    for program, reader in (("portal", world.at_portal), ("node", world.at_node)):
        document = (await reader.get(ADDRESS, headers=MACHINE)).json()
        lines |= {
            (f"{program} {heading}", line)
            for heading, line in describe_operations(document)
        }
    return lines


def write_record(lines: set[Line]) -> str:
    """Each heading once, with its lines below it."""
    text: list[str] = []
    for heading, group in groupby(sorted(lines), itemgetter(0)):
        text += [heading, *(f"  {line}" for _, line in group)]
    return "\n".join(text) + "\n"


def read_record(text: str) -> set[Line]:
    """The lines of a record, each with its heading."""
    heading = ""
    lines = set[Line]()
    for line in text.splitlines():
        if line.startswith("  "):
            lines.add((heading, line.strip()))
        else:
            heading = line
    return lines


async def test_no_field_of_a_public_answer_is_lost(
    world: World, announced: None, tmp_path: Path
) -> None:
    present = await read_all(world)
    (tmp_path / RECORD.name).write_text(write_record(present))

    recorded = read_record(RECORD.read_text())
    assert len(recorded) > 3000
    assert sorted(recorded - present) == []
