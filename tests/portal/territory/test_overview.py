"""The overview: what waits for the team, and figures of a small known catalogue, on the page and as CSV."""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from tests.portal.access.conftest import Relay, Workspace, relay, workspace
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.territory.conftest import Dashboard
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.access.models import AccessPolicy, AccessRequest
from udi.portal.audit.models import AuditEvent
from udi.portal.catalogue.models import Link, LinkState
from udi.portal.identity.models import Person
from udi.portal.organisations.models import Application
from udi.portal.projects.data_requests.models import DataRequest

__all__ = ["Relay", "relay", "workspace"]
PATH = "/territory"
ENGLISH = {"Accept-Language": "en"}
NAMES = [
    "datasets", "producers", "freshness", "quality", "requests", "links", "high-value",
]  # fmt: skip


async def csv(dashboard: Dashboard, name: str) -> list[str]:
    """The lines of the CSV of a figure after its head, in English."""
    response = await dashboard.team.get(f"{PATH}/figures/{name}.csv", headers=ENGLISH)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    return response.text.lstrip("\ufeff").splitlines()[1:]


async def show(dashboard: Dashboard, language: str = "en") -> str:
    """The page, without its entities."""
    response = await dashboard.team.get(PATH, headers={"Accept-Language": language})
    assert response.status_code == 200, response.text
    return unescape(response.text)


def changed(days_ago: int, frequency: str = "", **more: Any) -> dict[str, Any]:
    """Changes of a description: when its data changed, and the rhythm of a harvested one."""
    day = (now() - timedelta(days=days_ago)).isoformat()
    document: dict[str, Any] = {"dataset_dates": {"created": day, "updated": day}}
    if frequency:
        document["harvested"] = {"frequency": frequency}
    return document | more


async def add_link(catalogue: Catalogue, url: str, state: LinkState) -> None:
    """Note how an address stands."""
    id_ = UUID(hashlib.md5(url.encode(), usedforsecurity=False).hexdigest())
    async with catalogue.database.session(
        catalogue.territory.id, role="worker"
    ) as session:
        stored = await session.get(Link, (catalogue.territory.id, id_))
        if stored is None:
            stored = Link(id=id_, url=url, host="node.example", next_at=now())
            session.add(stored)
        stored.state = state


async def test_a_new_territory_says_what_to_do_for_each_figure(
    dashboard: Dashboard,
) -> None:
    page = await show(dashboard)

    for words in (
        "Nothing waits for the team.",
        "No dataset is published yet",
        "There is no producer yet",
        "No published description announces how often",
        "No description to assess yet",
        "Nobody has requested access or data yet",
        "No link was checked yet",
        "No dataset is marked as high-value",
    ):
        assert words in page
    # High-value data alone has a table then: six categories without a dataset.
    assert re.findall(r"/territory/figures/([a-z-]+)\.csv", page) == ["high-value"]


async def test_what_waits_is_counted_for_the_team_alone(dashboard: Dashboard) -> None:
    async with dashboard.site.database.session(
        dashboard.territory.id, role="worker"
    ) as session:
        person = (await session.scalars(select(Person))).first()
        assert person is not None
        session.add_all(
            Application(
                person_id=person.id, language="fr", name=name, country="FR",
                registry_number="", email="a@b.example", url="", choice="hosted",
                submitted_at=now(),
            )
            for name in ("Mairie", "Syndicat")
        )  # fmt: skip

    page = await show(dashboard)

    assert "2 things wait for the team" in page
    assert 'href="/inbox?role=team"' in page


