"""An inhabitant asks three producers in a real browser, through both programs: one answers, one extends, one is late."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urljoin, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, Route
from sqlalchemy import select, update

from tests.contract.credentials.test_subject_requests import Exchange, exchange
from tests.node.producer import SLUG
from tests.node.subject_requests.agents import Agent
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.node.spaces.actions import apply_space
from udi.node.subject_requests.deadlines.clock import advance_requests
from udi.node.subject_requests.models import SubjectRequest
from udi.portal.organisations.models import Organisation

__all__ = ["exchange"]
OTHERS = {"eau": "Régie de l’eau", "ecole": "École des Dunes"}
ELSEWHERE = '<!doctype html><html lang="en"><title>Elsewhere</title></html>'
RECEIPT = re.compile(r"/my-data/requests/[0-9a-f-]{36}$")
"""Where the browser is once the portal knows that the request was written; what the node tells before is not taken."""
WORD = re.compile(r"\w[\w’'-]*")


@dataclass
class Journey:
    """A page in front of both programs, the clicks that were made in it, and the words that were to be read."""

    page: Page
    clients: dict[str, httpx.AsyncClient]
    clicks: int = 0
    words: int = 0
    field_count: int = 0
    seen: list[str] = field(default_factory=list)

    async def answer(self, route: Route) -> None:
        """Answer for the program of the address; a redirect is followed by the page itself, so that its address is the last one."""
        request = route.request
        parts = urlsplit(request.url)
        client = self.clients.get(parts.netloc)
        if client is None:
            await route.fulfill(status=200, content_type="text/html", body=ELSEWHERE)
            return
        came_from = urlsplit(request.headers.get("referer", "")).netloc
        is_foreign = came_from not in {"", parts.netloc} or bool(
            request.method == "POST" and not came_from
        )
        headers = {
            "Accept": "text/html",
            "Accept-Language": "en",
            "Sec-Fetch-Site": "cross-site" if is_foreign else "same-origin",
        }
        if kind := request.headers.get("content-type"):
            headers["Content-Type"] = kind
        response = await client.request(
            request.method,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            content=request.post_data_buffer,
            headers=headers,
        )
        if response.has_redirect_location:
            target = urljoin(request.url, response.headers["location"])
            body = f'<!doctype html><title>-</title><a id="on" href="{target}">on</a><script>location.replace(document.getElementById("on").href)</script>'
            await route.fulfill(status=200, content_type="text/html", body=body)
            return
        await route.fulfill(
            status=response.status_code,
            content_type=response.headers.get("content-type", "text/html"),
            body=response.content,
        )

    async def open(self, address: str) -> None:
        """Come to a page."""
        await self.page.goto(address)
        await self.read()

    async def read(self) -> None:
        """Count the words of the page, once it is there."""
        heading = self.page.locator("main h1")
        await heading.wait_for()
        self.seen.append(await heading.inner_text())
        content = await self.page.locator("main").inner_text()
        self.words += len(WORD.findall(content))

    async def click(self, target: Locator, *, leads_on: bool = False) -> None:
        """Click; where it leads on, read what comes."""
        before = self.page.url
        await target.click()
        self.clicks += 1
        if leads_on:
            await self.page.wait_for_url(lambda url: url != before)
            await self.page.locator("main h1").wait_for()
            await self.read()

    async def type(self, name: str, text: str) -> None:
        """Fill in a field."""
        await self.page.locator(f'[name="{name}"]').fill(text)
        self.field_count += 1


@pytest.fixture
async def producers(exchange: Exchange) -> list[str]:
    """Three producers on the hosted node."""
    world = exchange.world
    for slug, name in OTHERS.items():
        id_ = uuid4()
        async with world.portal.database.session(world.territory.id) as session:
            session.add(
                Organisation(
                    id=id_, slug=slug, name=name, summary={}, email="a@example.org", url="", address="",
                    producer=True,
                )
            )  # fmt: skip
        async with world.node.database.session(
            world.territory.id, role="owner"
        ) as session:
            await apply_space(
                session, slug=slug, organisation_id=id_, name=name, email="a@example.org",
                quota_bytes=10**6,
            )  # fmt: skip
    return [SLUG, *OTHERS]


@pytest.fixture
async def agent(exchange: Exchange) -> AsyncIterator[Agent]:
    """Somebody who answers for all three."""
    world = exchange.world
    groups = {slug: ["managers"] for slug in (SLUG, *OTHERS)}
    someone = make_person(world.territory, memberships=groups)
    async with browse(world.apps["node"], world.territory, someone) as client:
        yield Agent(client)


@pytest.fixture
async def journey(exchange: Exchange, browser: Browser) -> Journey:
    territory = exchange.world.territory
    page = await browser.new_page()
    clients = {
        urlsplit(territory.origin).netloc: exchange.person,
        urlsplit(territory.links["node"]).netloc: exchange.asker.client,
    }
    journey = Journey(page, clients)
    await page.route("**/*", journey.answer)
    return journey


async def find_requests(exchange: Exchange) -> dict[str, UUID]:
    """The requests at the node, by the words that were written to each."""
    world = exchange.world
    async with world.node.database.session(
        world.territory.id, role="worker"
    ) as session:
        rows = await session.scalars(select(SubjectRequest))
        return {row.concerns: row.id for row in rows}


async def pass_time(exchange: Exchange, request_id: UUID) -> None:
    """The last day of a request is over, and the node's worker sees it."""
    world = exchange.world
    received_at = now() - timedelta(days=34)
    values = {
        "received_at": received_at,
        "received_on": received_at.date(),
        "due_on": now().date() - timedelta(days=3),
    }
    async with world.node.database.session(
        world.territory.id, role="worker"
    ) as session:
        row = SubjectRequest.id == request_id
        await session.execute(update(SubjectRequest).where(row).values(**values))
        await advance_requests(session)


