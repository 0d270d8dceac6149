"""Random worlds: two territories of the same names, three producers each, people who ask and who answer for others too."""

import random
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from tests.depth import examples
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker, open_asker
from tests.protocol.test_subject_requests import TABLE
from tests.service_overrides import ServiceOverrides
from tests.visitors import browse
from udi.kit.db import Database
from udi.kit.keys import Signer
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.exchange.portal import PORTAL_KEYS
from udi.node.spaces.actions import apply_space
from udi.protocol.subject_requests import SubjectRequestEvent

PRODUCERS = ("mairie", "ecole", "eau")
PEOPLE = 3
MOVES = 24
SEEDS = examples(1, 20)
LISTED = re.compile(r"/requests/([0-9a-f-]{36})")
DOORS = {"person": {"person"}, "agent": {"agent", "officer"}}
HOLDING = {
    "not_overdue",
    "identity_request_left",
    "never_extended",
    "never_escalated",
}
"""Conditions that hold of a request at first; those that a move uses up are taken away."""
DECISIONS = ("answer", "refuse")
SECOND_LOOK = ("uphold", "overturn")
"""For others than who decided."""
USED_UP = {"extend": "never_extended", "escalate": "never_escalated"}
WORDS: dict[str, dict[str, str]] = {
    "give_identity": {"text": "Le code est 4471."},
    "escalate": {"text": "Il manque 2023."},
}


@dataclass
class Somebody:
    """A person in one territory: who asks, and who answers for the producers that they manage."""

    asker: Asker
    agent: Agent
    managed: frozenset[str]


@dataclass
class ModelRequest:
    """What the model knows of a request."""

    id: str
    territory: int
    producer: str
    owner: int
    state: str = "submitted"
    identity_requests: int = 0
    decided_by: int | None = None
    holding: set[str] = field(default_factory=lambda: set(HOLDING))

    def allows(self, event: str, side: str) -> bool:
        """Whether the table allows it to who may open it on this side."""
        actor, conditions, _ = TABLE.get((self.state, event), ("", frozenset(), ""))
        return actor in DOORS[side] and conditions <= self.holding

    def move(self, event: str, number: int) -> None:
        """What the table says of it, done by somebody."""
        if event in DECISIONS:
            self.decided_by = number
        self.state = TABLE[self.state, event][2]
        self.holding.discard(USED_UP.get(event, ""))
        self.identity_requests += event == "ask_identity"
        if self.identity_requests == 2:
            self.holding.discard("identity_request_left")


