"""Who may do what: the whole table of identities, roles and actions, asked of the program."""

import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import delete, select

from tests.depth import examples
from tests.node.conftest import Browse
from tests.node.producer import ANSWERS, SLUG, TABLE, Producer
from tests.node.sending import TUS, desk_for, metadata
from tests.node.test_check_file import latest
from udi.kit.db import Database
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.prepare import prepare_version
from udi.node.datasets.models import Dataset
from udi.node.identity.models import Membership, Person
from udi.node.spaces.models import DatasetRight
from udi.ui.site import Site

OTHER_TABLE = TABLE + b"Tennis;Brest;01/01/2001\n"
Act = Callable[[httpx.AsyncClient, str, str], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Action:
    """Something that a person asks, by its addresses; `needs` is the least that lets it pass."""

    name: str
    needs: str
    act: Act


def read(path: str) -> Act:
    return lambda client, dataset, file: client.get(
        path.format(dataset=dataset, slug=SLUG, file=file)
    )


def send(path: str, **data: str) -> Act:
    return lambda client, dataset, _file: client.post(
        path.format(dataset=dataset, slug=SLUG),
        data={name: value.format(dataset=dataset) for name, value in data.items()},
    )


def offer(size: str, **about: str) -> Act:
    """Begin to send a version in parts."""
    return lambda client, dataset, _file: client.post(
        f"/spaces/{SLUG}/uploads",
        headers={
            **TUS,
            "Upload-Length": size,
            "Upload-Metadata": metadata(filename="a.csv", dataset=dataset, **about),
        },
    )


def drop(path: str, content: bytes) -> Act:
    files = {"file": ("associations.csv", content, "text/csv")}
    return lambda client, dataset, _file: client.post(
        path.format(dataset=dataset, slug=SLUG), files=files
    )


ACTIONS = [
    Action("see the dataset", "reader", read("/datasets/{dataset}")),
    Action("read its draft file", "reader", read("{file}")),
    Action("read its review", "reader", read("/datasets/{dataset}/review")),
    Action("take its history", "reader", read("/datasets/{dataset}/history.csv")),
    Action(
        "see the form of the description",
        "editor",
        read("/datasets/{dataset}/describe"),
    ),
    Action("describe it", "editor", send("/datasets/{dataset}/describe", **ANSWERS)),
    Action(
        "see the form of a version", "editor", read("/datasets/{dataset}/versions/new")
    ),
    Action(
        "drop a version", "editor", drop("/datasets/{dataset}/versions", OTHER_TABLE)
    ),
    Action("see what was understood", "editor", read("/datasets/{dataset}/check")),
    Action(
        "correct what was understood", "editor", read("/datasets/{dataset}/understood")
    ),
    Action("settle its lines", "editor", send("/datasets/{dataset}/lines")),
    Action(
        "put zeros back",
        "editor",
        send("/datasets/{dataset}/zeros", column="nom", repair="1"),
    ),
    Action(
        "leave a table out",
        "editor",
        send("/datasets/{dataset}/tables", title="Inconnue", leave="1"),
    ),
    Action(
        "offer a mended copy",
        "editor",
        send("/datasets/{dataset}/mended", mended="1"),
    ),
    Action(
        "see the cells that do not fit", "editor", read("/datasets/{dataset}/cells")
    ),
    Action("see the rows to correct", "editor", read("/datasets/{dataset}/rows")),
    Action("see the form of a row", "editor", read("/datasets/{dataset}/rows/1")),
    Action("see the form of a new row", "editor", read("/datasets/{dataset}/rows/new")),
    Action(
        "correct rows",
        "editor",
        send("/datasets/{dataset}/rows", names='["nom"]', rows="1"),
    ),
    Action("send a version in parts", "editor", offer("1")),
    Action("send one to be published", "publisher", offer("1", publish="true")),
    Action(
        "have a version fetched",
        "editor",
        send("/spaces/{slug}/fetch", dataset="{dataset}", address="x"),
    ),
    Action(
        "have a new file fetched",
        "publisher",
        send("/spaces/{slug}/fetch", address="x"),
    ),
    Action("see who works on it", "publisher", read("/datasets/{dataset}/people")),
    Action(
        "share it", "publisher", send("/datasets/{dataset}/people", person="", role="")
    ),
    Action(
        "stop sharing it",
        "publisher",
        send("/datasets/{dataset}/people/remove", person=""),
    ),
    Action(
        "see the form of withdrawal", "publisher", read("/datasets/{dataset}/withdraw")
    ),
    Action(
        "withdraw it", "publisher", send("/datasets/{dataset}/withdraw", reason="x")
    ),
    Action("tell the portal again", "publisher", send("/datasets/{dataset}/retry")),
    Action("see the space", "publisher", read("/spaces/{slug}")),
    Action("see the figures", "publisher", read("/spaces/{slug}/figures")),
    Action("take the figures", "publisher", read("/spaces/{slug}/figures.csv")),
    Action(
        "take the figures as JSON", "publisher", read("/spaces/{slug}/figures.json")
    ),
    Action(
        "publish the figures",
        "publisher",
        send("/spaces/{slug}/figures/publication", on="0"),
    ),
    Action("see the place", "publisher", read("/spaces/{slug}/place")),
    Action("see the archive of the space", "publisher", read("/spaces/{slug}/archive")),
    Action("have the archive made", "publisher", send("/spaces/{slug}/archive")),
    Action(
        "make a link to a version",
        "publisher",
        read("/datasets/{dataset}/versions/1/link"),
    ),
    Action("see what erasing means", "publisher", read("/datasets/{dataset}/erase")),
    Action(
        "erase it without its title",
        "publisher",
        send("/datasets/{dataset}/erase", title=""),
    ),
    Action(
        "see the form of a dataset", "publisher", read("/spaces/{slug}/datasets/new")
    ),
    Action("see the models to fill", "publisher", read("/spaces/{slug}/fill")),
    Action(
        "fill a model",
        "publisher",
        send("/spaces/{slug}/fill", model="prenoms", rows="1"),
    ),
    Action(
        "start a dataset", "publisher", drop("/spaces/{slug}/datasets", b"a;b\n1;2\n")
    ),
    Action(
        "start a dataset of links",
        "publisher",
        send("/spaces/{slug}/links", link="", link_title="", link_role="link"),
    ),
    Action("see what is shared", "member", read("/spaces/{slug}/shared")),
    Action("publish it", "publisher", send("/datasets/{dataset}/publish")),
    Action("delete the draft", "publisher", send("/datasets/{dataset}/discard")),
]
RANKS = ("member", "reader", "editor", "publisher")
PEOPLE = {
    "passer-by": None, "stranger": None, "team": None, "was a reader": None, "other territory": None,
    "member": "member", "reader": "reader", "editor": "editor", "publisher": "publisher", "manager": "publisher",
}  # fmt: skip
"""Everybody, with the rank that they have on the dataset; None where they must not even know of it."""


ONE_IN = examples(6, 1)
"""Beside those at its edge, an action is asked by one in so many, each action beginning with another."""


def list_calls() -> list[tuple[str, Action]]:
    """Who asks for what: the least who may, whoever is just below, somebody of another producer, and others in turn."""
    calls = []
    for number, action in enumerate(ACTIONS):
        least = RANKS.index(action.needs)
        edge = {"stranger", *RANKS[max(least - 1, 0) : least + 1]}
        others = [person for person in PEOPLE if person not in edge]
        callers = edge.union(others[number % ONE_IN :: ONE_IN])
        calls += [(person, action) for person in PEOPLE if person in callers]
    return calls


def expected(person: str, action: Action) -> str:
    rank = PEOPLE[person]
    if rank is None:
        if person == "passer-by" and action.name != "read its draft file":
            return "login"
        return "404"
    if RANKS.index(rank) >= RANKS.index(action.needs):
        return "may"
    return "403"


def outcome(answer: httpx.Response) -> str:
    """What an answer means, to be compared with the one thing expected.

    That something makes no sense any more (409, 422) is said to those who may ask only.
    """
    if (
        answer.headers.get("location", "").startswith("/login")
        or answer.status_code == 401
    ):
        return "login"
    if answer.status_code in {403, 404}:
        return str(answer.status_code)
    return "may"


async def give(
    database: Database, territory: Territory, login: Login, dataset: str, role: str
) -> None:
    async with database.session(territory.id, role="owner") as session:
        person = (
            await session.scalars(
                select(Person.id).where(Person.subject == login.subject)
            )
        ).one()
        session.add(DatasetRight(dataset_id=UUID(dataset), person_id=person, role=role))


@dataclass
class Crowd:
    """Everybody, in front of the node."""

    clients: dict[str, httpx.AsyncClient]
    logins: dict[str, Login]
    database: Database
    territory: Territory

    async def let_in(self, dataset: str) -> None:
        for name, role in (
            ("reader", "reader"),
            ("editor", "editor"),
            ("was a reader", "editor"),
        ):
            await give(self.database, self.territory, self.logins[name], dataset, role)


@pytest.fixture
async def crowd(
    node_app: Litestar,
    node_database: Database,
    demo: Territory,
    other: Territory,
    browse: Browse,
    make_person: Any,
) -> AsyncIterator[Crowd]:
    belongs: dict[str, dict[str, list[str]]] = {
        "stranger": {"port": ["managers"]}, "team": {}, "was a reader": {"port": []}, "member": {SLUG: []},
        "reader": {SLUG: []}, "editor": {SLUG: []}, "publisher": {SLUG: ["publishers"]}, "manager": {SLUG: ["managers"]},
    }  # fmt: skip
    logins = {
        n: make_person(demo, memberships=m, moderator=n == "team")
        for n, m in belongs.items()
    }
    elsewhere = make_person(other, memberships={SLUG: ["managers"]})
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(browse(node_app, demo, who))
            for name, who in logins.items()
        }
        clients["passer-by"] = await stack.enter_async_context(browse(node_app, demo))
        clients["other territory"] = await stack.enter_async_context(
            browse(node_app, other, elsewhere)
        )
        yield Crowd(clients, logins, node_database, demo)