async def ask_three(journey: Journey, origin: str, producers: list[str]) -> None:
    """Choose three, and write to each."""
    page = journey.page
    await journey.open(f"{origin}/my-data")
    for slug in producers:
        await journey.click(page.locator(f'input[name="org"][value="{slug}"]'))
    ask = page.get_by_role("button", name="Ask here")
    await journey.click(ask, leads_on=True)
    begin = page.get_by_role("button", name="Begin 3 requests")
    await journey.click(begin, leads_on=True)
    for number in range(3):
        if number:
            await journey.open(f"{origin}/my-data/requests")
        going_on = page.get_by_role("link", name=re.compile("^Continue")).first
        await journey.click(going_on, leads_on=True)
        ticket = page.get_by_role("button", name=re.compile("^Go on at"))
        await journey.click(ticket, leads_on=True)
        await journey.type("concerns", f"concern {number}")
        await journey.type("known_by", "card 4471")
        send = page.get_by_role("button", name="Send my request")
        await journey.click(send, leads_on=True)
        await page.wait_for_url(RECEIPT)


@pytest.mark.thorough
async def test_an_inhabitant_asks_three_of_whom_one_answers_one_extends_one_is_late(
    exchange: Exchange, producers: list[str], agent: Agent, journey: Journey
) -> None:
    origin = exchange.world.territory.origin
    await ask_three(journey, origin, producers)
    before = (journey.clicks, journey.field_count, journey.words)
    requests = await find_requests(exchange)
    answered, extended, late = (requests[f"concern {number}"] for number in range(3))
    for request_id in (answered, extended):
        await agent.act(str(request_id), "accept")
    assert (await agent.act(str(answered), "answer")).status_code == 303
    assert (await agent.act(str(extended), "extend")).status_code == 303
    await pass_time(exchange, late)
    await exchange.report()

    page = journey.page
    await journey.open(f"{origin}/my-data/requests")
    states = await page.locator("main").inner_text()
    reading = page.get_by_role("link", name=re.compile("^Read what is new")).first
    await journey.click(reading, leads_on=True)
    first = await page.locator("main").inner_text()
    await journey.open(f"{origin}/my-data/requests")
    await journey.click(
        page.get_by_role("link", name=re.compile("^Read what is new")).last,
        leads_on=True,
    )
    second = await page.locator("main").inner_text()

    print(  # noqa: T201 - figures to publish
        f"three requests: {before[0]} clicks, {before[1]} fields, {before[2]} words;"
        f" with the reading of both answers {journey.clicks} clicks, {journey.words} words"
    )
    assert len(requests) == 3
    assert "days late" in states
    pages = first + second
    assert "Voici vos repas." in pages
    assert "Trois services à fouiller." in pages
    assert journey.clicks < 30
