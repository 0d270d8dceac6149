"""Figures on pages, in the API and for the team: nothing under five, nothing of a person."""

import asyncio
from datetime import date, timedelta
from html import unescape
from uuid import uuid4

import pytest

from tests.depth import by_depth
from tests.portal.selfdata.conftest import ENGLISH, KERLEVAN
from tests.portal.selfdata.requests.conftest import Inhabitants, inhabitants, issuer
from udi.kit.clock import now
from udi.portal.selfdata.punctuality.models import (
    LateProducer,
    PunctualityFigure,
    SubjectRequestFigure,
)
from udi.portal.selfdata.punctuality.publication import (
    publish_figures,
)
from udi.portal.selfdata.requests.clock import apply_time

__all__ = ["inhabitants", "issuer"]
DAY = date(2026, 10, 12)
PRODUCER = "/my-data/producers/kerlevan"
TEAM = "/territory/subject-requests"


async def publish(inhabitants: Inhabitants) -> None:
    """What the worker does at night."""
    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        await apply_time(session, inhabitants.territory, now())
        await publish_figures(session, inhabitants.territory, now())


async def decide_papers(
    inhabitants: Inhabitants, number: int, **changed: object
) -> None:
    """So many requests on paper, answered in time."""
    values = {
        "state": "answered",
        "received_on": DAY,
        "due_on": DAY + timedelta(31),
        "decided_on": DAY + timedelta(9),
    } | changed
    papers = [inhabitants.paper(uuid4(), **values) for _ in range(number)]
    outcomes = await inhabitants.send_paper(*papers)
    assert set(outcomes.values()) == {"accepted"}


async def read(inhabitants: Inhabitants, path: str) -> str:
    page = await inhabitants.town_hall.anyone.get(path, headers=ENGLISH)
    assert page.status_code == 200
    return unescape(page.text)


async def find_figures(inhabitants: Inhabitants) -> list[tuple[int, int, int, int]]:
    rows = await inhabitants.town_hall.rows(PunctualityFigure)
    return [(row.received, row.on_time, row.extended, row.late) for row in rows]


async def test_four_requests_show_nothing(inhabitants: Inhabitants) -> None:
    await decide_papers(inhabitants, 4)

    await publish(inhabitants)

    assert await find_figures(inhabitants) == []
    for path in (PRODUCER, "/my-data"):
        assert "Too few requests to say how punctual it is" in await read(
            inhabitants, path
        )
    api = await inhabitants.town_hall.anyone.get(
        f"/api/v1/organisations/{KERLEVAN}/punctuality"
    )
    assert api.json() == {
        "received": 0,
        "on_time": 0,
        "extended": 0,
        "late": 0,
        "published_on": None,
    }


async def test_figures_of_a_group_are_public(inhabitants: Inhabitants) -> None:
    await decide_papers(inhabitants, 3)
    await decide_papers(inhabitants, 1, extended=True, due_on=DAY + timedelta(91))
    await decide_papers(inhabitants, 1, was_late=True)

    await publish(inhabitants)

    assert await find_figures(inhabitants) == [(5, 3, 1, 1)]
    assert "Of 10 answers, 8 in time" in await read(inhabitants, "/my-data")
    assert "Counted in groups of five or more" in await read(inhabitants, PRODUCER)
    api = await inhabitants.town_hall.anyone.get(
        f"/api/v1/organisations/{KERLEVAN}/punctuality"
    )
    assert (api.json()["received"], api.json()["late"]) == (5, 1)
    table = await read(inhabitants, "/my-data/punctuality.csv")
    assert "Mairie de Kerlévan;5;3;1;1" in table.replace(",", ";")


async def test_figures_move_by_whole_groups(inhabitants: Inhabitants) -> None:
    seen = []
    for _ in range(12):
        await decide_papers(inhabitants, 1)
        await publish(inhabitants)
        seen.append((await find_figures(inhabitants) or [(0,)])[0][0])

    assert seen == [0] * 4 + [5] * 5 + [10] * 3


