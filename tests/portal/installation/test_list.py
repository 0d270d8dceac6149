"""Every territory at a glance: figures that are right, alerts first, sorted, filtered, a hundred a page."""

import csv
import io
import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from tests import stage
from tests.portal.installation.conftest import Console
from tests.portal.installation.filled import (
    CALLS,
    CANARY,
    DOWNLOADS,
    SENT,
    SPACE,
    SPACE_BYTES,
    STORED_BYTES,
    fill,
)
from udi.cli.installation import overview
from udi.cli.installation.gather import save_figures
from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.installation.alerts import (
    list_alerts,
    list_installation_alerts,
)
from udi.portal.installation.figures import (
    GatheredFigures,
    SpaceFigures,
    share_costs,
)
from udi.portal.installation.list_pages import STATES
from udi.portal.installation.territory_pages import ACT_NAMES
from udi.portal.tenants.models import Tenant

MANY = 101
NOTHING = GatheredFigures(
    people=0,
    team=0,
    datasets=0,
    files=0,
    stored_bytes=0,
    quota_bytes=0,
    downloads=0,
    api_calls=0,
    bytes_sent=0,
    gigabyte_days=0.0,
    job_seconds=0.0,
    waiting_jobs=0,
    overdue_seconds=0.0,
    failed_jobs=0,
    refused_addresses=0,
    undelivered_reports=0,
)


def figures(**changes: Any) -> GatheredFigures:
    return msgspec.structs.replace(NOTHING, **changes)


