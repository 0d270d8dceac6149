"""Requests on paper, the dossier, who takes the second look, and what waits."""

import re
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.producer import SLUG
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker
from tests.node.subject_requests.test_walk import look, put
from udi.kit.clock import now
from udi.kit.credentials import InvalidSignatureError
from udi.kit.db import Database
from udi.kit.keys import verify_document
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.upkeep.pending_work import count_waiting, list_everything
from udi.node.subject_requests.dossiers.signing import DOSSIER
from udi.protocol.deadlines import answer_day
from udi.protocol.inbox import NodeInboxKind
from udi.ui.site import Site

PATH = f"/spaces/{SLUG}/requests/new"
SETTINGS = f"/spaces/{SLUG}/requests/settings"
FORM = {
    "received_on": (now() - timedelta(days=9)).date().isoformat(),
    "right": "erasure",
    "person_name": "Nom Inventé",
    "person_contact": "3 rue des Mouettes",
    "words": "Effacez tout.",
}


async def test_the_month_of_a_paper_runs_from_the_day_on_which_it_came(
    agent: Agent, node_database: Database, demo: Territory
) -> None:
    written = await agent.client.post(PATH, data=FORM)

    request_id = written.headers["location"].rpartition("/")[2]
    row, _ = await look(node_database, demo, request_id)
    assert row.received_on.isoformat() == FORM["received_on"]
    assert row.due_on == answer_day(row.received_on, "FR")
    assert (row.subject_id, row.channel) == (None, "paper")
    assert re.fullmatch(r"P[2-9A-Z]{3}-[2-9A-Z]{3}", row.number)
    page = (await agent.see(request_id)).text
    assert "Nom Inventé" in page
    assert "3 rue des Mouettes" in page


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("received_on", "2090-01-01"),
        ("received_on", "hier"),
        ("right", "everything"),
        ("person_name", ""),
        ("person_contact", " "),
    ],
)
async def test_what_a_paper_lacks_is_named(agent: Agent, name: str, value: str) -> None:
    answer = await agent.client.post(PATH, data=FORM | {name: value})

    assert answer.status_code == 422
    assert f'href="#paper-{name}"' in answer.text


async def test_papers_and_settings_are_for_managers(
    node_app: Litestar,
    demo: Territory,
    space: object,
    publisher: Login,
    stranger: Login,
    passer_by: httpx.AsyncClient,
    browse: Browse,
) -> None:
    for path, form in ((PATH, FORM), (SETTINGS, {"officer_email": "a@b.example"})):
        assert (await passer_by.post(path, data=form)).status_code == 401
        for login, status in ((publisher, 403), (stranger, 404)):
            async with browse(node_app, demo, login) as client:
                assert (await client.get(path)).status_code == status
                assert (await client.post(path, data=form)).status_code == status


async def test_the_officer_is_named_changed_and_taken_away(agent: Agent) -> None:
    named = await agent.client.post(
        SETTINGS, data={"officer_email": "dpo@kerlevan.example"}
    )
    settings_page = await agent.client.get(SETTINGS)
    refused = await agent.client.post(
        SETTINGS, data={"officer_email": "not an address"}
    )
    emptied = await agent.client.post(SETTINGS, data={"officer_email": ""})

    assert (named.status_code, refused.status_code, emptied.status_code) == (
        303,
        422,
        303,
    )
    assert "dpo@kerlevan.example" in settings_page.text
    assert "dpo@kerlevan.example" not in (await agent.client.get(SETTINGS)).text


async def test_the_dossier_has_all_that_was_written(asker: Asker, agent: Agent) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "refuse")

    answer = await agent.client.get(f"/requests/{request_id}/dossier.json")

    document = answer.json()
    dossier = document["dossier"]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert dossier["asked"]["known_by"] == "numéro de famille 4471"
    assert [entry["what"] for entry in dossier["history"]] == ["submit", "refuse"]
    assert dossier["history"][1]["ground"] == "unfounded_or_excessive"
    keys = await agent.client.get("/.well-known/jwks.json")
    origin = asker.territory.links["node"]
    assert document["keys"] == f"{origin}/.well-known/jwks.json"
    assert all("d" not in key for key in keys.json()["keys"])
    signed = verify_document(
        document["jws"], keys.json(), kind=DOSSIER, issuer=origin, audience=origin
    )
    assert signed["dossier"] == dossier
    other = f"{document['jws'][:-8]}AAAAAAAA"
    with pytest.raises(InvalidSignatureError):
        verify_document(
            other, keys.json(), kind=DOSSIER, issuer=origin, audience=origin
        )


async def test_what_waits_is_at_the_inbox_with_its_last_day(
    asker: Asker,
    agent: Agent,
    node_app: Litestar,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    publisher: Login,
    browse: Browse,
) -> None:
    request_id = await asker.ask(number="7F3K-2M")
    answered = await asker.ask(number="8M2D-1A")
    await agent.act(answered, "refuse")
    due_on = now().date() - timedelta(days=1)
    await put(node_database, demo, request_id, due_on=due_on)

    page = (await agent.client.get("/inbox")).text

    assert f'href="/requests/{request_id}"' in page
    assert "8M2D-1A" not in page
    async with node_database.session(demo.id, role="worker") as session:
        items = await list_everything(node_site.services, session, demo)
    [number] = count_waiting(items)
    assert (number.producer, number.number, number.due_on) == (SLUG, 1, due_on)
    assert number.kind is NodeInboxKind.SUBJECT_REQUEST
    async with browse(node_app, demo, publisher) as client:
        assert "7F3K-2M" not in (await client.get("/inbox")).text


async def test_the_menu_leads_managers_to_requests(
    agent: Agent, node_app: Litestar, demo: Territory, publisher: Login, browse: Browse
) -> None:
    link = '<a href="/requests"'

    assert link in (await agent.client.get("/")).text
    async with browse(node_app, demo, publisher) as client:
        assert link not in (await client.get("/")).text


async def test_who_asked_reads_what_is_kept_of_them(asker: Asker) -> None:
    await asker.ask()

    page = (await asker.client.get("/subjects/requests")).text

    assert "Demandes sur mes données" in page
    assert "Lecteur de réponses" in page