async def test_requests_of_one_person_make_no_group(inhabitants: Inhabitants) -> None:
    rights = ("access", "rectification", "erasure", "restriction", "objection")
    for right in rights:
        [request] = await inhabitants.submit("kerlevan", right=right)
        answered = {"decided_on": now().date(), "state": "answered", "sequence": 1}
        await inhabitants.change(request.id, **answered)

    await publish(inhabitants)
    assert await find_figures(inhabitants) == []
    await inhabitants.change_all(person_id=None)
    await publish(inhabitants)

    assert await find_figures(inhabitants) == []


async def test_the_team_reads_numbers_from_five_on(inhabitants: Inhabitants) -> None:
    await decide_papers(inhabitants, 7)
    await decide_papers(inhabitants, 4, state="processing", decided_on=None)

    await publish(inhabitants)

    rows = await inhabitants.town_hall.rows(SubjectRequestFigure)
    assert [(row.right, row.state, row.is_late, row.number) for row in rows] == [
        ("access", "answered", False, 5)
    ]
    page = await inhabitants.team.get(TEAM, headers=ENGLISH)
    assert page.status_code == 200
    assert "Answered" in page.text
    assert "Being processed" not in page.text


async def test_only_the_team_reads_its_page(inhabitants: Inhabitants) -> None:
    for client in (inhabitants.person, inhabitants.town_hall.manager):
        assert (await client.get(TEAM)).status_code == 403
    assert (await inhabitants.town_hall.anyone.get(TEAM)).status_code in {303, 401}


async def test_a_late_producer_waits_for_the_team(inhabitants: Inhabitants) -> None:
    waiting = {"state": "processing", "decided_on": None}
    await decide_papers(inhabitants, 4, **waiting)
    await publish(inhabitants)
    assert await inhabitants.town_hall.rows(LateProducer) == []
    await decide_papers(inhabitants, 1, **waiting)

    await publish(inhabitants)
    await publish(inhabitants)

    [late] = await inhabitants.town_hall.rows(LateProducer)
    assert late.organisation_id == KERLEVAN
    items = (await inhabitants.team.get("/inbox.json")).json()["items"]
    assert ("subject_late_producer", "Mairie de Kerlévan") in [
        (item["kind"], item["title"]) for item in items
    ]
    assert (await inhabitants.person.get("/inbox.json")).json()["items"] == []
    page = await inhabitants.team.get(TEAM, headers=ENGLISH)
    assert "Five people or more wait" in page.text


@by_depth(
    "values",
    [
        {"sequence": 0, "on_paper": False},
        {
            "state": "escalated",
            "decided_on": now().date() - timedelta(60),
            "due_on": now().date() - timedelta(30),
        },
    ],
    ids=["no node told of it", "answered in time, then looked at again"],
    by_default=[0],
)
async def test_only_what_a_node_reported_and_did_not_answer_is_late(
    inhabitants: Inhabitants, values: dict[str, object]
) -> None:
    await decide_papers(inhabitants, 5, state="processing", decided_on=None)
    await inhabitants.change_all(**values)

    await publish(inhabitants)

    assert await inhabitants.town_hall.rows(LateProducer) == []
    figures = await inhabitants.town_hall.rows(SubjectRequestFigure)
    assert [row for row in figures if row.is_late] == []
    assert [
        row.late for row in await inhabitants.town_hall.rows(PunctualityFigure)
    ] in (
        [],
        [0],
    )


@pytest.mark.thorough
async def test_a_producer_that_caught_up_leaves_the_list(
    inhabitants: Inhabitants,
) -> None:
    await decide_papers(inhabitants, 5, state="processing", decided_on=None)
    await publish(inhabitants)
    await inhabitants.change_all(state="answered", decided_on=now().date())

    await publish(inhabitants)

    assert await inhabitants.town_hall.rows(LateProducer) == []


async def test_two_publications_at_once_count_each_once(
    inhabitants: Inhabitants,
) -> None:
    await decide_papers(inhabitants, 5)

    await asyncio.gather(publish(inhabitants), publish(inhabitants))

    assert await find_figures(inhabitants) == [(5, 5, 0, 0)]
