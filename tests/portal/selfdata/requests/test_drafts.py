"""Beginning requests: one for each producer, a number for each, none twice; the ticket leads to the right node."""

import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from joserfc import jws
from msgspec import json
from sqlalchemy import select

from tests.portal.selfdata.conftest import KERLEVAN, SEVE
from tests.portal.selfdata.requests.conftest import ENGLISH, HOME, Inhabitants
from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.keys import SIGNER, verify
from udi.portal.audit.models import AuditEvent
from udi.portal.nodes.models import Node
from udi.portal.selfdata.requests.drafts import lapse_drafts, withdraw_draft
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.portal.selfdata.requests.numbers import ALPHABET, draw_number
from udi.portal.selfdata.requests.queries import get_own_request
from udi.protocol.credentials import SUBJECT_TICKET
from udi.protocol.inbox import PATH as INBOX


async def suspend_hosted_node(inhabitants: Inhabitants) -> None:
    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        node = await session.scalar(select(Node).where(Node.slug == "hosted"))
        assert node is not None
        node.state = "suspended"  # type: ignore[assignment]  # a state that the test puts there


def read_ticket(page: str) -> tuple[str, str]:
    """The address of the form and its ticket."""
    match = re.search(
        r'<form action="([^"]+)" method="post">\s*<input type="hidden" name="ticket" value="([^"]+)"',
        page,
    )
    assert match is not None, page
    return match[1], match[2]


def test_a_number_is_short_and_easy_to_read() -> None:
    number = draw_number()

    assert re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{2}}", number)
    assert not set("ILOU") & set(ALPHABET)


async def test_one_draft_for_each_producer(inhabitants: Inhabitants) -> None:
    drafts = await inhabitants.ask("kerlevan", "seve", right="erasure")

    assert {draft.organisation_id for draft in drafts} == {KERLEVAN, SEVE}
    assert {(draft.state, draft.right) for draft in drafts} == {("drafted", "erasure")}
    assert len({draft.number for draft in drafts}) == 2
    page = unescape((await inhabitants.person.get(HOME, headers=ENGLISH)).text)
    assert "2 requests to be sent" in page
    assert all(draft.number in page for draft in drafts)


async def test_a_passer_by_logs_in_first(inhabitants: Inhabitants) -> None:
    anyone = inhabitants.town_hall.anyone
    address = "/my-data/ask?right=access&org=kerlevan"

    page = await anyone.get(address, headers={"Accept": "text/html"})
    posted = await anyone.post(HOME, data={"right": "access", "org": "kerlevan"})

    assert page.status_code == 303
    assert "login" in page.headers["location"]
    assert "kerlevan" in page.headers["location"]
    assert posted.status_code in {303, 401}
    assert await inhabitants.rows() == []


