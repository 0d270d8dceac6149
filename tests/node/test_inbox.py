"""What waits in a producer's spaces: one kind a dataset, each told by how the dataset stands; nobody else's."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.node.conftest import Browse
from tests.node.producer import SLUG, Producer
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset, Delivery, Preparation, Version
from udi.node.datasets.upkeep.pending_work import count_waiting, list_waiting

Changes = dict[Any, dict[str, Any]]
LONG_AGO = now() - timedelta(days=800)
TODAY = now()
OPEN = {"opened_at": LONG_AGO}
STATES: dict[str, tuple[Changes, str]] = {
    "draft": ({}, "draft"),
    "unread": ({Preparation: {"state": "failed"}}, "reading"),
    "refused": (
        {Dataset: {"state": "refused"} | OPEN, Version: {"published_at": TODAY}},
        "stopped",
    ),
    "not told": (
        {
            Dataset: {"state": "publishing"} | OPEN,
            Version: {"published_at": TODAY},
            Delivery: {"state": "failed"},
        },
        "stopped",
    ),
    "next version": (
        {Dataset: {"state": "published"} | OPEN, Preparation: {"state": "ready"}},
        "version",
    ),
    "being read": (
        {Dataset: {"state": "published"} | OPEN, Preparation: {"state": "waiting"}},
        "",
    ),
    "late": (
        {
            Dataset: {"state": "published", "description": {"frequency": "yearly"}}
            | OPEN,
            Version: {"published_at": LONG_AGO},
        },
        "update",
    ),
    "in time": (
        {
            Dataset: {"state": "published", "description": {"frequency": "yearly"}}
            | OPEN,
            Version: {"published_at": TODAY},
        },
        "",
    ),
    "withdrawn": (
        {
            Dataset: {
                "state": "withdrawn",
                "withdrawn_at": TODAY,
                "description": {"frequency": "yearly"},
            }
            | OPEN,
            Version: {"published_at": LONG_AGO},
        },
        "",
    ),
}


@pytest.mark.parametrize("name", STATES)
async def test_list_waiting_names_the_kind(
    name: str, producer: Producer, node_database: Database, demo: Territory
) -> None:
    changes, kind = STATES[name]
    if Delivery in changes:
        await producer.publish()
    else:
        await producer.draft()
    async with node_database.session(demo.id, role="worker") as session:
        for model, values in changes.items():
            await session.execute(update(model).values(**values))
        items = await list_waiting(session, demo)
        numbers = count_waiting(items)

    assert [item.kind for item in items] == ([kind] if kind else [])
    assert [(line.producer, line.number) for line in numbers] == (
        [(SLUG, 1)] if kind else []
    )
    assert [item.due_on is not None for item in items] == (
        [kind == "update"] if kind else []
    )


async def test_inbox_of_the_node_lists_own_spaces_with_the_act(
    producer: Producer,
    node_app: Litestar,
    demo: Territory,
    browse: Browse,
    stranger: Login,
    reader: Login,
    passer_by: httpx.AsyncClient,
) -> None:
    dataset = await producer.draft()
    inbox = await producer.page("/inbox")
    async with (
        browse(node_app, demo, stranger) as other,
        browse(node_app, demo, reader) as member,
    ):
        foreign = [
            (await client.get(f"/inbox?space={SLUG}")).text
            for client in (other, member)
        ]

    assert f'href="/datasets/{dataset}/describe"' in inbox
    assert "1 chose à faire" in inbox
    assert all(
        dataset not in page and "Rien ne vous attend ici" in page for page in foreign
    )
    assert (await passer_by.get("/inbox")).status_code == 303


async def test_page_that_waits_answers_304_while_it_is_as_it_was(
    producer: Producer,
) -> None:
    dataset = await producer.draft()
    address = f"/datasets/{dataset}/check"
    first = await producer.client.get(address)
    again = {"UDI-Refresh": "1", "If-None-Match": first.headers.get("ETag", "")}
    same = await producer.client.get("/inbox", headers={"UDI-Refresh": "1"})
    unchanged = await producer.client.get(
        "/inbox", headers=again | {"If-None-Match": same.headers["ETag"]}
    )
    await producer.draft(name="autre.csv")
    changed = await producer.client.get(
        "/inbox", headers=again | {"If-None-Match": same.headers["ETag"]}
    )

    assert first.status_code == 200
    assert same.status_code == 200
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert changed.status_code == 200
