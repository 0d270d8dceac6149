"""Somebody who asks a producer about themselves, for the walk of every page."""

import time
from contextlib import AsyncExitStack

import httpx
from litestar import Litestar

from tests.node.subject_requests.askers import open_asker
from udi.kit.keys import Signer, new_secret
from udi.kit.tenancy import Territory
from udi.node.datasets.exchange.portal import PORTAL_KEYS


async def write_subject_request(
    stack: AsyncExitStack,
    node_app: Litestar,
    territory: Territory,
    visitors: dict[str, httpx.AsyncClient],
) -> dict[str, str]:
    """Somebody asks the town hall about themselves, and has begun to ask again."""
    signer = Signer.from_secret(new_secret())
    keys = node_app.state.site.services[PORTAL_KEYS]
    published = (signer.public_keys(), time.monotonic())
    keys._cached_keys[territory.links["portal"]] = published
    asker = await stack.enter_async_context(open_asker(node_app, territory, signer))
    visitors["subject"] = asker.client
    request_id = await asker.ask()
    await asker.bring()
    return {"node request": request_id}
