"""What people do, sent as the forms of their pages send it: for the steps that lead to what a journey is about.

The pages on the way are looked at in a browser by `test_publish_and_find.py` and `test_restricted.py`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from playwright.async_api import BrowserContext, Page

from tests.identity.browser import SAME_SITE
from tests.journeys.installation import Installation
from tests.journeys.steps import PUBLISHER
from tests.node.producer import Producer
from tests.own_node.node import log_in
from udi.settings import ProgramName

PORTS: dict[ProgramName, int] = {"portal": 0, "node": 1}


@asynccontextmanager
async def logged_in(
    place: Installation, program: ProgramName, username: str = PUBLISHER
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody of the first territory, who logged in at a program through Keycloak's own forms."""
    origin = place.portal() if program == "portal" else place.node()
    headers = {
        **SAME_SITE,
        "Host": origin.removeprefix("http://"),
        "Accept-Language": "fr",
    }
    address = f"http://127.0.0.1:{place.settings.port(PORTS[program])}"
    async with httpx.AsyncClient(
        base_url=address, headers=headers, timeout=60
    ) as client:
        await log_in(client, username, place.password(username), origin=origin)
        yield client


async def open_logged_in(
    context: BrowserContext, origin: str, client: httpx.AsyncClient
) -> Page:
    """A tab of a browser that has the session of who logged in by forms, at a program's origin."""
    await context.add_cookies(
        [
            {"name": cookie.name, "value": cookie.value or "", "url": origin}
            for cookie in client.cookies.jar
        ]
    )
    return await context.new_page()


async def publish_file(
    place: Installation, content: bytes, name: str, title: str
) -> str:
    """Somebody of the town hall publishes a file; the dataset's identifier."""
    async with logged_in(place, "node") as client:
        producer = Producer(client)
        dataset = await producer.draft(content, name)
        return await producer.publish(dataset, title=title)


async def publish_restricted(client: httpx.AsyncClient, table: str, title: str) -> str:
    """Who is logged in at the node publishes a table as restricted; the dataset's identifier."""
    producer = Producer(client)
    dataset = await producer.draft(table.encode(), "ilots.csv")
    no_days = {"first_day": "", "last_day": ""}
    return await producer.publish(dataset, title=title, access="restricted", **no_days)
