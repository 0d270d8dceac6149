"""Several tickets in a browser, a way back that was lost, and words of a form that could not be taken."""

import re
import uuid
from html import unescape

import httpx
import pytest
from sqlalchemy import select

from tests.node.producer import SLUG
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import FORM, OLD, Asker
from tests.node.subject_requests.test_walk import put
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.spaces.actions import apply_space
from udi.node.spaces.models import Space
from udi.node.subject_requests.identity import SUBJECT_AREA
from udi.node.subject_requests.models import ReportState, SubjectRequest
from udi.ui.login import cookie_name

PORT = "port"
WORDS = {"text": "Je cherche aussi les repas de 2023."}


@pytest.fixture
async def port(node_database: Database, demo: Territory, space: Space) -> str:
    """Another producer of the same node."""
    async with node_database.session(demo.id, role="owner") as session:
        await apply_space(
            session, slug=PORT, organisation_id=uuid.UUID(int=8), name="Port de Kerlévan",
            email="port@example.org", quota_bytes=1,
        )  # fmt: skip
    return PORT


async def list_written(database: Database, territory: Territory) -> dict[str, str]:
    """To whom each request goes, by what it says."""
    query = select(SubjectRequest, Space.slug).join(
        Space, Space.id == SubjectRequest.space_id
    )
    async with database.session(territory.id, role="worker") as session:
        return {row.words: slug for row, slug in await session.execute(query)}


async def test_each_form_goes_to_the_producer_that_it_names(
    asker: Asker, port: str, node_database: Database
) -> None:
    first = uuid.uuid4()
    second = uuid.uuid4()
    await asker.bring(first)
    brought = await asker.bring(second, producer=port)
    form = await asker.client.get(f"/subjects/new?ticket={first}")
    newest = await asker.client.get(brought.headers["location"])

    sent = await asker.write(first, FORM | {"words": "Pour la mairie"})
    other = await asker.write(second, FORM | {"words": "Pour le port"})

    assert f'name="ticket" value="{first}"' in form.text
    assert "Mairie de Kerlévan" in form.text
    assert "Port de Kerlévan" in newest.text
    assert (sent.status_code, other.status_code) == (303, 303)
    assert await list_written(node_database, asker.territory) == {
        "Pour la mairie": SLUG,
        "Pour le port": port,
    }


@pytest.mark.parametrize("named", ["", str(uuid.UUID(int=5)), "x"])
async def test_a_form_of_no_open_ticket_comes_back_and_says_for_whom_it_is_now(
    asker: Asker, port: str, node_database: Database, named: str
) -> None:
    request_id = uuid.uuid4()
    await asker.bring(request_id, producer=port)

    answer = await asker.client.post("/subjects/new", data=FORM | {"ticket": named})

    assert answer.status_code == 409
    assert "Ce formulaire s’adresse maintenant à Port de Kerlévan" in answer.text
    assert FORM["words"] in answer.text
    assert f'name="ticket" value="{request_id}"' in answer.text
    assert await list_written(node_database, asker.territory) == {}


async def test_a_way_back_that_was_lost_is_found_again(
    asker: Asker, neighbour: Asker, node_database: Database
) -> None:
    request_id = uuid.uuid4()
    await asker.bring(request_id)
    back = (await asker.write(request_id)).headers["location"]

    again = await asker.write(request_id)
    reopened = await asker.client.get(f"/subjects/new?ticket={request_id}")
    brought = await asker.bring(request_id)
    page = await asker.see(str(request_id))

    address = f"/subjects/requests/{request_id}"
    assert again.headers["location"] == back
    assert (reopened.status_code, reopened.headers["location"]) == (303, address)
    assert (brought.status_code, brought.headers["location"]) == (303, address)
    assert f'href="{back}"' in unescape(page.text)
    stolen = await neighbour.write(request_id)
    assert (stolen.status_code, "confirmation" in stolen.text) == (403, False)
    await put(
        node_database, asker.territory, str(request_id), report_state=ReportState.LINKED
    )
    assert "confirmation=" not in (await asker.see(str(request_id))).text
    assert (await asker.write(request_id)).headers["location"] == address


def forget_login(asker: Asker) -> None:
    """The session idled out: its cookie is there, and opens nothing."""
    name = cookie_name(asker.territory.links["node"], SUBJECT_AREA.cookie)
    asker.client.cookies.delete(name)
    asker.client.cookies.set(name, "x" * 43)


def read_fields(page: str) -> dict[str, str]:
    """What the form of a page sends."""
    areas = re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n?([^<]*)<', page)
    inputs = re.findall(
        r'<input[^>]*name="(known_by|ticket)"[^>]*value="([^"]*)"', page
    )
    return {name: unescape(value) for name, value in (*areas, *inputs)}


async def test_words_come_back_after_the_session_idled_out_and_are_sent_again(
    asker: Asker, node_database: Database
) -> None:
    request_id = uuid.uuid4()
    await asker.bring(request_id)
    forget_login(asker)

    refused = await asker.write(request_id)
    await asker.log_in()
    sent = await asker.client.post("/subjects/new", data=read_fields(refused.text))

    assert refused.status_code == 403
    assert "/subjects/login?back=/subjects/requests" in refused.text
    portal = asker.territory.links["portal"]
    assert portal in refused.headers["content-security-policy"]
    assert sent.status_code == 303
    assert await list_written(node_database, asker.territory) == {FORM["words"]: SLUG}


async def test_words_come_back_after_an_hour_and_are_sent_with_a_new_ticket(
    asker: Asker, node_database: Database
) -> None:
    request_id = uuid.uuid4()

    refused = await asker.write(request_id)
    await asker.bring(request_id)
    sent = await asker.client.post("/subjects/new", data=read_fields(refused.text))

    assert refused.status_code == 403
    assert f"{asker.territory.links['portal']}/my-data/requests" in refused.text
    assert sent.status_code == 303
    assert await list_written(node_database, asker.territory) == {FORM["words"]: SLUG}


@pytest.mark.parametrize("way", ["messages", "events/escalate"])
async def test_words_of_a_message_come_back_too(
    asker: Asker, agent: Agent, way: str
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "refuse")
    address = f"/subjects/requests/{request_id}/{way}"
    forget_login(asker)

    refused = await asker.client.post(address, data=WORDS)
    await asker.log_in()
    sent = await asker.client.post(address, data=read_fields(refused.text))

    assert (refused.status_code, sent.status_code) == (403, 303)
    assert WORDS["text"] in (await asker.see(request_id)).text


async def test_words_with_a_file_that_is_refused_come_back_before_an_old_login_opens_the_answer(
    asker: Asker, agent: Agent
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "refuse", text="Dix fois ce mois-ci.")
    await asker.log_in(authenticated_at=now() - OLD)

    files = {"file": ("page.html", b"<script>", "text/html")}
    address = f"/subjects/requests/{request_id}/messages"
    refused = await asker.client.post(address, data=WORDS, files=files)

    assert refused.status_code == 403
    assert WORDS["text"] in refused.text
    assert "Dix fois" not in refused.text
    assert "/subjects/login?fresh=true" in refused.text


async def test_words_of_another_site_are_not_shown(
    passer_by: httpx.AsyncClient,
) -> None:
    elsewhere = {"Sec-Fetch-Site": "cross-site"}

    answer = await passer_by.post("/subjects/new", data=FORM, headers=elsewhere)

    assert (answer.status_code, FORM["words"] in answer.text) == (303, False)
