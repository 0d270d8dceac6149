"""What pages promise: who takes the second look, what a hold keeps, what nobody reads of a paper, what is late."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.producer import SLUG
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker
from tests.node.subject_requests.test_paper import FORM, PATH, SETTINGS
from tests.node.subject_requests.test_walk import put
from tests.visitors import enter
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.upkeep.pending_work import list_everything
from udi.ui.site import Site

OFFICER = "Son délégué à la protection des données fait un second examen."
COLLEAGUE = "Une autre personne que celle qui a décidé"
NOBODY = "Personne ne peut y faire un second examen"
FORM_OF_SECOND_LOOK = "events/escalate"
TEXT = "C’est la deuxième fois."


async def test_a_colleague_takes_the_second_look_whatever_the_portal_said(
    asker: Asker, agent: Agent, colleague: Agent
) -> None:
    request_id = await asker.ask(officer=True)
    await agent.act(request_id, "refuse")

    page = (await asker.see(request_id)).text

    assert (OFFICER in page, NOBODY in page) == (False, False)
    assert FORM_OF_SECOND_LOOK in page


async def test_the_officer_whom_the_producer_named_takes_it(
    asker: Asker, agent: Agent
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "refuse")
    await agent.client.post(SETTINGS, data={"officer_email": "dpo@kerlevan.example"})

    page = (await asker.see(request_id)).text

    assert OFFICER in page
    assert FORM_OF_SECOND_LOOK in page


@pytest.mark.parametrize("event", ["refuse", None])
async def test_where_nobody_can_take_it_the_page_names_the_authority(
    asker: Asker,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    make_person: Callable[..., Login],
    event: str | None,
) -> None:
    login = make_person(demo, memberships={SLUG: ["publishers"]})
    await enter(node_site, demo, login=login)
    request_id = await asker.ask()
    values: dict[str, Any] = {"due_on": now().date() - timedelta(days=3)}
    if event is not None:
        values |= {"state": "refused", "decided_at": now()}
    await put(node_database, demo, request_id, **values)

    page = (await asker.see(request_id)).text

    assert NOBODY in page
    assert "CNIL" in page
    assert FORM_OF_SECOND_LOOK not in page


async def test_an_officer_who_decided_is_nobody_for_the_second_look(
    asker: Asker,
    colleague: Agent,
    node_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
    browse: Browse,
) -> None:
    request_id = await asker.ask()
    officer = make_person(demo, memberships={SLUG: ["managers"]})
    async with browse(node_app, demo, officer) as client:
        await client.post(SETTINGS, data={"officer_email": officer.email})
        assert (await Agent(client).act(request_id, "refuse")).status_code == 303

    page = (await asker.see(request_id)).text

    assert NOBODY in page
    assert FORM_OF_SECOND_LOOK not in page


async def test_a_decision_that_was_kept_is_not_said_to_be_contestable(
    asker: Asker, agent: Agent, colleague: Agent
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "refuse")
    await asker.act(request_id, "escalate", text=TEXT)
    await colleague.act(request_id, "uphold")

    page = (await asker.see(request_id)).text

    assert "Vous le demandez sur cette page" not in page
    assert "Le second examen est fait" in page
    assert "CNIL" in page


async def test_a_contested_decision_is_late_nowhere(
    asker: Asker,
    agent: Agent,
    colleague: Agent,
    node_site: Site,
    node_database: Database,
    demo: Territory,
) -> None:
    request_id = await asker.ask(number="7F3K-2M")
    await agent.act(request_id, "refuse")
    await asker.act(request_id, "escalate", text=TEXT)
    due_on = now().date() - timedelta(days=3)
    await put(node_database, demo, request_id, due_on=due_on)

    list_page = (await agent.client.get("/requests")).text
    pages = [
        list_page,
        (await agent.see(request_id)).text,
        (await asker.see(request_id)).text,
        (await asker.client.get("/subjects/requests")).text,
    ]

    assert "7F3K-2M" in list_page
    assert [page for page in pages if "retard" in page.lower()] == []
    async with node_database.session(demo.id, role="worker") as session:
        [item] = await list_everything(node_site.services, session, demo)
    assert (item.title, item.due_on) == ("7F3K-2M", None)


async def test_a_hold_is_said_where_destruction_would_be(
    asker: Asker, agent: Agent, colleague: Agent
) -> None:
    request_id = await asker.ask()
    before = (await asker.see(request_id)).text
    await agent.client.post(
        f"/requests/{request_id}/hold", data={"reference": "12", "hold": "on"}
    )
    held_page = (await asker.see(request_id)).text
    await agent.act(request_id, "refuse")

    refused_page = (await asker.see(request_id)).text

    assert "est détruit tout de suite" in before
    assert "est détruit tout de suite" not in held_page
    assert "est conservé pour une réclamation" in held_page
    assert "Lisible jusqu" not in refused_page
    assert "Tout reste lisible ici" in refused_page


async def test_nothing_on_paper_is_said_to_be_read_here(agent: Agent) -> None:
    written = await agent.client.post(PATH, data=FORM)
    request_id = written.headers["location"].rpartition("/")[2]

    identity_response = await agent.act(request_id, "ask_identity")
    accept_response = await agent.act(request_id, "accept")
    page = (await agent.see(request_id)).text

    assert (identity_response.status_code, accept_response.status_code) == (409, 303)
    assert "n’a pas de page" in unescape(identity_response.text)
    assert "events/ask_identity" not in page
    assert "Seule cette personne" not in page
    assert "Vous l’envoyez vous-même" in page