async def draft_file(database: Database, territory: Territory, dataset: str) -> str:
    async with database.session(territory.id) as session:
        return (
            await session.get_one(Dataset, (territory.id, UUID(dataset)))
        ).latest.file.path


async def test_the_whole_table_of_who_may_do_what(
    crowd: Crowd, producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft()
    await producer.describe(dataset)
    await crowd.let_in(dataset)
    file = await draft_file(node_database, demo, dataset)
    calls = list_calls()
    outcomes = {
        (person, action.name): outcome(
            await action.act(crowd.clients[person], dataset, file)
        )
        for person, action in calls
    }

    _print(outcomes)
    expected_outcomes = {
        (person, action.name): expected(person, action) for person, action in calls
    }
    assert {
        key: value for key, value in outcomes.items() if value != expected_outcomes[key]
    } == {}


def _print(outcomes: dict[tuple[str, str], str]) -> None:
    width = max(len(action.name) for action in ACTIONS)
    lines = [" " * width + "".join(f"{person:>16}" for person in PEOPLE)]
    lines += [
        f"{action.name:{width}}"
        + "".join(f"{outcomes.get((person, action.name), ''):>16}" for person in PEOPLE)
        for action in ACTIONS
    ]
    sys.stdout.write(
        "\n".join(
            [
                "",
                *lines,
                f"{len(ACTIONS)} actions x {len(PEOPLE)} people, {len(outcomes)} calls",
                "",
            ]
        )
    )


async def person_id(database: Database, territory: Territory, login: Login) -> str:
    async with database.session(territory.id) as session:
        return str(
            (
                await session.scalars(
                    select(Person.id).where(Person.subject == login.subject)
                )
            ).one()
        )


async def test_a_dataset_is_shared_and_no_longer_shared_from_its_page(
    crowd: Crowd, producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft()
    member = await person_id(node_database, demo, crowd.logins["member"])
    path = f"/datasets/{dataset}/people"
    theirs = crowd.clients["member"]
    assert "Nobody" not in await producer.page(path)
    before = await theirs.get(f"/datasets/{dataset}")

    assert (
        await producer.client.post(path, data={"person": member, "role": "reader"})
    ).status_code == 303
    reads = await theirs.get(f"/datasets/{dataset}")
    refused = await theirs.get(f"/datasets/{dataset}/describe")
    shared = await theirs.get(f"/spaces/{SLUG}/shared")
    await producer.client.post(path, data={"person": member, "role": "editor"})
    changes = await theirs.post(
        f"/datasets/{dataset}/describe", data={**ANSWERS, "leave": "1"}
    )
    history = await producer.page(f"/datasets/{dataset}")
    await producer.client.post(f"{path}/remove", data={"person": member})
    after = await theirs.get(f"/datasets/{dataset}")

    assert (before.status_code, after.status_code, reads.status_code) == (403, 403, 200)
    assert "n’est pas partagé avec vous" in before.text
    assert f"/datasets/{dataset}/withdraw" not in reads.text
    assert f"/datasets/{dataset}/describe" not in reads.text
    assert "pas le modifier" in refused.text
    assert f"/datasets/{dataset}" in shared.text
    assert changes.headers["location"] == f"/spaces/{SLUG}/shared"
    assert "Compte de test" in history
    assert "Modifier le jeu de données, sans le publier" in history


async def test_a_dataset_that_cannot_be_shared_leads_to_the_reason(
    producer: Producer,
) -> None:
    dataset = await producer.draft()
    response = await producer.client.post(
        f"/datasets/{dataset}/people", data={"person": "", "role": ""}
    )

    assert response.status_code == 422
    links = re.findall(r'href="#(person|role)"', response.text)
    assert links == ["person"]
    assert response.text.count('id="person"') == 1


async def test_a_right_on_one_dataset_is_none_on_another_of_the_space(
    crowd: Crowd, producer: Producer, node_database: Database, demo: Territory
) -> None:
    shared = await producer.draft()
    other_dataset = await producer.draft(
        b"nom;adresse\nPiscine;2 rue du Port\n", "lieux.csv"
    )
    member = await person_id(node_database, demo, crowd.logins["member"])
    await producer.client.post(
        f"/datasets/{shared}/people", data={"person": member, "role": "editor"}
    )

    paths = ("", "/describe", "/check")
    statuses = {
        dataset: [
            (
                await crowd.clients["member"].get(f"/datasets/{dataset}{path}")
            ).status_code
            for path in paths
        ]
        for dataset in (shared, other_dataset)
    }
    file = await crowd.clients["member"].get(
        await draft_file(node_database, demo, other_dataset)
    )

    assert statuses == {shared: [200, 200, 200], other_dataset: [403, 403, 403]}
    assert file.status_code == 403
    assert b"Piscine" not in file.content


@pytest.mark.parametrize(
    ("who", "role", "expected"),
    [
        ("stranger", "reader", "Choisissez une personne"),
        pytest.param("manager", "reader", "publie déjà", marks=pytest.mark.thorough),
        pytest.param(
            "member", "owner", "Choisissez une des réponses", marks=pytest.mark.thorough
        ),
        pytest.param(
            "nobody", "reader", "Choisissez une personne", marks=pytest.mark.thorough
        ),
    ],
)
async def test_a_right_that_makes_no_sense_is_refused_at_its_question(
    crowd: Crowd,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    who: str,
    role: str,
    expected: str,
) -> None:
    dataset = await producer.draft()
    login = crowd.logins.get(who)
    person = await person_id(node_database, demo, login) if login else "x"

    refused = await producer.client.post(
        f"/datasets/{dataset}/people", data={"person": person, "role": role}
    )

    assert refused.status_code == 422
    assert expected in refused.text
    async with node_database.session(demo.id) as session:
        assert (await session.scalars(select(DatasetRight))).all() == []


async def test_history_is_a_table_with_names_of_members_only(
    crowd: Crowd, producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft()
    await crowd.let_in(dataset)
    await crowd.clients["editor"].post(f"/datasets/{dataset}/describe", data=ANSWERS)

    before = (await producer.client.get(f"/datasets/{dataset}/history.csv")).text
    async with node_database.session(demo.id, role="owner") as session:
        editor = await session.scalar(
            select(Person).where(Person.subject == crowd.logins["editor"].subject)
        )
        assert editor is not None
        await session.execute(
            delete(Membership).where(Membership.person_id == editor.id)
        )
    after = (await producer.client.get(f"/datasets/{dataset}/history.csv")).text

    assert before.splitlines()[0] == "\ufeffQuand (UTC);Événement;Qui;Détail"
    assert "Description modifiée;par Compte de test;" in before
    assert "Description modifiée;par une personne qui est partie;" in after
    assert "Fichier déposé;par vous;" in after


async def test_who_left_the_organisation_reads_nothing_restricted_by_the_right_they_had(
    crowd: Crowd,
    producer: Producer,
    node_database: Database,
    node_site: Site,
    demo: Territory,
) -> None:
    dataset = await producer.publish(access="restricted")
    version = await latest(node_database, demo, dataset)
    await prepare_version(desk_for(node_site, demo), version.id, 1)
    await crowd.let_in(dataset)
    address = f"/datasets/{dataset}/data"

    page_by_name = {
        name: (await crowd.clients[name].get(address)).text
        for name in ("reader", "was a reader", "stranger")
    }

    assert {name: "Les Amis du Phare" in page for name, page in page_by_name.items()} == {
        "reader": True, "was a reader": False, "stranger": False,
    }  # fmt: skip