async def test_each_figure_of_a_known_catalogue(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    hvd = ["hvd", "Mobilité"]
    first = await armor.add(0, **changed(9, "WEEKLY"))
    await armor.add(1, **changed(1, "ANNUAL", keywords=hvd, resource_title="=2+2"))
    await armor.add(2, **changed(500))
    await add_link(armor, first.media[0].url, LinkState.GONE)

    page = await show(dashboard)

    assert set(re.findall(r"/territory/figures/([a-z-]+)\.csv", page)) == {
        "datasets", "producers", "freshness", "quality", "links", "high-value",
    }  # fmt: skip
    month = now().astimezone(ZoneInfo("Europe/Paris"))
    stock = await csv(dashboard, "datasets")
    assert len(stock) == 12
    assert stock[-1] == f"{month:%Y-%m},3"
    assert stock[-2].endswith(",0")
    assert await csv(dashboard, "producers") == [
        "Armorine Métropole,2",
        "Mairie de Kerlévan,1",
        "Réseau Goéland,0",
    ]
    freshness = await csv(dashboard, "freshness")
    assert [re.sub(r"\d{4}-\d\d-\d\d", "day", line) for line in freshness] == [
        '"Qualité de l\'air, heure par heure",WEEKLY,day,2',
        "'=2+2,ANNUAL,day,0",
        '"Élections municipales 2026, résultats",,day,',
    ]
    assert "50 %" in page
    assert "2 days late" in page
    assert [line for line in await csv(dashboard, "high-value") if ",0,0,0" not in line] == [
        "Mobility,1,0,1"
    ]  # fmt: skip
    assert (await csv(dashboard, "links"))[0].startswith("Armorine Métropole,")
    assert (await csv(dashboard, "links"))[0].endswith(",1")
    assert "link fails" in page


async def test_quality_is_that_of_the_descriptions(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    # The corpus has two keywords, a theme, a file that is open CSV, a licence of the EU's table and a contact;
    # no place, period or frequency; of columns that it does not name, nothing is asked.
    await armor.add(0)

    assert await csv(dashboard, "quality") == [
        "Find,50",
        "Reach,100",
        "Understand,100",
        "Reuse,100",
        "Up to date,25",
    ]
    assert "Weakest: Up to date" in await show(dashboard)


async def add_data_request(
    dashboard: Dashboard, state: str, due_on: date, *answers: datetime
) -> None:
    """A request for data with the events of its answers."""
    id_ = uuid4()
    async with dashboard.site.database.session(
        dashboard.territory.id, role="worker"
    ) as session:
        session.add(
            DataRequest(
                id=id_, language="fr", title="Marchés", words="", state=state,
                submitted_at=now(), changed_at=now(), due_on=due_on,
            )
        )  # fmt: skip
    async with dashboard.site.database.session(dashboard.territory.id) as session:
        for answered_at in answers:
            event = AuditEvent(
                name="data_request.promised", subject_id=id_, facts={}, at=answered_at
            )
            session.add(event)


async def test_requests_for_data_go_by_their_first_answer(
    dashboard: Dashboard,
) -> None:
    due = date(2026, 3, 10)
    # The last instant of the day in Paris, and the first of the next.
    in_time = datetime(2026, 3, 10, 22, 59, tzinfo=UTC)
    late = datetime(2026, 3, 10, 23, 1, tzinfo=UTC)
    await add_data_request(dashboard, "promised", due, in_time)
    await add_data_request(dashboard, "delivered", due, in_time, late)
    await add_data_request(dashboard, "declined", due, late)
    await add_data_request(dashboard, "submitted", due)
    await add_data_request(dashboard, "submitted", now().date() + timedelta(days=2))
    await add_data_request(dashboard, "withdrawn", due)

    assert await csv(dashboard, "requests") == [
        "Requests for access,0,0,0,0",
        "Requests for data,2,1,1,1",
    ]


async def change(workspace: Workspace, model: Any, values: Mapping[str, Any]) -> None:
    """Change the rows of a table, as time would have."""
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        await session.execute(update(model).values(**values))


async def test_requests_for_access_go_by_the_promise_of_each_policy(
    dashboard: Dashboard, workspace: Workspace
) -> None:
    await workspace.set_policy(answer_days="10")
    address = await workspace.ask()
    before = await csv(dashboard, "requests")
    await change(workspace, AccessRequest, {"due_at": now() - timedelta(hours=1)})
    overdue = await csv(dashboard, "requests")
    await workspace.decide(address, "refuse")
    refused = await csv(dashboard, "requests")
    await change(workspace, AccessPolicy, {"answer_days": [0, 10, 11, 40, 3]})
    many = await csv(dashboard, "requests")

    assert [lines[0] for lines in (before, overdue, refused, many)] == [
        "Requests for access,0,0,1,0",
        "Requests for access,0,0,0,1",
        "Requests for access,1,0,0,0",
        "Requests for access,3,2,0,0",
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_another_territory_has_no_figure_of_this_one(
    dashboard: Dashboard,
    armor: Catalogue,
    other: Territory,
    make_person: Callable[..., Login],
    name: str,
) -> None:
    record = await armor.add(0, **changed(9, "WEEKLY", keywords=["hvd", "Mobilité"]))
    await add_link(armor, record.media[0].url, LinkState.GONE)
    await add_data_request(dashboard, "submitted", date(2026, 3, 10))
    async with browse(dashboard.app, other, make_person(other, moderator=True)) as team:
        theirs = (await team.get(f"{PATH}/figures/{name}.csv")).text
    ours = await csv(dashboard, name)

    figures = re.findall(r"[;,](\d+)", theirs.partition("\n")[2])
    assert set(figures) <= {"0"}
    assert re.search(r",[1-9]", "\n".join(ours)) is not None


async def test_a_figure_that_is_none_is_not_found(dashboard: Dashboard) -> None:
    for address in ("unknown.csv", "datasets", "datasets.txt"):
        response = await dashboard.team.get(f"{PATH}/figures/{address}")
        assert response.status_code == 404


@pytest.mark.thorough
async def test_the_overview_speaks_both_languages(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    await armor.add(0, **changed(9, "WEEKLY"))

    assert "Chiffres du territoire" in await show(dashboard, "fr")
    assert "Figures of the territory" in await show(dashboard, "en")