@dataclass
class RequestWorld:
    """Everybody, and all requests that there are."""

    people: list[list[Somebody]]
    """By territory, then by person."""
    requests: list[ModelRequest] = field(default_factory=list)

    async def ask(self, draw: random.Random) -> None:
        """Somebody asks a producer of a territory."""
        territory = draw.randrange(len(self.people))
        owner = draw.randrange(PEOPLE)
        producer = draw.choice(PRODUCERS)
        asker = self.people[territory][owner].asker
        request_id = await asker.ask(producer=producer)
        self.requests.append(ModelRequest(request_id, territory, producer, owner))

    async def try_move(self, draw: random.Random) -> None:
        """Anybody tries any event on any request, from any territory: it is done, refused or not found as the model says."""
        request = draw.choice(self.requests)
        territory = draw.randrange(len(self.people))
        number = draw.randrange(PEOPLE)
        somebody = self.people[territory][number]
        side = draw.choice(sorted(DOORS))
        event = str(draw.choice(list(SubjectRequestEvent)))
        if side == "person":
            is_open = number == request.owner
            answer = await somebody.asker.act(request.id, event, **WORDS.get(event, {}))
        else:
            is_open = request.producer in somebody.managed
            answer = await somebody.agent.act(request.id, event)
        is_open = is_open and territory == request.territory
        status = self._expect(request, event, side, number, is_open=is_open)
        assert answer.status_code == status, (request, side, event, answer.text)
        if status == httpx.codes.SEE_OTHER:
            request.move(event, number)

    @staticmethod
    def _expect(
        request: ModelRequest, event: str, side: str, number: int, *, is_open: bool
    ) -> int:
        if not is_open:
            return 404
        if not request.allows(event, side):
            return 409
        return 403 if event in SECOND_LOOK and request.decided_by == number else 303

    async def check_lists(self) -> None:
        """Everybody sees their own requests, and those to the producers that they manage; nothing of the other territory."""
        for territory, people in enumerate(self.people):
            local_requests = [
                one for one in self.requests if one.territory == territory
            ]
            for number, somebody in enumerate(people):
                own_ids = {one.id for one in local_requests if one.owner == number}
                page = await somebody.asker.client.get("/subjects/requests")
                assert set(LISTED.findall(page.text)) == own_ids
                managed = {
                    one.id for one in local_requests if one.producer in somebody.managed
                }
                assert await _list_managed(somebody) == managed

    async def check_pages(self) -> None:
        """Each request opens for who asked and for who manages its producer, and for nobody else."""
        for request in self.requests:
            for territory, people in enumerate(self.people):
                for number, somebody in enumerate(people):
                    is_here = territory == request.territory
                    is_own = is_here and number == request.owner
                    is_managed = is_here and request.producer in somebody.managed
                    pages = [
                        await somebody.asker.see(request.id),
                        await somebody.agent.see(request.id),
                    ]
                    assert [page.status_code for page in pages] == [
                        200 if is_own else 404,
                        200 if is_managed else 404,
                    ]


async def _list_managed(somebody: Somebody) -> set[str]:
    """What the list of a producer's people shows, those that are over too."""
    listed = set[str]()
    for query in ("", "?ended=true"):
        page = await somebody.agent.client.get(f"/requests{query}")
        if page.status_code == httpx.codes.OK:
            listed |= set(LISTED.findall(page.text))
    return listed


@pytest.fixture
async def world(
    node_app: Litestar,
    node_database: Database,
    demo: Territory,
    other: Territory,
    signer: Signer,
    services: ServiceOverrides,
    make_person: Callable[..., Login],
    request: pytest.FixtureRequest,
) -> AsyncIterator[RequestWorld]:
    draw = random.Random(request.param)  # noqa: S311 - worlds that can be made again
    keys: Any = services[PORTAL_KEYS]
    async with AsyncExitStack() as stack:
        people = []
        for territory in (demo, other):
            published = (signer.public_keys(), time.monotonic())
            keys._cached_keys[territory.links["portal"]] = published
            for slug in PRODUCERS:
                async with node_database.session(territory.id, role="owner") as session:
                    await apply_space(
                        session,
                        slug=slug,
                        organisation_id=uuid4(),
                        name=slug,
                        email=f"{slug}@people.example",
                        quota_bytes=10**6,
                    )
            inhabitants = []
            for _ in range(PEOPLE):
                managed = frozenset(draw.sample(PRODUCERS, draw.randint(0, 2)))
                login = make_person(
                    territory, memberships={slug: ["managers"] for slug in managed}
                )
                asker = await stack.enter_async_context(
                    open_asker(node_app, territory, signer)
                )
                client = await stack.enter_async_context(
                    browse(node_app, territory, login)
                )
                inhabitants.append(Somebody(asker, Agent(client), managed))
            people.append(inhabitants)
        yield RequestWorld(people)


@pytest.mark.parametrize(
    ("world", "seed"), [(seed, seed) for seed in range(SEEDS)], indirect=["world"]
)
async def test_nobody_moves_or_sees_what_the_model_does_not_say(
    world: RequestWorld, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - worlds that can be made again
    for _ in range(4):
        await world.ask(draw)
    for _ in range(MOVES):
        if draw.random() < 0.15:
            await world.ask(draw)
        await world.try_move(draw)

    await world.check_lists()
    await world.check_pages()
