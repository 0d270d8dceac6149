"""A producer, its node and the portal, in one process each: what is published of a dataset is read at every address."""

import sys
import uuid
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.contract.disclosure.addresses import FORMS, addresses, values_of
from tests.contract.node import Pusher
from tests.depth import examples
from tests.node.producer import SLUG, Producer
from udi.kit import clock
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.outbox import apply_report
from udi.node.datasets.models import Dataset
from udi.node.datasets.queries import find_dataset
from udi.portal.catalogue.search.feed import SearchFeed
from udi.ui.site import Site

HEADS_ONE_IN = examples(6, 1)
"""Of how many addresses of the node one is asked for its headers alone."""
REFUSED_ONE_IN = examples(8, 1)
"""Of how many addresses that give a browser no page one is asked in the other forms too; each is asked as a browser does."""
REFUSED = 300
MEANT = {"intended": "rows"}
"""What is answered to the question whether a version is meant to have fewer rows."""
NOT_OF_THE_DATASET = ("date", "server-timing", "ratelimit", "x-request-id")
"""Headers of each answer that say when it was given, or how much was asked before."""


@dataclass(frozen=True)
class Answer:
    """What was got at an address."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


Snapshot = dict[str, Answer]


@dataclass
class World:
    """One producer with one dataset, seen by everybody."""

    node_site: Site
    portal_site: Site
    territory: Territory
    producer: Producer
    pusher: Pusher
    feed: SearchFeed
    at_node: httpx.AsyncClient
    at_portal: httpx.AsyncClient
    node_app: Litestar
    portal_app: Litestar
    at_own_node: httpx.AsyncClient
    """In front of a producer's own node, which has a front page of what is published."""
    parts: dict[str, str] = field(default_factory=dict)
    """By dataset, the file beside its main one."""

    async def dataset(self, dataset_id: str) -> Dataset:
        async with self.node_site.database.session(
            self.territory.id, role="worker"
        ) as session:
            dataset = await find_dataset(session, uuid.UUID(dataset_id))
        assert dataset is not None
        return dataset

    async def describe(self, dataset_id: str, **changes: str) -> None:
        """Send the form as it was proposed, but for what is changed and what nobody could propose."""
        proposed = {
            name: value
            for name, value in (await self.dataset(dataset_id)).description.items()
            if value
        }
        form = {
            "theme": "energyNetworks",
            "keywords": "compteurs",
            "language": "fr",
            **proposed,
            **changes,
        }
        answer = await self.producer.client.post(
            f"/datasets/{dataset_id}/describe", data=form
        )
        assert answer.status_code == 303, answer.text

    async def publish(
        self, dataset_id: str, reason: str = "On le peut."
    ) -> dict[str, Any]:
        """Publish, tell the portal, and let it say yes: the record as it was pushed."""
        answer = await self.producer.client.post(
            f"/datasets/{dataset_id}/publish", data={"reason": reason, **MEANT}
        )
        assert answer.status_code == 303, answer.text
        dataset = await self.dataset(dataset_id)
        assert dataset.delivery is not None
        record = dataset.delivery.record
        method = dataset.delivery.method
        assert record is not None
        portal_response = await self.pusher.send(method, body=record)
        assert portal_response.status_code == 200, portal_response.text
        async with self.node_site.database.session(
            self.territory.id, role="worker"
        ) as session:
            locked_dataset = await find_dataset(
                session, uuid.UUID(dataset_id), lock=True
            )
            assert locked_dataset is not None
            report = {
                "report_id": str(uuid.uuid4()),
                "method": method,
                "integration_status": "OK",
            }
            assert await apply_report(session, locked_dataset, report)
        await self.feed.run_once()
        return record

    async def drop(self, content: bytes, name: str, dataset_id: str = "") -> str:
        """A draft, or the next version of a dataset."""
        if not dataset_id:
            return await self.producer.draft(content, name)
        answer = await self.producer.send(
            content, name, f"/datasets/{dataset_id}/versions"
        )
        assert answer.status_code == 303, answer.text
        return dataset_id

    async def save_view(self, dataset_id: str, view: str) -> None:
        """Let the dataset open with this view of its data."""
        answer = await self.producer.client.post(
            f"/datasets/{dataset_id}/view", data={"query": view}
        )
        assert answer.status_code == 303, answer.text

    async def drop_part(self, dataset_id: str, content: bytes, name: str) -> None:
        """A file beside the main one, or its next version, published once the dataset is."""
        form = f"/datasets/{dataset_id}/parts"
        part = self.parts.get(dataset_id)
        answer = await self.producer.send(
            content, name, f"{form}/{part}/file" if part else form
        )
        assert answer.status_code == 303, answer.text
        part = self.parts[dataset_id] = answer.headers["location"].rpartition("/")[2]
        answer = await self.producer.client.post(
            f"{form}/{part}",
            data={"title": "x", "role": "data", "publish": "1", "reason": "y", **MEANT},
        )
        assert answer.status_code == 303, answer.text

    async def snapshot(self, dataset_id: str, file_id: str, media_id: str) -> Snapshot:
        """What everybody gets, at every address of both programs, in every form."""
        return {
            address: answer
            async for address, answer in self.read_all(dataset_id, file_id, media_id)
        }

    async def read_all(
        self, dataset_id: str, file_id: str, media_id: str
    ) -> AsyncGenerator[tuple[str, Answer]]:
        """The same, one address after the other."""
        slug = (
            await self.at_portal.get(f"/data/{dataset_id}", follow_redirects=True)
        ).url.path.rpartition("/")[2]
        values = values_of(
            dataset_id,
            media_id,
            file_id,
            producer=SLUG,
            slug=slug,
            portal=self.territory.origin,
            part=self.parts.get(dataset_id, file_id),
        )
        for program, app, client in (
            ("node", self.node_app, self.at_node), ("portal", self.portal_app, self.at_portal),
        ):  # fmt: skip
            for number, path in enumerate(addresses(app, program, values)):
                is_refused = False
                for form in FORMS[program]:
                    method, _, accepted = form.partition(" ")
                    if method == "HEAD" and number % HEADS_ONE_IN:
                        continue
                    if is_refused and number % REFUSED_ONE_IN:
                        continue
                    headers = {"Accept": accepted, "Accept-Encoding": "identity"}
                    answer = _read(await client.request(method, path, headers=headers))
                    is_refused = answer.status >= REFUSED
                    yield f"{program} {method} {path} ({accepted})", answer
        yield (
            "own node GET /",
            _read(
                await self.at_own_node.get("/", headers={"Accept-Encoding": "identity"})
            ),
        )


def _read(answer: httpx.Response) -> Answer:
    headers = sorted(
        (name, value)
        for name, value in answer.headers.items()
        if not name.startswith(NOT_OF_THE_DATASET)
    )
    return Answer(answer.status_code, tuple(headers), answer.content)


def freeze(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let it be this moment for both programs, so that no answer differs by when it is given."""
    replace_clock(monkeypatch, lambda: moment)


def replace_clock(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], datetime]
) -> None:
    """Have both programs read another clock."""
    real = clock.now
    for module in [
        loaded_module
        for name, loaded_module in sys.modules.items()
        if name.startswith("udi.")
    ]:
        if getattr(module, "now", None) is real:
            monkeypatch.setattr(module, "now", read)
