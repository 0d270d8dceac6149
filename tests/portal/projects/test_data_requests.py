"""Asking for data that nobody publishes: who is asked and why, who needs them too, what is answered, and when nobody does."""

import itertools
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.depth import by_depth
from tests.mails import text_of
from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from tests.portal.notifications.conftest import Relay, relay
from tests.portal.transitions import list_trials, read_transitions
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.projects.data_requests.models import (
    DataRequest,
    DataRequestRoute,
    DataRequestSupport,
)
from udi.portal.projects.data_requests.tasks import check_delays, send_notification
from udi.portal.projects.data_requests.transitions import (
    DataRequestEvent,
    DataRequestState,
)
from udi.ui.formats import display_date
from udi.ui.site import Site

__all__ = ["relay"]
PAGE = Path(__file__).parents[3] / "docs/reference/data-requests.md"
FORM = {
    "title": "Bruit des rues la nuit",
    "words": "Choisir où planter des arbres.\nDepuis 2020.",
    "theme": "environment",
}
TITLES = {
    0: "Bruit des rues de jour",
    1: "Carte du bruit des rues",
    4: "Bruit des cantines",
    8: "Budget de la ville",
}
"""By their line in the catalogue's table, which says the producer: 4 is another's than the rest."""


TRANSITIONS = read_transitions("""
    submitted     correct  submitted
    submitted     withdraw withdrawn
    submitted     promise  promised
    submitted     decline  declined
    submitted     deliver  delivered
    submitted     merge    merged
    submitted     hide     hidden
    promised  promise  promised
    promised  decline  declined
    promised  deliver  delivered
    promised  merge    merged
    promised  hide     hidden
    declined  deliver  delivered
    declined  reopen   submitted
    declined  merge    merged
    declined  hide     hidden
    delivered reopen   submitted
    delivered hide     hidden
    hidden    show     submitted
""")
"""The table of `docs/reference/data-requests.md`, written a second time."""
BY_PRODUCER = {
    DataRequestEvent.PROMISE,
    DataRequestEvent.DECLINE,
    DataRequestEvent.DELIVER,
}


@dataclass
class Board:
    """A territory with a few datasets, somebody who asks, somebody else, a producer and the team."""

    site: Site
    territory: Territory
    catalogue: Catalogue
    person: httpx.AsyncClient
    other: httpx.AsyncClient
    producer: httpx.AsyncClient
    team: httpx.AsyncClient
    datasets: list[UUID]

    async def ask(self, **changed: str) -> str:
        answer = await self.person.post(
            "/data-requests/new", data={**FORM, "seen": "1", **changed}
        )
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def rows(self, model: Any) -> list[Any]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            return list((await session.scalars(select(model))).all())

    async def one(self, address: str) -> DataRequest:
        [data_request] = [
            row for row in await self.rows(DataRequest) if str(row.id) in address
        ]
        assert isinstance(data_request, DataRequest)
        return data_request

    async def events(self) -> list[str]:
        async with self.site.database.session(
            self.territory.id, role="worker"
        ) as session:
            named = (
                select(AuditEvent.name)
                .where(AuditEvent.name.startswith("data_request"))
                .order_by(AuditEvent.at)
            )
            return list((await session.scalars(named)).all())

    async def tell(self) -> None:
        """Send every mail that is queued, as the worker does."""
        async with self.site.database.platform_session(role="worker") as session:
            queued = text(
                "SELECT payload FROM queue.pgqueuer WHERE entrypoint = 'tell_data_request' ORDER BY id"
            )
            payloads = [
                json.loads(bytes(row[0])) for row in await session.execute(queued)
            ]
        for payload in payloads:
            if payload["tenant"] == str(self.territory.id):
                await send_notification(self.site, self.territory, payload)


