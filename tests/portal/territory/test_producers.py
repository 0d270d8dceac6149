"""The table of producers: what each publishes, from where, what is late; sorted, as CSV, of this territory alone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from tests.depth import by_depth
from tests.portal.catalogue.corpus import NODE, Catalogue
from tests.portal.territory.conftest import Dashboard
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.models import Node, NodeProducer
from udi.portal.organisations.models import Organisation

PATH = "/territory/producers"
ENGLISH = {"Accept-Language": "en"}


def changed(days_ago: int, frequency: str = "") -> dict[str, Any]:
    """Changes of a description: when its data changed, and its rhythm as a harvested description says it."""
    day = (now() - timedelta(days=days_ago)).isoformat()
    document: dict[str, Any] = {"dataset_dates": {"created": day, "updated": day}}
    if frequency:
        document["harvested"] = {"frequency": frequency}
    return document


async def fill(dashboard: Dashboard, catalogue: Catalogue) -> None:
    """Armor: three datasets, two late, on the hosted node. Kerlévan: one in time, and a node of its own. Goéland: none."""
    database, territory = catalogue.database, catalogue.territory
    kerlevan = catalogue.organisations["kerlevan"]
    node_id = uuid4()
    async with database.session(territory.id, role="worker") as session:
        session.add_all(
            [
                Node(id=NODE, slug="shared", name="Nœud mutualisé", url="", client_id="a", hosted=True),
                Node(id=node_id, slug="kerlevan", name="Nœud de Kerlévan", url="", client_id="b"),
            ]
        )  # fmt: skip
        await session.flush()
        session.add(NodeProducer(node_id=node_id, organisation_id=kerlevan))
        await session.execute(
            update(Organisation)
            .where(Organisation.id == kerlevan)
            .values(kind="public_body", email="=1+1@kerlevan.example")
        )
    await catalogue.add(0, **changed(9, "WEEKLY"))
    await catalogue.add(1, **changed(400, "ANNUAL"))
    await catalogue.add(8, **changed(4000))
    await catalogue.add(2, **changed(6, "WEEKLY"))
    withdrawn = await catalogue.add(3, **changed(900, "DAILY"))
    await catalogue.withdraw(withdrawn)
    moments = {0: 1, 1: 2, 8: 3, 2: 4}
    async with database.session(territory.id, role="worker") as session:
        for number, day in moments.items():
            title = {0: "Qualité", 1: "Comptages", 8: "Budget", 2: "Élections"}[number]
            await session.execute(
                update(Dataset)
                .where(Dataset.title.startswith(title))
                .values(described_at=datetime(2026, 3, day, 12, tzinfo=UTC))
            )


async def table(dashboard: Dashboard, query: str = "") -> list[list[str]]:
    """The cells of the CSV without its head, in English."""
    response = await dashboard.team.get(f"{PATH}.csv{query}", headers=ENGLISH)
    assert response.status_code == 200
    lines = response.text.lstrip("\ufeff").splitlines()
    return [line.split(",") for line in lines[1:]]


async def test_each_producer_has_its_figures(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    await fill(dashboard, armor)

    assert await table(dashboard) == [
        ["Armorine Métropole", "", "Nœud mutualisé", "3", "2", "2026-03-03T12:00:00+00:00", "donnees@armor.example", "0"],
        ["Mairie de Kerlévan", "A public body", '"Nœud de Kerlévan', ' Nœud mutualisé"', "1", "0", "2026-03-04T12:00:00+00:00", "'=1+1@kerlevan.example", "0"],
        ["Réseau Goéland", "", "", "0", "0", "", "donnees@goeland.example", "0"],
    ]  # fmt: skip


@pytest.mark.thorough
async def test_the_page_says_the_same(dashboard: Dashboard, armor: Catalogue) -> None:
    await fill(dashboard, armor)

    page = await dashboard.team.get(PATH, headers=ENGLISH)

    [body] = re.findall(r"<tbody>(.*?)</tbody>", page.text, re.DOTALL)
    rows = [
        [
            unescape(re.sub(r"<br>", " + ", re.sub(r"<(?!br)[^>]+>", "", cell))).strip()
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]
    assert [[*row[:5], row[6]] for row in rows] == [
        ["Armorine Métropole", "–", "Space on the hosted node", "3", "2Remind Armorine Métropole", "donnees@armor.example"],
        ["Mairie de Kerlévan", "A public body", "Nœud de Kerlévan + Space on the hosted node", "1", "0", "=1+1@kerlevan.example"],
        ["Réseau Goéland", "–", "–", "0", "0", "donnees@goeland.example"],
    ]  # fmt: skip


@by_depth(
    ("query", "names"),
    [
        ("?sort=name&order=desc", "RMA"),
        ("?sort=datasets&order=asc", "RMA"),
        ("?sort=datasets&order=desc", "AMR"),
        ("?sort=late&order=desc", "AMR"),
        ("?sort=last&order=desc", "MAR"),
        ("?sort=kind&order=desc", "MAR"),
        ("?sort=node&order=asc", "RMA"),
        ("?sort=unknown&order=desc", "AMR"),
    ],
    by_default=[0, 2],
)
async def test_the_table_is_sorted_by_a_column(
    dashboard: Dashboard, armor: Catalogue, query: str, names: str
) -> None:
    await fill(dashboard, armor)

    assert "".join(row[0][0] for row in await table(dashboard, query)) == names


async def test_the_head_says_the_order_and_leads_to_the_other(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    await fill(dashboard, armor)

    page = (
        await dashboard.team.get(f"{PATH}?sort=late&order=desc", headers=ENGLISH)
    ).text

    assert page.count("aria-sort=") == 1
    assert (
        '<th scope="col" class="num" aria-sort="descending">'
        f'<a href="{PATH}?sort=late&amp;order=asc">Late datasets'
    ) in page
    assert f'<a href="{PATH}?sort=datasets&amp;order=desc">Datasets' in page
    assert f'<a href="{PATH}.csv?sort=late&amp;order=desc">' in page


async def test_a_new_description_is_read_anew(
    dashboard: Dashboard, armor: Catalogue
) -> None:
    record = await armor.add(0, **changed(9, "WEEKLY"))
    before = await table(dashboard)
    await armor.add(0, global_id=str(record.id), **changed(9, "MONTHLY"))
    after = await table(dashboard)

    assert (before[0][4], after[0][4]) == ("1", "0")


async def test_a_producer_whom_nobody_acts_for_is_seen(
    dashboard: Dashboard,
    armor: Catalogue,
    make_person: Callable[..., Login],
) -> None:
    await fill(dashboard, armor)
    manager = make_person(armor.territory, memberships={"armor": ["managers"]})
    async with browse(dashboard.app, armor.territory, manager):
        page = await dashboard.team.get(f"{PATH}?sort=people", headers=ENGLISH)

    [body] = re.findall(r"<tbody>(.*?)</tbody>", page.text, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    assert ["No one" in row for row in rows] == [True, True, False]
    assert "Armorine" in rows[2]


async def test_a_territory_without_producers_says_what_to_do(
    dashboard: Dashboard,
) -> None:
    page = await dashboard.team.get(PATH, headers=ENGLISH)

    assert "There is no producer yet." in page.text
    assert 'href="/join/requests"' in page.text


async def test_another_territory_has_none_of_these_producers(
    dashboard: Dashboard,
    armor: Catalogue,
    other: Territory,
    make_person: Callable[..., Login],
) -> None:
    await fill(dashboard, armor)
    async with browse(dashboard.app, other, make_person(other, moderator=True)) as team:
        page = await team.get(PATH, headers=ENGLISH)
        csv = await team.get(f"{PATH}.csv", headers=ENGLISH)

    assert "Armorine" not in page.text
    assert "There is no producer yet." in page.text
    assert len(csv.text.splitlines()) == 1


@pytest.mark.thorough
async def test_the_page_speaks_french(dashboard: Dashboard, armor: Catalogue) -> None:
    await fill(dashboard, armor)

    page = unescape((await dashboard.team.get(PATH)).text)

    assert "Producteurs du territoire" in page
    assert "Espace sur le nœud mutualisé" in page
