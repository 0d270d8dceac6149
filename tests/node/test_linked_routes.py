"""Every page and address of the node, asked of a dataset that has no main file: each answers, or says why not."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from tests.depth import examples
from tests.node.conftest import Browse
from tests.node.counterpart import PortalDouble
from tests.node.producer import ANSWERS, SLUG, Producer
from tests.node.scripts import new_key
from tests.node.test_erase_dataset import rows, withdraw
from tests.node.test_linked_datasets import start_draft
from tests.node.test_manager import PEOPLE, Rudi, a_media
from tests.node.test_manager import rudi as rudi
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.models import DatasetPart
from udi.node.spaces.models import Space

LISTED = Path(__file__).parents[1] / "rules/routes.txt"
SESSION = frozenset(
    (
        "/login",
        "/login/callback",
        "/logout",
        "/logout/back-channel",
        "/language/{code}",
        "/subjects/login",
        "/subjects/login/callback",
        "/subjects/logout",
        "/subjects/logout/back-channel",
    )
)
"""About who is logged in."""
MESSAGES = frozenset(("/mcp",))
"""Take a message of a protocol, and answer what is none with 400."""
FINAL = ("/discard", "/erase", "/remove", "/withdraw")
"""Take something away: asked last."""
BODIES: Mapping[str, Mapping[str, str]] = {"/datasets/{dataset_id}/describe": ANSWERS}
ANSWERED = frozenset((200, 201, 204, 303))
REFUSED = frozenset((401, 403, 404, 409, 412, 413, 415, 422))
KINDS = {
    "/manager/api/v1/catalog/{kind}": "resources",
    "/manager/api/v1/catalog/{kind}/{object_id}": "resources",
    "/agreements/{agreement_id}/files/{kind}": "file",
}
Start = Callable[[], Awaitable[str]]


def list_routes() -> list[tuple[str, str]]:
    """(method, path) of each, those that take something away last."""
    listed = [line.split() for line in LISTED.read_text().splitlines()]
    routes = [
        (method, path)
        for program, method, path in listed
        if program == "node" and path not in SESSION | MESSAGES
    ]
    return sorted(routes, key=_weigh)


def _weigh(route: tuple[str, str]) -> tuple[bool, bool, str, str]:
    method, path = route
    is_final = method == "DELETE" or path.endswith(FINAL)
    return is_final, method != "GET", path, method


def fill(path: str, dataset: str, part: str) -> str:
    """The address of a route for this dataset; a name that is not here is to be added."""
    names = {
        "dataset_id": dataset,
        "resource_id": dataset,
        "object_id": dataset,
        "part_id": part,
        "media_id": str(uuid.uuid5(uuid.UUID(dataset), "file")),
        "table_name": part,
        "slug": SLUG,
        "kind": KINDS.get(path, "csv"),
        "number": "1",
        "line": "1",
        "part": "view",
        "name": "data",
        "file_name": "arbres.csv",
        "filename": "arbres.csv",
        "word": "test",
        "language": "fr",
        "digest": "0",
        "event": "accept",
        **dict.fromkeys(
            (
                "agreement_id",
                "archive_id",
                "consent_id",
                "entry_id",
                "request_id",
                "file_id",
                "key_id",
                "organisation_id",
                "portal_id",
                "upload_id",
            ),
            str(uuid.uuid4()),
        ),
    }
    return path.format(**names)


async def ask_all(
    client: httpx.AsyncClient,
    headers: Mapping[str, str],
    dataset: str,
    part: str,
    routes: Sequence[tuple[str, str]],
) -> tuple[dict[str, str], set[int]]:
    """What answered badly, with how; and every status that was seen."""
    faults = dict[str, str]()
    statuses = set[int]()
    for method, path in routes:
        answer = await client.request(
            method,
            fill(path, dataset, part),
            headers=headers,
            data=dict(BODIES.get(path, {})) if method == "POST" else None,
        )
        statuses.add(answer.status_code)
        is_refused = answer.status_code in REFUSED
        if answer.status_code not in ANSWERED | REFUSED or (
            is_refused and not answer.text.strip()
        ):
            faults[f"{method} {path}"] = f"{answer.status_code} {answer.text[:200]}"
    return faults, statuses


@pytest.fixture
async def colleague(
    node_app: Litestar, demo: Territory, space: Space, browse: Browse, reader: Login
) -> None:
    """Somebody with whom a dataset may be shared, since they logged in once."""
    async with browse(node_app, demo, reader) as client:
        assert (await client.get("/")).status_code in ANSWERED


@pytest.fixture
def states(producer: Producer, rudi: Rudi, colleague: None) -> dict[str, Start]:
    """How a dataset comes into each state."""

    async def publish() -> str:
        return await producer.publish(await start_draft(producer))

    async def take_back() -> str:
        dataset = await publish()
        await withdraw(producer, dataset)
        return dataset

    async def wait() -> str:
        record = await rudi.record(a_media(str(uuid.uuid4()), 300))
        await rudi.put(record)
        near = await rudi.upload(PEOPLE.encode())
        await rudi.put({**record, "available_formats": [near]})
        dataset = str(record["global_id"])
        await producer.client.post(
            f"/datasets/{dataset}/parts/links",
            data={"title": "x", "role": "link", "address": "https://a.example.org/"},
        )
        return dataset

    return {
        "draft": lambda: start_draft(producer),
        "published": publish,
        "withdrawn": take_back,
        "its first file waits": wait,
    }


CASES = (
    ("draft", "producer"),
    ("published", "producer"),
    ("withdrawn", "producer"),
    ("its first file waits", "producer"),
    ("published", "nobody"),
    ("its first file waits", "nobody"),
    ("published", "script"),
    ("published", "client of RUDI"),
)
OFTEN = ("published", "producer")
"""The case that is asked at twice as many addresses as the others by default."""
ONE_IN = examples(12, 1)
"""Of how many addresses the other cases ask for one by default: each case for others than the case before."""


def choose_routes(state: str, caller: str) -> Sequence[tuple[str, str]]:
    """The addresses that are asked for in a case."""
    routes = list_routes()
    rank = CASES.index((state, caller)) % ONE_IN
    if (state, caller) == OFTEN:
        return routes[rank % 2 :: max(ONE_IN // 2, 1)]
    return routes[rank::ONE_IN]


@pytest.mark.parametrize(("state", "caller"), CASES)
async def test_every_address_answers_of_a_dataset_of_links(
    state: str,
    caller: str,
    states: Mapping[str, Start],
    producer: Producer,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
    rudi: Rudi,
    portal: PortalDouble,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await states[state]()
    [part] = await rows(node_database, demo, DatasetPart)
    key = {"Authorization": f"Bearer {await new_key(manager, name='Routes')}"}
    client, headers = {
        "producer": (producer.client, {}),
        "nobody": (passer_by, {}),
        "script": (passer_by, key),
        "client of RUDI": (passer_by, rudi.headers),
    }[caller]

    faults, statuses = await ask_all(
        client, headers, dataset, str(part.id), choose_routes(state, caller)
    )

    assert faults == {}
    assert {200, 404} <= statuses