@pytest.fixture
async def board(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
) -> AsyncIterator[Board]:
    catalogue = await open_catalogue(portal_site.database, demo)
    datasets = [
        (await catalogue.add(line, resource_title=title)).id
        for line, title in TITLES.items()
    ]
    await SearchFeed(
        portal_site.database, portal_site.registry, portal_site.settings
    ).run_once()
    async with (
        browse(portal_app, demo, make_person(demo)) as person,
        browse(portal_app, demo, make_person(demo)) as other,
        browse(
            portal_app, demo, make_person(demo, memberships={"armor": ["publishers"]})
        ) as producer,
        browse(portal_app, demo, make_person(demo, moderator=True)) as team,
    ):
        yield Board(
            portal_site, demo, catalogue, person, other, producer, team, datasets
        )


async def decide(
    who: httpx.AsyncClient, address: str, decision: str, **fields: str
) -> httpx.Response:
    return await who.post(f"{address}/decide", data={"decision": decision, **fields})


def tomorrow() -> str:
    return (now() + timedelta(days=20)).date().isoformat()


async def do(board: Board, address: str, event: DataRequestEvent) -> httpx.Response:
    """Whatever leads to an event, by who may do it."""
    if event == DataRequestEvent.CORRECT:
        return await board.person.post(
            f"{address}/correct", data={**FORM, "title": "Bruit la nuit"}
        )
    if event == DataRequestEvent.WITHDRAW:
        return await board.person.post(f"{address}/withdraw")
    if event in BY_PRODUCER:
        dataset = f"/data/{next(iter(board.datasets))}/bruit"
        return await decide(
            board.producer,
            address,
            event,
            words="Voilà.",
            day=tomorrow(),
            dataset=dataset,
        )
    if event == DataRequestEvent.MERGE:
        into = await board.ask(title="Bruit nocturne")
    else:
        into = ""
    return await decide(board.team, address, event, words="Hors sujet.", into=into)


async def bring_to(board: Board, state: DataRequestState) -> str:
    address = await board.ask()
    way = {DataRequestState.PROMISED: DataRequestEvent.PROMISE, DataRequestState.DECLINED: DataRequestEvent.DECLINE, DataRequestState.DELIVERED: DataRequestEvent.DELIVER,
           DataRequestState.MERGED: DataRequestEvent.MERGE, DataRequestState.WITHDRAWN: DataRequestEvent.WITHDRAW, DataRequestState.HIDDEN: DataRequestEvent.HIDE}  # fmt: skip
    if state in way:
        await do(board, address, way[state])
    assert (await board.one(address)).state == state
    return address


@pytest.mark.parametrize(
    ("state", "events"),
    list_trials(itertools.product(DataRequestState, DataRequestEvent), TRANSITIONS),
)
async def test_every_pair_of_state_and_event_follows_the_table(
    board: Board, state: DataRequestState, events: list[DataRequestEvent]
) -> None:
    address = await bring_to(board, state)

    for event in events:
        answer = await do(board, address, event)

        target = TRANSITIONS.get((state, event))
        if (
            state in {DataRequestState.HIDDEN, DataRequestState.WITHDRAWN}
            and event in BY_PRODUCER
        ):
            refusal = 404
        else:
            refusal = 409
        assert answer.status_code == (303 if target else refusal), answer.text
        assert (await board.one(address)).state == (target or state), event


