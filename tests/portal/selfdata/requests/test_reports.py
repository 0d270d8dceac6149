"""Reports of nodes: each from the node that holds the request, confirmed by the browser, in order; nothing else is taken."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.depth import by_depth
from tests.mails import do_email_job
from tests.portal.selfdata.requests.conftest import ENGLISH, HOME, Inhabitants, Relay
from udi.kit.clock import now
from udi.portal.nodes.api import MIB
from udi.portal.selfdata.requests.models import SubjectRequest
from udi.portal.selfdata.requests.reports import TELL_NEWS, list_reachable_states
from udi.portal.selfdata.requests.tasks import task_handlers
from udi.protocol.credentials import CONFIRMATION
from udi.protocol.subject_request_reports import PATH
from udi.protocol.subject_requests import ENDED, SubjectRequestState


def status_of(row: SubjectRequest) -> tuple[Any, ...]:
    return (row.state, row.sequence, row.received_on, row.due_on, row.decided_on)


async def test_a_report_moves_the_request(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    day = now().date()
    due = day + timedelta(days=90)

    outcomes = await inhabitants.send(
        inhabitants.report(
            request.id, sequence=4, state="extended", due_on=due, extended=True
        )
    )

    row = await inhabitants.row(request.id)
    assert outcomes == {str(request.id): "accepted"}
    assert (row.state, row.sequence, row.due_on, row.extended) == (
        "extended",
        4,
        due,
        True,
    )


async def test_a_report_before_the_return_waits(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    await inhabitants.person.get(f"{HOME}/{draft.id}")
    inhabitants.secrets[draft.id] = CONFIRMATION.generate()
    report = inhabitants.report(draft.id)

    before = await inhabitants.send(report)
    await inhabitants.go(draft.id)
    after = await inhabitants.send(report)

    assert before == {str(draft.id): "unconfirmed"}
    assert after == {str(draft.id): "accepted"}


async def test_another_confirmation_is_refused(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    report = inhabitants.report(request.id, state="answered", sequence=9)
    report["confirmation"] = CONFIRMATION.generate()

    outcomes = await inhabitants.send(report)

    assert outcomes == {str(request.id): "refused"}
    assert status_of(await inhabitants.row(request.id)) == status_of(request)


async def test_another_node_is_refused(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    report = inhabitants.report(request.id, state="answered")

    outcomes = await inhabitants.send(report, by=inhabitants.own_node)

    assert outcomes == {str(request.id): "refused"}
    assert (await inhabitants.row(request.id)).state == "submitted"


async def test_an_unknown_request_is_said(inhabitants: Inhabitants) -> None:
    unknown = uuid4()

    outcomes = await inhabitants.send(inhabitants.report(unknown))

    assert outcomes == {str(unknown): "unknown"}
    assert await inhabitants.rows() == []


async def test_an_older_report_changes_nothing(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    await inhabitants.send(
        inhabitants.report(request.id, sequence=5, state="processing")
    )

    for sequence in (5, 4, 1):
        outcomes = await inhabitants.send(
            inhabitants.report(request.id, sequence=sequence, state="withdrawn")
        )
        assert outcomes == {str(request.id): "accepted"}

    assert (await inhabitants.row(request.id)).state == "processing"


@by_depth("end", ENDED, by_default=[0])
async def test_nothing_leaves_an_end(inhabitants: Inhabitants, end: str) -> None:
    [request] = await inhabitants.submit("kerlevan")
    day = now().date()
    ended = inhabitants.report(request.id, state=end, sequence=2, ended_on=day)
    assert set((await inhabitants.send(ended)).values()) == {"accepted"}

    outcomes = await inhabitants.send(
        inhabitants.report(request.id, sequence=3, state="processing")
    )

    assert outcomes == {str(request.id): "refused"}
    assert (await inhabitants.row(request.id)).state == end


def test_reachable_states_are_those_of_the_table() -> None:
    states = SubjectRequestState
    assert list_reachable_states("closed") == {states.CLOSED}
    assert states.DRAFTED not in list_reachable_states("submitted")
    assert states.PROCESSING in list_reachable_states("answered")
    assert list_reachable_states("drafted") == set(states)


@by_depth(
    "fault",
    [
        {"state": "drafted"},
        {"received_on": date(2001, 1, 1)},
        {"received_on": date(9999, 12, 31)},
        {"due_on": date(2018, 6, 1)},
        {"due_on": date(9999, 12, 31)},
        {"decided_on": date(2018, 6, 1)},
        {"ended_on": date(9999, 12, 31)},
    ],
    ids=str,
    by_default=[0],
)
async def test_days_that_cannot_be_are_refused(
    inhabitants: Inhabitants, fault: dict[str, Any]
) -> None:
    [request] = await inhabitants.submit("kerlevan")

    outcomes = await inhabitants.send(inhabitants.report(request.id, **fault))

    assert outcomes == {str(request.id): "refused"}
    assert status_of(await inhabitants.row(request.id)) == status_of(request)


@by_depth(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"requests": [], "paper": [{}]}',
        b'{"requests": {}, "paper": []}',
        b"[" * 100_000,
        b'{"requests": [{"state": "nothing_held"}], "paper": []}',
    ],
    ids=["empty", "list", "no lists", "no paper", "a document", "deep", "a state"],
    by_default=[0],
)
async def test_another_body_is_refused(inhabitants: Inhabitants, body: bytes) -> None:
    answer = await inhabitants.hosted.send("POST", PATH, body)

    assert answer.status_code == 422


async def test_an_unknown_state_refuses_the_whole_body(
    inhabitants: Inhabitants,
) -> None:
    [request] = await inhabitants.submit("kerlevan")
    report = inhabitants.report(request.id) | {"state": "nothing_held"}

    answer = await inhabitants.hosted.send(
        "POST", PATH, {"requests": [report], "paper": []}
    )

    assert answer.status_code == 422
    assert status_of(await inhabitants.row(request.id)) == status_of(request)


async def test_a_body_has_its_bounds(inhabitants: Inhabitants) -> None:
    reports = [inhabitants.report(uuid4()) for _ in range(1001)]
    many = await inhabitants.hosted.send(
        "POST", PATH, {"requests": reports, "paper": []}
    )
    nothing = b'{"requests": [], "paper": []}'
    usual = await inhabitants.hosted.send("POST", PATH, nothing.ljust(3 * MIB // 2))
    large = await inhabitants.hosted.send("POST", PATH, nothing.ljust(2 * MIB + 1))

    assert many.status_code == 422
    assert (usual.status_code, large.status_code) == (200, 413)


async def test_only_nodes_report(inhabitants: Inhabitants) -> None:
    body = json.dumps({"requests": [], "paper": []})
    headers = {"Content-Type": "application/json"}

    for client in (inhabitants.town_hall.anyone, inhabitants.person, inhabitants.team):
        answer = await client.post(PATH, content=body, headers=headers)
        assert answer.status_code == 401


async def test_news_are_mailed_with_the_number_alone(
    inhabitants: Inhabitants, relay: Relay
) -> None:
    [request] = await inhabitants.submit("kerlevan", right="erasure")
    day = now().date()
    await inhabitants.send(
        inhabitants.report(
            request.id, sequence=2, state="refused", decided_on=day, news=True
        )
    )

    await do_email_job(
        inhabitants.site,
        inhabitants.territory,
        task_handlers(inhabitants.site),
        TELL_NEWS,
        {"request": str(request.id), "sequence": 2},
    )

    [mail] = relay.mails
    assert mail["to"] == inhabitants.login.email
    assert request.number in mail["subject"]
    text = (
        relay.raw[0].decode()
        + str(mail)
        + "".join(
            part.get_content()
            for part in mail.walk()
            if part.get_content_type() == "text/plain"
        )
    )
    for word in ("Kerlévan", "kerlevan", "fface", "erasure", "efus", "rase"):
        assert word not in text.replace("kerlevan.example", ""), word


@pytest.mark.thorough
async def test_news_that_were_read_are_not_mailed(
    inhabitants: Inhabitants, relay: Relay
) -> None:
    [request] = await inhabitants.submit("kerlevan")
    await inhabitants.send(inhabitants.report(request.id, sequence=2, news=True))
    first = (await inhabitants.row(request.id)).news_at
    await inhabitants.send(inhabitants.report(request.id, sequence=3, news=True))
    assert (await inhabitants.row(request.id)).news_at == first
    await inhabitants.send(inhabitants.report(request.id, sequence=4, news=False))

    await do_email_job(
        inhabitants.site,
        inhabitants.territory,
        task_handlers(inhabitants.site),
        TELL_NEWS,
        {"request": str(request.id), "sequence": 2},
    )

    assert first is not None
    assert (await inhabitants.row(request.id)).news_at is None
    assert relay.mails == []


async def test_paper_counts_and_is_nobodys(inhabitants: Inhabitants) -> None:
    paper_id = uuid4()
    day = now().date()

    first = await inhabitants.send_paper(inhabitants.paper(paper_id))
    second = await inhabitants.send_paper(
        inhabitants.paper(paper_id, sequence=2, state="answered", decided_on=day)
    )

    [row] = await inhabitants.rows()
    assert set(first.values()) == set(second.values()) == {"accepted"}
    assert (row.person_id, row.number, row.on_paper) == (None, "", True)
    assert (row.state, row.decided_on) == ("answered", day)


async def test_paper_of_another_producer_is_refused(inhabitants: Inhabitants) -> None:
    """The hosted node does not hold a producer that has a node of its own, nor that node any other."""
    of_own = inhabitants.paper(uuid4()) | {"producer": "own-town"}
    of_kerlevan = inhabitants.paper(uuid4())
    of_nobody = inhabitants.paper(uuid4()) | {"producer": "nobody"}

    hosted = await inhabitants.send_paper(of_own, of_nobody)
    own_outcomes = await inhabitants.send_paper(of_kerlevan, by=inhabitants.own_node)

    assert set(hosted.values()) == set(own_outcomes.values()) == {"refused"}
    assert await inhabitants.rows() == []


@pytest.mark.thorough
async def test_paper_does_not_change_a_request_of_the_portal(
    inhabitants: Inhabitants,
) -> None:
    [request] = await inhabitants.submit("kerlevan")

    outcomes = await inhabitants.send_paper(
        inhabitants.paper(request.id, sequence=9, state="withdrawn")
    )

    assert outcomes == {str(request.id): "refused"}
    assert (await inhabitants.row(request.id)).state == "submitted"


@pytest.mark.thorough
async def test_the_list_shows_where_each_stands(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    day = now().date()
    long_ago = day - timedelta(days=44)
    await inhabitants.send(
        inhabitants.report(
            request.id, received_on=long_ago, due_on=day - timedelta(days=12)
        )
    )

    page = await inhabitants.person.get(HOME, headers=ENGLISH)

    assert "days late" in page.text
    assert "How to complain" in page.text
    assert 'class="gantt"' in page.text