def read_table(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


async def test_the_figures_of_a_territory_are_those_that_it_counts(
    console: Console, other: Territory
) -> None:
    await fill(console)

    await console.gather()
    answer = await console.operator.get("/installation/territories.csv")
    listed = await overview.list_territories(console.settings)
    described_territory = await overview.describe_territory(
        console.settings, console.territory.slug
    )

    rows = {row["territory"]: row for row in read_table(answer.content)}
    row = rows[console.territory.slug]
    expected = {
        "people": 3,
        "team": 2,
        "datasets": 2,
        "files": 1,
        "stored_bytes": STORED_BYTES,
        "quota_bytes": SPACE_BYTES,
        "downloads": DOWNLOADS,
        "api_calls": CALLS,
        "bytes_sent": 2 * SENT,
        "waiting_jobs": 1,
        "failed_jobs": 0,
    }
    assert {name: int(row[name]) for name in expected} == expected
    assert {int(rows[other.slug][name]) for name in expected} == {0}
    of_list = next(entry for entry in listed if entry["slug"] == console.territory.slug)
    for described in (of_list, described_territory):
        assert {name: described["figures"][name] for name in expected} == expected
        assert "95 %" in described["alerts"][0]["title"]


async def test_nothing_that_a_territory_keeps_to_itself_is_shown(
    console: Console,
) -> None:
    await fill(console)
    await console.gather()
    territory_path = f"/installation/territories/{console.territory.slug}"

    pages = [
        (await console.operator.get(path)).text
        for path in (
            "/installation",
            "/installation/territories.csv",
            territory_path,
            f"{territory_path}/spaces/{SPACE}",
        )
    ]
    overviews = [
        await overview.list_territories(console.settings),
        await overview.describe_territory(console.settings, console.territory.slug),
    ]

    for text in (*pages, *map(str, overviews)):
        assert console.territory.slug in text
        assert CANARY not in text
    assert "Mairie de Kerlévan" in pages[2]


async def test_what_is_to_be_settled_comes_first(console: Console) -> None:
    await fill(console)
    await console.gather()

    page = (await console.operator.get("/installation")).text
    filtered = await console.operator.get("/installation/territories.csv?show=alert")

    alert = page.index("est plein à")
    assert alert < page.index("<table")
    rows = read_table(filtered.content)
    assert console.territory.slug in {row["territory"] for row in rows}


@pytest.mark.thorough
async def test_a_territory_without_figures_and_a_suspended_one_are_listed(
    console: Console, other: Territory
) -> None:
    await console.gather()
    await console.operator.post(f"/installation/territories/{other.slug}/suspend")
    await console.work()

    page = (await console.operator.get("/installation")).text
    suspended = await console.operator.get(
        "/installation/territories.csv?show=suspended"
    )

    assert console.territory.slug in page
    rows = {row["territory"]: row for row in read_table(suspended.content)}
    assert other.slug in rows
    assert console.territory.slug not in rows


@pytest.fixture
async def many(console: Console) -> AsyncIterator[list[Territory]]:
    """A hundred and one territories on the register, with figures of which the number of people tells them apart."""
    word = uuid.uuid4().hex[:6]
    territories = []
    async with console.databases.portal.platform_session(role="owner") as session:
        for number in range(MANY):
            slug = f"many-{word}-{number:03}"
            origins = {"portal": f"http://{slug}.localhost", "node": "http://n.test"}
            values = stage._make_values(slug, f"{slug}.localhost", origins)
            row = Tenant(id=uuid.uuid4(), **values)
            session.add(row)
            territories.append(row)
    gathered = {row.id: figures(people=1000 + n) for n, row in enumerate(territories)}
    await save_figures(console.databases.portal, gathered)
    yield territories
    async with console.databases.portal.platform_session(role="owner") as session:
        ids = [row.id for row in territories]
        await session.execute(delete(Tenant).where(Tenant.id.in_(ids)))


@pytest.mark.thorough
async def test_a_hundred_and_one_territories_are_two_pages_in_any_order(
    console: Console, many: list[Territory]
) -> None:
    query = f"q={many[0].slug[:11]}&sort=people&order=desc"

    first = (await console.operator.get(f"/installation?{query}")).text
    second = (await console.operator.get(f"/installation?{query}&page=2")).text
    table = await console.operator.get(f"/installation/territories.csv?{query}")

    slugs = re.findall(r'<th scope="row"[^>]*><a href="[^"]*/([^"/]+)">', first)
    assert slugs == [row.slug for row in reversed(many)][:100]
    rows = re.findall(r'<th scope="row"[^>]*><a href="[^"]*/([^"/]+)">', second)
    assert rows == [many[0].slug]
    assert [row["people"] for row in read_table(table.content)] == [
        str(1000 + number) for number in reversed(range(MANY))
    ]
    assert 'aria-sort="descending"' in first


ALERTS = [
    (figures(certificate_days=20), "warn"),
    (figures(certificate_days=6), "bad"),
    (figures(certificate_missing=True), "bad"),
    (figures(overdue_seconds=1000.0), "bad"),
    (figures(failed_jobs=2), "warn"),
    (figures(undelivered_reports=2), "warn"),
    (
        figures(spaces=(SpaceFigures("a", "A", 95, 100, None, None, None),)),
        "warn",
    ),
    (
        figures(spaces=(SpaceFigures("a", "A", 100, 100, None, None, None),)),
        "bad",
    ),
]


@pytest.mark.parametrize(("gathered", "tone"), ALERTS)
def test_an_alert_says_what_to_do_in_both_languages(
    console_words: Any, gathered: GatheredFigures, tone: str
) -> None:
    (alert,) = list_alerts("demo", gathered)

    assert alert.tone == tone
    for words in (alert.title, alert.remedy):
        assert console_words(words) != words
    assert alert.title % alert.values
    assert console_words(alert.title) % alert.values


def test_figures_without_anything_wrong_give_no_alert() -> None:
    calm = figures(
        certificate_days=21,
        overdue_seconds=60.0,
        spaces=(SpaceFigures("a", "A", 89, 100, None, None, None),),
    )

    assert list_alerts("demo", calm) == []


def test_the_installation_is_told_of_late_backups_old_figures_and_no_archiver(
    console_words: Any,
) -> None:
    moment = now()
    old = moment - timedelta(days=9)

    late = list_installation_alerts(old, old, old, old, moment)

    assert [alert.tone for alert in late] == ["bad", "bad", "warn", "warn"]
    for alert in late:
        assert console_words(alert.title) != alert.title
        assert console_words(alert.remedy) != alert.remedy
    assert list_installation_alerts(*[moment] * 5) == []
    assert list_installation_alerts(None, None, moment, moment, moment) == []


def test_states_and_acts_have_their_french(console_words: Any) -> None:
    words = [label for _, label in STATES] + list(ACT_NAMES.values())

    assert [word for word in words if console_words(word) == word] == []


@pytest.fixture
def console_words(portal_site: Any) -> Any:
    return lambda words: portal_site.pages.gettext("fr", words)


def test_shares_of_costs_are_means_of_what_was_used_and_make_one() -> None:
    ids = [uuid.uuid4() for _ in range(3)]
    shared = share_costs(
        {
            ids[0]: figures(downloads=30, gigabyte_days=1.0),
            ids[1]: figures(api_calls=10, gigabyte_days=1.0),
            ids[2]: figures(),
        }
    )

    assert [shared[id_].share for id_ in ids] == [0.625, 0.375, 0.0]
    assert share_costs({ids[0]: figures()})[ids[0]].share is None