@pytest.mark.thorough
async def test_ask_says_how_each_is_asked(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("seve")
    await suspend_hosted_node(inhabitants)

    page = await inhabitants.person.get(
        "/my-data/ask?right=access&org=kerlevan&org=seve", headers=ENGLISH
    )

    assert draft.number in page.text
    assert (
        'href="/my-data/letter?right=access&amp;org=seve&amp;org=kerlevan"' in page.text
    )
    assert "organisations to ask here" not in page.text


async def test_ask_without_a_choice_is_refused(inhabitants: Inhabitants) -> None:
    for query in ("", "?right=access", "?org=kerlevan", "?right=moon&org=kerlevan"):
        page = await inhabitants.person.get(f"/my-data/ask{query}")
        assert page.status_code == 422
        assert 'action="/my-data/letter"' in page.text
    posted = await inhabitants.person.post(
        HOME, data={"right": "access"}, headers=ENGLISH
    )
    assert posted.status_code == 422
    assert "Choose one organisation at least." in posted.text
    assert await inhabitants.rows() == []


async def test_an_open_request_is_not_made_twice(inhabitants: Inhabitants) -> None:
    [first] = await inhabitants.ask("kerlevan")

    again = await inhabitants.ask("kerlevan")
    another_right = await inhabitants.ask("kerlevan", right="erasure")
    another_person = await inhabitants.ask("kerlevan", by=inhabitants.other)

    assert again == []
    assert [row.right for row in another_right] == ["erasure"]
    assert len(another_person) == 1
    assert another_person[0].person_id != first.person_id


@pytest.mark.thorough
async def test_who_was_answered_may_ask_again(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    day = now().astimezone(ZoneInfo("Europe/Paris")).date()
    await inhabitants.send(
        inhabitants.report(request.id, state="answered", decided_on=day)
    )

    assert len(await inhabitants.ask("kerlevan")) == 1


async def test_a_producer_without_a_node_keeps_the_letter(
    inhabitants: Inhabitants,
) -> None:
    await suspend_hosted_node(inhabitants)

    answer = await inhabitants.person.post(
        HOME, data={"right": "access", "org": "kerlevan"}, headers=ENGLISH
    )

    assert answer.status_code == 409
    assert "Write the letter" in unescape(answer.text)
    assert await inhabitants.rows() == []


@pytest.mark.thorough
async def test_more_than_fifty_are_refused(
    inhabitants: Inhabitants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udi.portal.selfdata.requests.drafts.MOST_AT_ONCE", 1)
    form = {"right": "access", "org": ["kerlevan", "seve"]}

    for module in ("ask_pages", "my_data"):
        monkeypatch.setattr(f"udi.portal.selfdata.{module}.MOST_AT_ONCE", 1)

    answer = await inhabitants.person.post(HOME, data=form)
    page = await inhabitants.person.get(
        "/my-data/ask?right=access&org=kerlevan&org=seve", headers=ENGLISH
    )
    choice = await inhabitants.person.get("/my-data", headers=ENGLISH)

    assert answer.status_code == 409
    assert await inhabitants.rows() == []
    assert "At most 1 organisations at once" in page.text
    assert 'action="/my-data/requests"' not in page.text
    assert "At most 1 organisations at once" in choice.text


@pytest.mark.parametrize(
    "inboxes",
    [
        [],
        [{"spaces": ["own-town"]}],
        [{"spaces": ["own-town"], "takes_subject_requests": False}],
        [{"spaces": [], "takes_subject_requests": True}],
        [{"takes_subject_requests": True}],
    ],
)
async def test_a_producer_whose_own_node_takes_no_requests_keeps_the_letter(
    inhabitants: Inhabitants, inboxes: list[dict[str, Any]]
) -> None:
    """It said nothing, has no login for people who ask, or has no space of this producer; the page says why."""
    for inbox in inboxes:
        body = {"waiting": [], "subjects": []} | inbox
        sent = await inhabitants.own_node.send("POST", INBOX, body)
        assert sent.status_code == 200, sent.text

    answer = await inhabitants.person.post(
        HOME, data={"right": "access", "org": "own-town"}
    )
    page = await inhabitants.person.get(
        "/my-data/ask?right=access&org=own-town", headers=ENGLISH
    )

    assert answer.status_code == 409
    assert await inhabitants.rows() == []
    reason = "Its data are on a site of its own, which takes no requests yet."
    assert reason in page.text
    assert "No site takes its requests for now." not in page.text


@pytest.mark.parametrize(
    ("url", "number"), [("http://own.example", 0), ("http://own.localhost:8011", 1)]
)
async def test_nobody_is_led_to_an_own_node_whose_pages_travel_in_clear(
    inhabitants: Inhabitants, url: str, number: int
) -> None:
    """Words of people are on their way to it; on this machine they leave it for nowhere."""
    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        node = await session.scalar(select(Node).where(Node.slug == "own"))
        assert node is not None
        node.url = url
        node.spaces = ["own-town"]
        node.takes_subject_requests = True

    page = await inhabitants.person.get(
        "/my-data/ask?right=access&org=own-town", headers=ENGLISH
    )

    assert page.text.count('action="/my-data/requests"') == number


async def test_a_producers_own_node_takes_requests_once_it_has_a_login_for_people(
    inhabitants: Inhabitants,
) -> None:
    """And reports them; the hosted node may not, and is offered for the others alone."""
    inbox = {
        "waiting": [],
        "subjects": [],
        "spaces": ["own-town"],
        "takes_subject_requests": True,
    }
    sent = await inhabitants.own_node.send("POST", INBOX, inbox)
    [draft] = await inhabitants.ask("own-town")
    [hosted] = await inhabitants.ask("kerlevan")

    pages = [
        await inhabitants.person.get(f"{HOME}/{one.id}", headers=ENGLISH)
        for one in (draft, hosted)
    ]
    await inhabitants.go(draft.id)
    report = inhabitants.report(draft.id)
    from_another = await inhabitants.send(report)
    from_own = await inhabitants.send(report, by=inhabitants.own_node)
    paper = inhabitants.paper(uuid4()) | {"producer": "own-town"}
    on_paper = await inhabitants.send_paper(paper, by=inhabitants.own_node)

    assert sent.status_code == 200, sent.text
    assert [read_ticket(page.text)[0] for page in pages] == [
        "https://own.example/subjects/tickets",
        "https://node.example/subjects/tickets",
    ]
    assert set(from_another.values()) == {"refused"}
    assert set(from_own.values()) == {"accepted"}
    assert set(on_paper.values()) == {"accepted"}
    assert (await inhabitants.row(draft.id)).state == "submitted"


@pytest.mark.thorough
async def test_an_own_node_that_lost_its_login_is_offered_no_more(
    inhabitants: Inhabitants,
) -> None:
    inbox = {"waiting": [], "subjects": [], "spaces": ["own-town"]}
    takes = inbox | {"takes_subject_requests": True}
    await inhabitants.own_node.send("POST", INBOX, takes)
    [draft] = await inhabitants.ask("own-town")

    await inhabitants.own_node.send("POST", INBOX, inbox)

    page = await inhabitants.person.get(f"{HOME}/{draft.id}", headers=ENGLISH)
    assert 'name="ticket"' not in page.text
    assert "This organisation takes no requests here any more" in page.text


async def test_a_producer_without_a_space_at_the_hosted_node_keeps_the_letter(
    inhabitants: Inhabitants,
) -> None:
    """The node tells each minute whose spaces it holds."""
    inbox = {"waiting": [], "subjects": [], "spaces": ["kerlevan"]}
    inbox_answer = await inhabitants.hosted.send("POST", INBOX, inbox)

    page = await inhabitants.person.get(
        "/my-data/ask?right=access&org=kerlevan&org=seve", headers=ENGLISH
    )
    drafts = await inhabitants.ask("kerlevan", "seve")
    of_nobody = await inhabitants.send_paper(
        inhabitants.paper(uuid4()) | {"producer": "seve"}
    )
    silent = await inhabitants.hosted.send(
        "POST", INBOX, {"waiting": [], "subjects": []}
    )
    alone = await inhabitants.person.post(
        HOME, data={"right": "erasure", "org": "seve"}
    )

    assert (inbox_answer.status_code, silent.status_code) == (200, 200)
    assert 'href="/my-data/letter?right=access&amp;org=seve"' in page.text
    assert [draft.organisation_id for draft in drafts] == [KERLEVAN]
    assert set(of_nobody.values()) == {"refused"}
    assert alone.status_code == 409


async def test_a_ticket_leads_to_the_hosted_node(inhabitants: Inhabitants) -> None:
    slug = "kerlevan"
    origin = "https://node.example"
    [draft] = await inhabitants.ask(slug)

    page = await inhabitants.person.get(f"{HOME}/{draft.id}", headers=ENGLISH)

    address, ticket = read_ticket(page.text)
    assert address == f"{origin}/subjects/tickets"
    assert origin in page.headers["content-security-policy"].partition("form-action")[2]
    assert page.headers["cache-control"] == "no-store"
    keys = inhabitants.site.services[SIGNER].public_keys()
    signed = verify(
        ticket,
        keys,
        kind=SUBJECT_TICKET,
        issuer=inhabitants.territory.origin,
        audience=origin,
    )
    assert signed.subject == str(draft.id)
    assert (signed.claims["number"], signed.claims["right"]) == (draft.number, "access")
    assert signed.claims["producer"] == slug


async def test_a_ticket_names_nobody(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    page = await inhabitants.person.get(f"{HOME}/{draft.id}")

    _, ticket = read_ticket(page.text)
    claims: dict[str, Any] = json.decode(jws.extract_compact(ticket.encode()).payload)

    text = str(claims)
    for value in (
        inhabitants.login.subject,
        inhabitants.login.email,
        inhabitants.login.name,
        str(draft.person_id),
    ):
        assert value not in text


async def test_a_request_is_its_persons_alone(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("kerlevan")

    for client in (inhabitants.other, inhabitants.team, inhabitants.town_hall.manager):
        for path in ("", "/due.ics", "/return?confirmation=x"):
            answer = await client.get(f"{HOME}/{draft.id}{path}")
            assert answer.status_code == 404, path
        assert (await client.post(f"{HOME}/{draft.id}/delete")).status_code == 404
        assert draft.number not in (await client.get(HOME)).text
    assert len(await inhabitants.rows()) == 1


async def test_the_database_shows_a_person_their_own_rows_only(
    inhabitants: Inhabitants,
) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    [theirs] = await inhabitants.ask("kerlevan", by=inhabitants.other)

    async with inhabitants.site.database.session(
        inhabitants.territory.id, person=draft.person_id
    ) as session:
        seen = list(await session.scalars(select(SubjectRequest.id)))

    assert seen == [draft.id]
    assert theirs.id not in seen


async def test_a_draft_is_deleted_by_its_person(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("kerlevan")

    answer = await inhabitants.person.post(f"{HOME}/{draft.id}/delete")

    assert answer.status_code == 303
    assert await inhabitants.rows() == []


async def test_what_was_sent_is_not_deleted(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")

    answer = await inhabitants.person.post(f"{HOME}/{request.id}/delete")

    assert answer.status_code == 409
    assert (await inhabitants.row(request.id)).state == "submitted"


async def test_drafts_lapse_after_seven_days(inhabitants: Inhabitants) -> None:
    [old] = await inhabitants.ask("kerlevan")
    [young] = await inhabitants.ask("seve")
    await inhabitants.change(old.id, drafted_at=now() - timedelta(days=7))
    await inhabitants.change(young.id, drafted_at=now() - timedelta(days=6, hours=23))

    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        assert await lapse_drafts(session, now()) == 1

    assert (await inhabitants.row(old.id)).state == "lapsed"
    assert (await inhabitants.row(young.id)).state == "drafted"
    assert len(await inhabitants.ask("kerlevan")) == 1


async def test_a_draft_that_was_sent_meanwhile_is_not_deleted(
    inhabitants: Inhabitants,
) -> None:
    """Whoever deletes it read it as a draft, before the browser came back."""
    [draft] = await inhabitants.ask("kerlevan")
    member = SimpleNamespace(person_id=draft.person_id)

    async with inhabitants.site.database.session(
        inhabitants.territory.id, person=draft.person_id
    ) as session:
        own_request = await get_own_request(session, member, draft.id)  # type: ignore[arg-type]  # the person is all that it reads
        assert (await inhabitants.go(draft.id)).status_code == 303
        with pytest.raises(ConflictError):
            await withdraw_draft(session, own_request)

    assert (await inhabitants.row(draft.id)).state == "submitted"


@pytest.mark.thorough
async def test_a_lapsed_draft_says_that_nothing_was_sent(
    inhabitants: Inhabitants,
) -> None:
    [draft] = await inhabitants.ask("kerlevan", right="erasure")
    await inhabitants.change(draft.id, drafted_at=now() - timedelta(days=7))
    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        await lapse_drafts(session, now())

    request_page = await inhabitants.person.get(f"{HOME}/{draft.id}", headers=ENGLISH)
    listed = await inhabitants.person.get(HOME, headers=ENGLISH)

    again = 'href="/my-data/ask?right=erasure&org=kerlevan"'
    assert "This draft lapsed, nothing was sent" in request_page.text
    assert "received it on" not in request_page.text
    assert "This draft lapsed, nothing was sent" in listed.text
    for page in (request_page, listed):
        assert again in unescape(page.text)
        assert draft.number in page.text


async def test_the_journal_knows_no_request(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    await inhabitants.send(inhabitants.report(request.id, state="processing"))

    events = await inhabitants.town_hall.rows(AuditEvent)

    assert [event.name for event in events if event.subject_id == request.id] == []
    assert str(request.id) not in str([event.facts for event in events])


@pytest.mark.thorough
async def test_a_number_that_somebody_has_is_drawn_again(
    inhabitants: Inhabitants, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the database does not show whose it is."""
    numbers = iter(["AAAA-AA", "AAAA-AA", "BBBB-BB"])
    monkeypatch.setattr(
        "udi.portal.selfdata.requests.drafts.draw_number", lambda: next(numbers)
    )

    [first] = await inhabitants.ask("kerlevan")
    [second] = await inhabitants.ask("kerlevan", by=inhabitants.other)

    assert (first.number, second.number) == ("AAAA-AA", "BBBB-BB")
