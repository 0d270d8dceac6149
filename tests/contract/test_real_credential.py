"""The whole way of a new node: its credential from the real identity service, a token, a push, its report."""

import asyncio

import httpx
import pytest
from litestar import Litestar

from tests.contract.node import (
    RESOURCES,
    Pusher,
    clear_queue,
    deliver,
    make_record,
    receiver,
    registered,
)
from udi.kit.tenancy import Territory
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.territory import apply_machine, remove_machine
from udi.portal.nodes.actions.register import suspend_node
from udi.portal.nodes.queries import get_node
from udi.settings import Settings
from udi.ui.site import Site

GRANT = {"grant_type": "client_credentials"}


@pytest.mark.usefixtures("keycloak")
async def test_a_node_exchanges_its_credential_and_pushes(
    settings: Settings, portal_site: Site, portal_app: Litestar, demo: Territory
) -> None:
    await clear_queue(portal_site)
    connection = await asyncio.to_thread(admin.connect, settings)
    with receiver() as mailbox:
        node, organisation = await registered(
            portal_site, demo, slug="real", url=mailbox.origin
        )
        machine = await asyncio.to_thread(
            apply_machine, connection, node.client_id, demo.origin
        )
        assert machine.secret
        transport = httpx.ASGITransport(app=portal_app)
        base = f"http://{demo.hosts[0]}"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            refused_response = await client.post(
                "/oauth2/token", data=GRANT, auth=(node.client_id, "wrong")
            )
            granted = await client.post(
                "/oauth2/token", data=GRANT, auth=(node.client_id, machine.secret)
            )
            client.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
            pusher = Pusher(portal_site, demo, node, organisation, client)

            pushed = await client.post(RESOURCES, json=make_record(organisation))
            await deliver(pusher)

            async with portal_site.database.session(demo.id) as session:
                await suspend_node(session, await get_node(session, node.slug))
            suspended = await client.post(RESOURCES, json=make_record(organisation))
        await asyncio.to_thread(remove_machine, connection, node.client_id)

    assert (refused_response.status_code, granted.status_code) == (401, 200)
    assert pushed.status_code == 200, pushed.text
    assert [received.document["report_id"] for received in mailbox.reports] == [
        pushed.json()
    ]
    assert suspended.status_code == 403
