"""A producer answers; only the person reads it, after a login of this moment."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from tests.depth import one_in
from tests.node.conftest import Browse
from tests.node.producer import SLUG
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import OLD, Asker, open_asker
from tests.node.subject_requests.test_walk import look, put
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.keys import Signer
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.spaces.actions import apply_space
from udi.node.subject_requests.grounds import RefusalGround, list_grounds
from udi.node.subject_requests.models import SubjectRequestSettings
from udi.protocol.subject_requests import SubjectRight

CSV = b"nom;repas\nLE FICTIF;214\n"


async def test_the_producer_reads_what_was_asked_by_its_last_day(
    asker: Asker, agent: Agent, node_database: Database, demo: Territory
) -> None:
    late = await asker.ask(number="AAAA-AA")
    await asker.ask(number="BBBB-BB")
    yesterday = now().date() - timedelta(days=3)
    await put(node_database, demo, late, due_on=yesterday)

    listed = await agent.client.get("/requests")
    page = await agent.see(late)

    assert listed.text.index("AAAA-AA") < listed.text.index("BBBB-BB")
    assert "numéro de famille 4471" in page.text
    assert "Les factures de cantine de 2024" in page.text


async def test_an_answer_with_a_file_whose_columns_are_explained(
    asker: Asker, agent: Agent
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "accept")
    files = {"file": ("repas.csv", CSV, "text/csv")}
    address = f"/requests/{request_id}"
    await agent.client.post(f"{address}/files", files=files)
    page = await agent.see(request_id)
    [file_id] = set(re.findall(r"/files/([0-9a-f-]{36})", page.text))
    unsent = await asker.client.get(f"/subjects/requests/{request_id}/files/{file_id}")
    explained = {
        "act": "explain",
        "meaning-0": "Votre nom",
        "meaning-1": "Repas servis en 2024",
    }
    await agent.client.post(f"{address}/files/{file_id}", data=explained)

    sent = await agent.act(request_id, "answer", text="Voici vos 214 repas.")

    assert unsent.status_code == 404
    assert sent.status_code == 303
    read = await asker.see(request_id)
    assert "Voici vos 214 repas." in read.text
    assert "Repas servis en 2024" in read.text
    got = await asker.client.get(f"/subjects/requests/{request_id}/files/{file_id}")
    assert got.content == CSV


@pytest.mark.parametrize(
    ("right", "number"), [(SubjectRight.ACCESS, 1), (SubjectRight.ERASURE, 0)]
)
async def test_who_answers_access_reads_what_the_law_has_in_it_besides_the_data(
    asker: Asker, agent: Agent, right: SubjectRight, number: int
) -> None:
    """GDPR art. 15(1), 15(2)."""
    request_id = await asker.ask(right=right)
    await agent.act(request_id, "accept")

    page = await agent.see(request_id)

    reminder = "dites pourquoi vous les détenez, combien de temps, d’où elles viennent"
    assert page.text.count(reminder) == number


async def test_what_was_decided_is_no_longer_to_answer(
    asker: Asker, agent: Agent
) -> None:
    request_id = await asker.ask(number="AAAA-AA")
    await agent.act(request_id, "refuse")

    files = {"file": ("repas.csv", CSV, "text/csv")}
    late = await agent.client.post(f"/requests/{request_id}/files", files=files)

    assert late.status_code == 409
    assert "AAAA-AA" not in (await agent.client.get("/requests")).text
    assert "AAAA-AA" in (await agent.client.get("/requests?ended=true")).text
    assert f"{request_id}/files" not in (await agent.see(request_id)).text


async def test_a_prepared_file_is_taken_out(asker: Asker, agent: Agent) -> None:
    request_id = await asker.ask()
    files = {"file": ("repas.csv", CSV, "text/csv")}
    await agent.client.post(f"/requests/{request_id}/files", files=files)
    page = await agent.see(request_id)
    [file_id] = set(re.findall(r"/files/([0-9a-f-]{36})", page.text))

    await agent.client.post(
        f"/requests/{request_id}/files/{file_id}", data={"act": "remove"}
    )

    assert file_id not in (await agent.see(request_id)).text


async def test_an_answer_opens_after_a_login_of_this_moment_alone(
    asker: Asker, agent: Agent
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "accept")
    await agent.act(request_id, "answer", text="Voici vos 214 repas.")
    await asker.log_in(authenticated_at=now() - OLD)

    answer = await asker.see(request_id)

    address = f"/subjects/requests/{request_id}"
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/subjects/login?fresh=true&back={address}"
    await asker.log_in()
    assert "Voici vos 214 repas." in (await asker.see(request_id)).text


async def test_an_answer_that_was_contested_opens_after_such_a_login_too(
    asker: Asker, agent: Agent, colleague: Agent
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "refuse", text="Dix fois ce mois-ci.")
    await asker.act(request_id, "escalate", text="C’est la deuxième fois.")
    await asker.log_in(authenticated_at=now() - OLD)
    escalated = await asker.see(request_id)
    await colleague.act(request_id, "overturn")

    overturned = await asker.see(request_id)

    assert (escalated.status_code, overturned.status_code) == (303, 303)
    empty = {"text": ""}
    address = f"/subjects/requests/{request_id}/messages"
    refused = await asker.client.post(address, data=empty)
    assert (refused.status_code, "Dix fois" in refused.text) == (303, False)


async def test_a_file_opens_after_a_login_of_this_moment_alone(
    asker: Asker, agent: Agent
) -> None:
    request_id = await asker.ask()
    files = {"file": ("repas.csv", CSV, "text/csv")}
    sent = await agent.client.post(
        f"/requests/{request_id}/messages", data={"text": "Voici."}, files=files
    )
    assert sent.status_code == 303
    [file_id] = set(
        re.findall(r"/files/([0-9a-f-]{36})", (await asker.see(request_id)).text)
    )
    address = f"/subjects/requests/{request_id}/files/{file_id}"
    assert (await asker.client.get(address)).content == CSV

    await asker.log_in(authenticated_at=now() - OLD)

    old = await asker.client.get(address)
    assert (old.status_code, b"LE FICTIF" in old.content) == (303, False)


async def test_nobody_else_finds_a_request(
    asker: Asker,
    neighbour: Asker,
    agent: Agent,
    passer_by: httpx.AsyncClient,
    node_app: Litestar,
    demo: Territory,
    stranger: Login,
    browse: Browse,
) -> None:
    request_id = await asker.ask()
    paths = (
        f"/subjects/requests/{request_id}",
        f"/subjects/requests/{request_id}/files/{request_id}",
    )
    for path in paths:
        assert (await neighbour.client.get(path)).status_code == 404
        assert (await passer_by.get(path)).status_code == 303
        assert (await agent.client.get(path)).status_code == 303
    for event in ("withdraw", "escalate", "give_identity"):
        refused = await neighbour.act(request_id, event, text="À moi.")
        assert refused.status_code == 404
    assert request_id not in (await neighbour.client.get("/subjects/requests")).text
    async with browse(node_app, demo, stranger) as other_producer:
        theirs = Agent(other_producer)
        assert (await theirs.see(request_id)).status_code == 404
        assert (await theirs.act(request_id, "accept")).status_code == 404
    assert (await asker.client.get(f"/requests/{request_id}")).status_code != 200
    assert (await passer_by.get(f"/requests/{request_id}")).status_code != 200


async def test_a_member_who_does_not_manage_may_not(
    asker: Asker, node_app: Litestar, demo: Territory, publisher: Login, browse: Browse
) -> None:
    request_id = await asker.ask()

    async with browse(node_app, demo, publisher) as client:
        member = Agent(client)
        assert (await member.see(request_id)).status_code == 403
        assert (await member.act(request_id, "accept")).status_code == 403
        assert (await client.get("/requests")).status_code == 403


async def test_another_territory_finds_nothing(
    asker: Asker,
    node_app: Litestar,
    other: Territory,
    signer: Signer,
    node_database: Database,
    make_person: Callable[..., Login],
    browse: Browse,
) -> None:
    request_id = await asker.ask()
    async with node_database.session(other.id, role="owner") as session:
        await apply_space(
            session, slug=SLUG, organisation_id=UUID(int=7), name="Mairie d’ailleurs",
            email="m@example.org", quota_bytes=1,
        )  # fmt: skip
    someone = make_person(other, memberships={SLUG: ["managers"]})
    async with browse(node_app, other, someone) as client:
        assert (await Agent(client).see(request_id)).status_code == 404
        assert (await Agent(client).act(request_id, "accept")).status_code == 404
    async with open_asker(node_app, other, signer) as elsewhere:
        assert (await elsewhere.see(request_id)).status_code == 404


@pytest.mark.parametrize("right", one_in(3, SubjectRight))
async def test_a_refusal_has_a_ground_of_its_right_and_both_remedies(
    asker: Asker, agent: Agent, colleague: Agent, right: SubjectRight
) -> None:
    request_id = await asker.ask(right=right)
    others = set(RefusalGround) - set(list_grounds(right))

    refused = [
        (await agent.act(request_id, "refuse", ground=ground)).status_code
        for ground in ("", "because", *sorted(others))
    ]

    assert set(refused) == {422}
    taken = await agent.act(request_id, "refuse", ground=list_grounds(right)[0])
    assert taken.status_code == 303
    page = (await asker.see(request_id)).text
    assert "CNIL" in page
    assert "events/escalate" in page


@pytest.mark.parametrize(
    ("event", "form", "field"),
    [
        ("answer", {"outcome": ""}, "outcome"),
        ("answer", {"text": " "}, "answer"),
        ("answer", {"done": ""}, "done"),
        ("extend", {"reason": "holidays"}, "reason"),
        ("refuse", {"text": ""}, "refuse"),
        ("ask_identity", {"method": "login"}, "method"),
    ],
)
async def test_what_an_event_lacks_is_named(
    asker: Asker, agent: Agent, event: str, form: dict[str, str], field: str
) -> None:
    request_id = await asker.ask(right="rectification")
    if event in {"answer", "extend"}:
        await agent.act(request_id, "accept")

    answer = await agent.act(request_id, event, **form)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


async def test_who_decided_does_not_take_the_second_look(
    asker: Asker, agent: Agent, colleague: Agent
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "refuse")
    await asker.act(request_id, "escalate", text="C’est la deuxième fois.")

    upheld = await agent.act(request_id, "uphold")

    assert upheld.status_code == 403
    assert "events/uphold" not in (await agent.see(request_id)).text
    assert (await colleague.act(request_id, "uphold")).status_code == 303
    again = await asker.act(request_id, "escalate", text="Encore.")
    assert again.status_code == 409


async def test_the_named_officer_alone_takes_the_second_look(
    asker: Asker,
    agent: Agent,
    colleague: Agent,
    node_app: Litestar,
    node_database: Database,
    demo: Territory,
    space: object,
    make_person: Callable[..., Login],
    browse: Browse,
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "refuse")
    await asker.act(request_id, "escalate", text="C’est la deuxième fois.")
    officer = make_person(demo, memberships={SLUG: []})
    async with node_database.session(demo.id, role="worker") as session:
        named = SubjectRequestSettings(id=space.id, officer_email=officer.email.upper())  # type: ignore[attr-defined]  # a fixture without a type
        session.add(named)

    assert (await colleague.act(request_id, "overturn")).status_code == 403
    async with browse(node_app, demo, officer) as client:
        named_officer = Agent(client)
        assert (await named_officer.see(request_id)).status_code == 200
        message = {"text": "Bonjour"}
        path = f"/requests/{request_id}/messages"
        assert (await client.post(path, data=message)).status_code == 403
        assert (await named_officer.act(request_id, "overturn")).status_code == 303


async def test_an_extension_moves_the_day_and_is_refused_twice(
    asker: Asker, agent: Agent, node_database: Database, demo: Territory
) -> None:
    request_id = await asker.ask()
    await agent.act(request_id, "accept")
    before, _ = await look(node_database, demo, request_id)

    first = await agent.act(request_id, "extend")

    after, _ = await look(node_database, demo, request_id)
    assert first.status_code == 303
    assert 55 <= (after.due_on - before.due_on).days <= 66
    assert (await agent.act(request_id, "extend")).status_code == 409
    assert "Trois services" in (await asker.see(request_id)).text


async def test_messages_go_both_ways_and_move_nothing(
    asker: Asker, agent: Agent, node_database: Database, demo: Territory
) -> None:
    request_id = await asker.ask()
    before, _ = await look(node_database, demo, request_id)

    await agent.client.post(
        f"/requests/{request_id}/messages", data={"text": "Quelle école ?"}
    )
    noted_row, _ = await look(node_database, demo, request_id)
    page = await asker.see(request_id)
    await asker.client.post(
        f"/subjects/requests/{request_id}/messages", data={"text": "L’école du port."}
    )

    assert "Quelle école ?" in page.text
    assert "L’école du port." in (await agent.see(request_id)).text
    after, _ = await look(node_database, demo, request_id)
    assert (after.state, after.due_on) == (before.state, before.due_on)
    assert (noted_row.news, after.news) == (True, False)
    empty = await asker.client.post(
        f"/subjects/requests/{request_id}/messages", data={"text": ""}
    )
    assert empty.status_code == 422


async def test_how_the_person_is_known_is_noted(asker: Asker, agent: Agent) -> None:
    request_id = await asker.ask()
    path = f"/requests/{request_id}/identity"

    unexplained = await agent.client.post(path, data={"method": "document"})
    unknown = await agent.client.post(path, data={"method": "feeling"})
    noted = await agent.client.post(path, data={"method": "counter", "text": "Vue."})

    assert (unexplained.status_code, unknown.status_code) == (422, 422)
    assert noted.status_code == 303
    assert "Vue." in (await agent.see(request_id)).text


async def test_a_document_is_never_the_first_choice(asker: Asker, agent: Agent) -> None:
    request_id = await asker.ask()

    page = (await agent.see(request_id)).text

    assert re.findall(r'<input type="radio" name="method"[^>]*checked', page) == []


async def test_a_withdrawn_request_is_destroyed(
    asker: Asker, agent: Agent, node_database: Database, demo: Territory
) -> None:
    request_id = await asker.ask()

    assert (await asker.act(request_id, "withdraw")).status_code == 303

    row, entries = await look(node_database, demo, request_id)
    assert (row.state, row.words, row.known_by, entries) == ("withdrawn", "", "", 0)
    assert (await asker.see(request_id)).status_code == 200
    assert (await agent.see(request_id)).status_code == 200
    late = await asker.client.post(
        f"/subjects/requests/{request_id}/messages", data={"text": "Trop tard"}
    )
    assert late.status_code == 409
    lists = (
        await asker.client.get("/subjects/requests"),
        await agent.client.get("/requests?ended=true"),
    )
    assert [page.status_code for page in lists] == [200, 200]


async def test_what_is_kept_for_a_complaint_is_not_destroyed(
    asker: Asker, agent: Agent, node_database: Database, demo: Territory
) -> None:
    request_id = await asker.ask()
    held = await agent.client.post(
        f"/requests/{request_id}/hold", data={"hold": "on", "reference": "CNIL 12"}
    )

    await asker.act(request_id, "withdraw")

    row, entries = await look(node_database, demo, request_id)
    assert held.status_code == 303
    assert (row.state, row.known_by != "", entries > 0) == ("withdrawn", True, True)


async def test_the_same_hold_twice_changes_nothing(
    asker: Asker, agent: Agent, node_database: Database, demo: Territory
) -> None:
    request_id = await asker.ask()
    address = f"/requests/{request_id}/hold"
    offered = re.compile(r'name="hold" value="(on|off)"')
    states = []
    for hold in ("on", "on", "off", "off"):
        answer = await agent.client.post(address, data={"hold": hold})
        assert answer.status_code == 303
        states.append(await look(node_database, demo, request_id))
        [offer] = offered.findall((await agent.see(request_id)).text)
        assert offer != hold

    assert states[0] == states[1]
    assert states[2] == states[3]
    assert [row.legal_hold for row, _ in states] == [True, True, False, False]
    for nothing in ({}, {"hold": "perhaps"}):
        refused = await agent.client.post(address, data=nothing)
        assert refused.status_code == 422


async def test_a_refusal_by_the_officer_opens_after_such_a_login_too(
    asker: Asker, agent: Agent, node_database: Database, demo: Territory
) -> None:
    request_id = await asker.ask()
    yesterday = now().date() - timedelta(days=3)
    await put(node_database, demo, request_id, due_on=yesterday)
    await asker.act(request_id, "escalate", text="Aucune réponse.")
    upheld = await agent.act(request_id, "uphold", text="Rien n’est dû ici.")
    await asker.log_in(authenticated_at=now() - OLD)

    answer = await asker.see(request_id)

    row, _ = await look(node_database, demo, request_id)
    assert (upheld.status_code, row.decided_by) == (303, None)
    assert (answer.status_code, "Rien n’est dû" in answer.text) == (303, False)