def test_the_documented_table_is_the_tested_one() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| [^|]+ \| `(\w+)` \| [^|]+ \| `data_request",
        PAGE.read_text(),
        re.MULTILINE,
    )

    assert {(state, event): target for state, event, target in rows} == TRANSITIONS


async def test_it_is_sent_to_the_producers_of_what_is_near_and_says_why(
    board: Board, relay: Relay
) -> None:
    address = await board.ask()
    await board.tell()
    page = await board.other.get(address)

    routes = await board.rows(DataRequestRoute)
    names = {id_: slug for slug, id_ in board.catalogue.organisations.items()}
    assert {names[route.organisation_id] for route in routes} == {"armor", "kerlevan"}
    assert "Bruit des rues de jour" in page.text
    assert "Elle publie des données proches" in page.text
    assert sorted(mail["To"] for mail in relay.mails[1:]) == [
        "donnees@armor.example",
        "donnees@kerlevan.example",
    ]
    assert str(relay.mails[0]["Subject"]).startswith("Votre demande de données est env")
    assert all("Choisir où planter" not in text_of(mail) for mail in relay.mails)


@pytest.mark.thorough
async def test_what_is_there_or_asked_already_is_shown_first(board: Board) -> None:
    first = await board.ask()
    again = await board.other.post("/data-requests/new", data=FORM)

    assert again.status_code == 422
    assert "Bruit des rues de jour" in again.text
    assert f'href="{first}"' in again.text
    assert (await board.events()).count("data_request.submitted") == 1


@pytest.mark.thorough
async def test_where_nobody_is_near_the_team_is_reported(
    board: Board, relay: Relay
) -> None:
    address = await board.ask(title="Nids de frelons", theme="")
    await board.tell()

    assert await board.rows(DataRequestRoute) == []
    assert (await board.one(address)).escalated_at is not None
    assert [mail["To"] for mail in relay.mails[1:]] == [board.territory.contact]


@pytest.mark.thorough
async def test_a_theme_leads_to_those_who_publish_in_it(board: Board) -> None:
    await board.ask(title="Nids de frelons", theme="economy")

    [route] = await board.rows(DataRequestRoute)
    assert route.reason == {"of_theme": 1}


@pytest.mark.thorough
async def test_others_support_it_and_are_told_of_the_answer_in_their_language(
    board: Board, relay: Relay
) -> None:
    address = await board.ask()
    for _ in range(2):
        answer = await board.other.post(
            f"{address}/support", headers={"Accept-Language": "en"}
        )
        assert answer.status_code == 303
    assert (await board.one(address)).supporters == 1
    assert (await board.person.post(f"{address}/support")).status_code == 409
    assert (await board.person.post(f"{address}/withdraw")).status_code == 409

    relay.raw.clear()
    await decide(
        board.producer, address, "promise", day=tomorrow(), words="À l’automne."
    )
    await board.tell()

    promised = [
        mail
        for mail in relay.mails
        if mail["Subject"].startswith(("Données promises", "Data promised"))
    ]
    assert sorted(str(mail["Subject"]).split(" pour ")[0] for mail in promised) == [
        f"Data promised for {display_date(date.fromisoformat(tomorrow()), 'en')}: Bruit des rues la nuit",
        "Données promises",
    ]
    assert all("À l’automne." in text_of(mail) for mail in promised)
    assert (
        await board.other.post(f"{address}/support", data={"stop": "1"})
    ).status_code == 303
    assert (await board.one(address)).supporters == 0


@pytest.mark.thorough
async def test_a_producer_names_what_came_of_it(board: Board) -> None:
    address = await board.ask()
    refusal = await decide(
        board.producer, address, "deliver", dataset="https://elsewhere.example/x"
    )
    good = await decide(
        board.producer,
        address,
        "deliver",
        dataset=f"/data/{next(iter(board.datasets))}",
    )
    page = await board.other.get(address)

    assert (refusal.status_code, good.status_code) == (422, 303)
    assert "Aucun jeu de données de ce catalogue n’a cette adresse" in refusal.text
    assert "Bruit des rues de jour" in page.text


@by_depth(
    ("decision", "fields", "field"),
    [
        ("decline", {"words": " "}, "words"),
        ("promise", {"day": "2020-01-01"}, "day"),
        ("promise", {"day": "x"}, "day"),
    ],
    by_default=[0],
)
async def test_what_lacks_in_an_answer_is_said_at_its_field(
    board: Board, decision: str, fields: dict[str, str], field: str
) -> None:
    address = await board.ask()

    answer = await decide(board.producer, address, decision, **fields)

    assert answer.status_code == 422
    assert f'id="{field}-e"' in answer.text
    assert (await board.one(address)).state == DataRequestState.SUBMITTED


async def test_when_every_producer_passes_the_team_is_told_and_sends_it_on(
    board: Board, relay: Relay
) -> None:
    address = await board.ask(title="Budget des rues", theme="economy")
    routes = await board.rows(DataRequestRoute)
    assert [route.organisation_id for route in routes] == [
        board.catalogue.organisations["armor"]
    ]

    await decide(board.producer, address, "pass", words="C’est la mairie.")
    assert (await board.one(address)).escalated_at is not None
    answer = await decide(board.team, address, "route", organisation="kerlevan")
    await board.tell()

    assert answer.status_code == 303
    assert (await board.one(address)).escalated_at is None
    assert "donnees@kerlevan.example" in [mail["To"] for mail in relay.mails]
    assert "C’est la mairie." in (await board.person.get(address)).text


@pytest.mark.thorough
async def test_producers_are_reminded_once_and_the_team_is_told_once(
    board: Board, relay: Relay
) -> None:
    address = await board.ask()
    await board.tell()
    relay.raw.clear()
    for days in (6, -1):
        async with board.site.database.session(
            board.territory.id, role="worker"
        ) as session:
            request = await session.get_one(
                DataRequest, (board.territory.id, UUID(address.rpartition("/")[2]))
            )
            request.due_on = (now() + timedelta(days=days)).date()
        for _ in range(2):
            async with board.site.database.session(
                board.territory.id, role="worker"
            ) as session:
                await check_delays(session)

    await board.tell()
    subjects = [str(mail["Subject"]) for mail in relay.mails]
    assert (
        len(
            [
                subject
                for subject in subjects
                if "votre réponse est attendue le" in subject
            ]
        )
        == 2
    )
    assert (
        len(
            [
                subject
                for subject in subjects
                if subject.startswith("Demande de données sans réponse")
            ]
        )
        == 1
    )
    assert "Bruit des rues la nuit" in (await board.team.get("/data-requests")).text


@pytest.mark.thorough
async def test_two_that_are_the_same_become_one(board: Board) -> None:
    original = await board.ask()
    double = await board.ask(title="Le bruit des rues, la nuit")
    await board.other.post(f"{double}/support")

    answer = await decide(
        board.team, double, "merge", into=f"{board.territory.origin}{original}"
    )
    page = await board.other.get(double)

    assert answer.status_code == 303
    assert (page.status_code, page.headers["location"]) == (301, original)
    assert (await board.one(original)).supporters == 1
    [support] = [
        row
        for row in await board.rows(DataRequestSupport)
        if str(row.request_id) in original
    ]
    assert support.person_id != (await board.one(original)).person_id


async def test_only_those_to_whom_it_was_sent_answer_and_only_the_team_moderates(
    board: Board,
) -> None:
    address = await board.ask()

    assert (
        await decide(board.other, address, "decline", words="Non.")
    ).status_code == 403
    for decision in ("hide", "merge", "route", "reopen", "show"):
        answer = await decide(
            board.producer,
            address,
            decision,
            words="x",
            into=address,
            organisation="armor",
        )
        assert answer.status_code == 403, decision
    assert (await board.other.get(f"{address}/correct")).status_code == 403
    assert (await decide(board.team, address, "burn")).status_code == 404


async def test_a_hidden_one_is_not_there_for_others_nor_in_the_feed(
    board: Board,
    portal_app: Litestar,
    other: Territory,
    make_person: Callable[..., Login],
    relay: Relay,
) -> None:
    visible = await board.ask()
    hidden = await board.ask(title="Liste des voisins bruyants")
    await decide(board.team, hidden, "hide", words="Elle vise des personnes.")
    await board.tell()
    feed = (await board.other.get("/data-requests.atom")).text

    assert re.findall("<title>([^<]*)</title>", feed)[1:] == ["Bruit des rues la nuit"]
    assert (await board.other.get(hidden)).status_code == 404
    assert "Elle vise des personnes." in (await board.person.get(hidden)).text
    assert "Elle vise des personnes." in text_of(relay.mails[-1])
    async with (
        browse(portal_app, board.territory) as passer,
        browse(portal_app, other) as stranger,
    ):
        assert (await passer.get(hidden)).status_code == 404
        assert (await passer.get(visible)).status_code == 200
        assert (await stranger.get(visible)).status_code == 404
    async with browse(
        portal_app, other, make_person(other, moderator=True)
    ) as stranger:
        assert (await decide(stranger, visible, "hide", words="x")).status_code == 404
