"""Who opens the pages of the installation: its operators alone, on its own host alone."""

import uuid

import pytest
import sqlalchemy
from litestar import Litestar
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tests.portal.installation.conftest import Console
from tests.visitors import browse, make_operator, shut_down
from udi.kit.clock import now
from udi.kit.tenancy import INSTALLATION_ID
from udi.portal import app as portal
from udi.portal import site as portal_parts
from udi.portal.installation.models import (
    FiguresRow,
    InstallationHeartbeat,
    OperatorRequest,
)
from udi.settings import Settings

PAGES = [
    "/installation",
    "/installation/territories.csv",
    "/installation/territories/{slug}",
    "/installation/territories/{slug}/spaces/mairie",
    "/installation/territories/{slug}/login",
    "/installation/territories/{slug}/login/provider/new",
    "/installation/territories/new",
    "/installation/territories/new/preview.css",
    "/installation/requests/00000000-0000-4000-8000-000000000000",
    "/installation/requests/00000000-0000-4000-8000-000000000000/files.zip",
]
FORMS = [
    "/installation/territories/new",
    "/installation/requests/00000000-0000-4000-8000-000000000000/again",
    "/installation/territories/{slug}/files",
    "/installation/territories/{slug}/suspend",
    "/installation/territories/{slug}/resume",
    "/installation/territories/{slug}/sync",
    "/installation/territories/{slug}/retry",
    "/installation/territories/{slug}/gather",
    "/installation/territories/{slug}/spaces/mairie",
    "/installation/territories/{slug}/login/provider/new",
    "/installation/territories/{slug}/login/provider/town/remove",
]
REFUSED = {
    "passer-by": (303, 401),
    "stranger": (403, 403),
    "team on its territory": (404, 404),
    "operator on a territory": (404, 404),
    "team on the node": (404, 404),
}
"""By visitor, the answer to a page and to a form."""


@pytest.mark.parametrize("visitor", REFUSED)
async def test_the_pages_are_for_operators_on_the_own_host_alone(
    console: Console, visitor: str
) -> None:
    client = console.clients[visitor]
    slug = console.territory.slug

    pages = [(await client.get(path.format(slug=slug))).status_code for path in PAGES]
    forms = [(await client.post(path.format(slug=slug))).status_code for path in FORMS]

    of_page, of_form = REFUSED[visitor]
    assert pages == [of_page] * len(PAGES)
    assert forms == [of_form] * len(FORMS)
    async with console.databases.portal.session(
        INSTALLATION_ID, role="worker"
    ) as session:
        requests = select(func.count()).select_from(OperatorRequest)
        territory_requests = requests.where(
            OperatorRequest.territory_id == console.territory.id
        )
        assert await session.scalar(territory_requests) == 0


async def test_an_operator_opens_them_and_a_passer_by_is_led_to_the_login(
    console: Console,
) -> None:
    page = await console.operator.get("/installation")
    led = await console.clients["passer-by"].get("/installation")

    assert page.status_code == 200
    assert console.territory.slug in page.text
    assert led.headers["location"] == "/login?back=/installation"


async def test_an_operator_has_no_right_on_a_territory(console: Console) -> None:
    client = console.clients["operator on a territory"]

    assert (await client.get("/territory")).status_code == 403


@pytest.fixture
async def strict(settings: Settings) -> Litestar:
    """A portal where rights wait for a second factor."""
    site = portal_parts.build_site(settings.model_copy(update={"second_factor": True}))
    app = portal.create(site)
    yield app
    await shut_down(app)


async def test_an_operator_shows_a_second_factor_where_it_is_required(
    strict: Litestar,
) -> None:
    for level, status in ((1, 403), (2, 200)):
        async with browse(strict, None, make_operator(level=level)) as client:
            answer = await client.get("/installation")

        assert answer.status_code == status
        assert ("/login?factor=true" in answer.text) == (status == 403)


WRITES = {
    "figures by a page": (
        "app",
        INSTALLATION_ID,
        sqlalchemy.insert(FiguresRow).values(
            territory_id=uuid.uuid4(), figures={}, gathered_at=now()
        ),
    ),
    "a heartbeat by a page": (
        "app",
        INSTALLATION_ID,
        sqlalchemy.insert(InstallationHeartbeat).values(unit="x", seen_at=now()),
    ),
    "a heartbeat among the rows of a territory": (
        "worker",
        uuid.uuid4(),
        sqlalchemy.insert(InstallationHeartbeat).values(unit="x", seen_at=now()),
    ),
    "an answered request by a page": (
        "app",
        INSTALLATION_ID,
        sqlalchemy.update(OperatorRequest).values(state="done"),
    ),
    "figures among the rows of a territory": (
        "worker",
        uuid.uuid4(),
        sqlalchemy.insert(FiguresRow).values(
            territory_id=uuid.uuid4(), figures={}, gathered_at=now()
        ),
    ),
    "a request among the rows of a territory": (
        "app",
        uuid.uuid4(),
        sqlalchemy.insert(OperatorRequest).values(
            id=uuid.uuid4(),
            territory_id=uuid.uuid4(),
            act="suspend",
            details={},
            requested_by=uuid.uuid4(),
        ),
    ),
}


@pytest.mark.parametrize("name", WRITES)
async def test_the_database_refuses(console: Console, name: str) -> None:
    role, tenant, statement = WRITES[name]
    database = console.site.database

    with pytest.raises(DBAPIError):
        async with database.session(tenant, role=role) as session:  # type: ignore[arg-type]  # a role of a list
            await session.execute(statement)


async def test_a_territory_sees_no_row_of_the_installation(console: Console) -> None:
    await console.gather()
    await console.operator.post(
        f"/installation/territories/{console.territory.slug}/gather"
    )
    for table in ("installation_figures", "installation_heartbeat", "operator_request"):
        counts = {}
        for tenant in (INSTALLATION_ID, console.territory.id):
            async with console.databases.portal.session(
                tenant, role="worker"
            ) as session:
                counts[tenant] = await session.scalar(
                    text(f"SELECT count(*) FROM app.{table}")
                )

        assert counts[INSTALLATION_ID] > 0, table
        assert counts[console.territory.id] == 0, table
