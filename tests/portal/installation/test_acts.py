"""What operators do to a territory: the page asks, the worker of the installation acts and says what became of it."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from tests.depth import by_depth
from tests.journeys.steps import wait_until
from tests.portal.installation.conftest import Console
from tests.portal.installation.filled import SPACE, fill
from tests.visitors import browse
from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.kit.tenancy import INSTALLATION_ID
from udi.node.spaces.models import Space
from udi.portal.audit.models import AuditEvent
from udi.portal.installation.actions import request_archive
from udi.portal.installation.alerts import OLD_FIGURES, OLD_HEARTBEAT
from udi.portal.installation.models import FiguresRow, OperatorRequest
from udi.portal.installation.queries import get_status


def path_of(console: Console) -> str:
    return f"/installation/territories/{console.territory.slug}"


async def count_requests(console: Console) -> int:
    query = select(func.count()).where(
        OperatorRequest.territory_id == console.territory.id
    )
    async with console.databases.portal.session(
        INSTALLATION_ID, role="worker"
    ) as session:
        return await session.scalar(query) or 0


async def test_suspending_and_resuming_a_territory(console: Console) -> None:
    territory_path = path_of(console)

    response = await console.operator.post(f"{territory_path}/suspend")
    meanwhile = await console.operator.get(territory_path)
    again = await console.operator.post(f"{territory_path}/suspend")
    assert await console.work() == 1
    done = await console.operator.get(territory_path)
    async with browse(console.app, console.territory) as visitor:
        closed = await visitor.get("/")
        await console.operator.post(f"{territory_path}/resume")
        await console.work()
        opened = await visitor.get("/")

    assert (response.status_code, response.headers["location"]) == (303, territory_path)
    assert (meanwhile.headers["refresh"], again.status_code) == ("3", 409)
    assert "refresh" not in done.headers
    assert "Rouvrir le territoire" in done.text
    assert (closed.status_code, opened.status_code) == (503, 200)
    async with console.databases.portal.session(
        console.territory.id, role="worker"
    ) as session:
        query = select(AuditEvent.name).order_by(AuditEvent.at)
        events = (await session.scalars(query)).all()
    assert events == ["territory.suspended", "territory.resumed"]


async def test_an_unknown_act_or_territory_is_not_found(console: Console) -> None:
    answers = [
        await console.operator.post(f"{path_of(console)}/{act}")
        for act in ("limits", "delete")
    ]
    answers.append(await console.operator.get("/installation/territories/nowhere"))
    answers.append(await console.operator.get(f"{path_of(console)}/spaces/nowhere"))

    assert {answer.status_code for answer in answers} == {404}
    assert await count_requests(console) == 0


@pytest.mark.thorough
async def test_changing_the_limits_of_a_producer(console: Console) -> None:
    await fill(console)
    await console.gather()
    form = f"{path_of(console)}/spaces/{SPACE}"

    await console.operator.post(
        form, data={"storage": "3", "requests_per_minute": "50", "jobs_at_once": ""}
    )
    await console.work()

    async with console.databases.node.session(
        console.territory.id, role="worker"
    ) as session:
        space = (await session.scalars(select(Space))).one()
    limits = (space.quota_bytes, space.requests_per_minute, space.jobs_at_once)
    assert limits == (3 * 10**9, 50, None)
    page = (await console.operator.get(form)).text
    assert 'name="storage" type="text" value="3"' in page


@by_depth(
    ("field", "value"),
    [
        ("storage", ""),
        ("storage", "0"),
        ("storage", "-1"),
        ("storage", "1e3"),
        ("storage", "1000001"),
        ("storage", "٣"),
        ("jobs_at_once", "two"),
        ("uploads_at_once", "9" * 40),
    ],
    by_default=[0, 2, 5],
)
async def test_a_limit_that_is_no_number_is_refused_beside_its_field(
    console: Console, field: str, value: str
) -> None:
    await fill(console)
    await console.gather()

    answer = await console.operator.post(
        f"{path_of(console)}/spaces/{SPACE}", data={"storage": "3", field: value}
    )

    assert answer.status_code == 422
    assert f'id="{field}-e"' in answer.text
    assert await count_requests(console) == 0


@pytest.mark.thorough
async def test_failed_jobs_are_shown_by_kind_and_done_again(console: Console) -> None:
    await fill(console)
    async with console.databases.portal.platform_session(role="worker") as session:
        await session.execute(
            text(
                "UPDATE queue.pgqueuer SET status = 'failed'"
                " WHERE convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
            ),
            {"tenant": str(console.territory.id)},
        )
    await console.gather()
    page = (await console.operator.get(path_of(console))).text

    await console.operator.post(f"{path_of(console)}/retry")
    await console.work()

    assert "<code>no-such-task</code>" in page
    async with console.databases.portal.platform_session(role="worker") as session:
        states = {state.tenant: state for state in await jobs.list_queues(session)}
    state = states[console.territory.id]
    assert (state.waiting, state.held) == (1, 0)


@pytest.mark.thorough
async def test_an_act_that_nobody_does_is_not_called_under_way(
    console: Console,
) -> None:
    await console.gather()
    async with console.databases.portal.session(
        INSTALLATION_ID, role="worker"
    ) as session:
        await session.execute(
            update(FiguresRow)
            .where(FiguresRow.territory_id == console.territory.id)
            .values(gathered_at=now() - OLD_FIGURES - timedelta(minutes=1))
        )
    await console.operator.post(f"{path_of(console)}/sync")

    late = (await console.operator.get(path_of(console))).text
    await console.gather()
    gathered = (await console.operator.get(path_of(console))).text

    assert ("udi operator work" in late, 'role="status"' in late) == (True, False)
    assert ("udi operator work" in gathered, 'role="status"' in gathered) == (
        False,
        True,
    )


async def test_an_act_that_fails_says_why_and_does_not_stop_the_worker(
    console: Console,
) -> None:
    await fill(console)
    await console.gather()
    await console.operator.post(
        f"{path_of(console)}/spaces/{SPACE}", data={"storage": "3"}
    )
    async with console.databases.portal.session(
        INSTALLATION_ID, role="worker"
    ) as session:
        request = await session.scalar(
            select(OperatorRequest).where(OperatorRequest.act == "limits")
        )
        assert request is not None
        request.details = {"space": "gone", "quota_bytes": 1}
    await console.operator.post(f"{path_of(console)}/suspend")

    assert await console.work() == 2

    page = (await console.operator.get(path_of(console))).text
    assert "No producer has this slug." in page
    assert "Rouvrir le territoire" in page


async def write_outcome(console: Console, **values: object) -> None:
    async with console.databases.portal.session(
        INSTALLATION_ID, role="worker"
    ) as session:
        await session.execute(
            update(OperatorRequest)
            .where(OperatorRequest.territory_id == console.territory.id)
            .values(**values)
        )


@pytest.mark.thorough
async def test_an_archive_waits_for_who_makes_it_and_the_page_says_how_far_it_is(
    console: Console,
) -> None:
    territory_path = path_of(console)
    requested = await console.operator.post(f"{territory_path}/archive")
    again = await console.operator.post(f"{territory_path}/archive")
    left = await console.work()
    pages = []
    for step in ("", "rows of the databases", "files: 12, 9310 MB"):
        await write_outcome(console, outcome=step)
        pages.append((await console.operator.get(territory_path)).text)
    other = await console.operator.post(f"{territory_path}/sync")
    acted = await console.work()

    assert (requested.status_code, again.status_code, left) == (303, 409, 0)
    assert "Lecture des bases" not in pages[0]
    assert "Lecture des bases de données" in pages[1]
    assert "12 fichiers copiés, 9310 Mo" in pages[2]
    assert (other.status_code, acted) == (303, 1)


@pytest.mark.thorough
async def test_the_page_says_where_an_archive_is_and_once_it_is_deleted(
    console: Console,
) -> None:
    territory_path = path_of(console)
    await console.operator.post(f"{territory_path}/archive")
    details = {
        "archive": "/var/lib/udi-archive/demo.tar",
        "bytes": 12_000_000,
        "files": 3,
        "fingerprint": "kO7",
    }
    await write_outcome(console, state="done", details=details, finished_at=now())
    archive_page = await console.operator.get(territory_path)
    await write_outcome(console, finished_at=now() - timedelta(days=8))
    overdue = await console.operator.get(territory_path)
    noted = details | {"deleted_at": now().isoformat()}
    await write_outcome(console, details=noted)
    deleted = await console.operator.get(territory_path)

    assert "<code>/var/lib/udi-archive/demo.tar</code> (12" in archive_page.text
    assert "<code>kO7</code>" in archive_page.text
    assert "L’archive a été supprimée le" not in overdue.text
    assert "<code>/var/lib/udi-archive/demo.tar</code>" in overdue.text
    assert "demo.tar" not in deleted.text
    assert "L’archive a été supprimée le" in deleted.text


@pytest.mark.thorough
async def test_where_nothing_makes_archives_the_pages_say_so_and_take_no_request(
    console: Console,
) -> None:
    territory_path = path_of(console)
    english = {"Accept-Language": "en"}
    await console.gather()
    await console.operator.post(f"{territory_path}/archive")
    running = await console.operator.get(territory_path, headers=english)
    await console.beat(now() - OLD_HEARTBEAT - timedelta(minutes=1))
    stopped = await console.operator.get(territory_path, headers=english)
    overview = await console.operator.get("/installation", headers=english)
    refused = await console.operator.post(f"{territory_path}/archive", headers=english)
    await console.beat()
    again = await console.operator.get(territory_path, headers=english)

    form = f'action="{territory_path}/archive"'
    for page in (running, again):
        assert (form in page.text, 'role="status"' in page.text) == (True, True)
        assert "udi-archive-worker" not in page.text
        assert "Under way" in page.text
    assert (form in stopped.text, 'role="status"' in stopped.text) == (False, False)
    assert stopped.headers["refresh"] == "60"
    assert "Waiting: the service that does this does not run." in stopped.text
    assert refused.status_code == 409
    for page in (stopped, overview, refused):
        assert "systemctl start udi-archive-worker" in page.text
    assert await count_requests(console) == 1


async def test_a_page_that_waits_for_an_archive_alone_reloads_seldom(
    console: Console,
) -> None:
    territory_path = path_of(console)
    await console.operator.post(f"{territory_path}/archive")
    alone = await console.operator.get(territory_path)
    await console.operator.post(f"{territory_path}/sync")
    both = await console.operator.get(territory_path)

    assert (alone.headers["refresh"], both.headers["refresh"]) == ("60", "3")


async def test_an_act_of_another_release_is_shown_and_left_to_its_worker(
    console: Console,
) -> None:
    territory_path = path_of(console)
    await console.operator.post(f"{territory_path}/sync")
    await write_outcome(console, act="repaint")
    done = await console.work()
    page = await console.operator.get(territory_path)

    assert (done, page.status_code) == (0, 200)
    assert ">repaint</th>" in page.text
    async with console.databases.portal.session(
        INSTALLATION_ID, role="worker"
    ) as session:
        query = select(OperatorRequest.state).where(OperatorRequest.act == "repaint")
        assert (await session.scalars(query)).all() == ["requested"]


async def one_waits_for_a_lock(database: Database) -> bool:
    query = text(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE NOT l.granted AND l.locktype = 'advisory' AND d.datname = current_database()"
    )
    async with database.platform_session() as session:
        waiting = await session.scalar(query)
    return bool(waiting == 1)


async def test_two_requests_at_once_make_one(console: Console) -> None:
    territory_path = path_of(console)
    portal = console.site.database
    actor = Actor(uuid.uuid4(), "", "", "")

    async with portal.session(INSTALLATION_ID) as session:
        status = await get_status(session, console.territory.slug)
        await request_archive(session, actor, status)
        second = asyncio.create_task(console.operator.post(f"{territory_path}/archive"))
        await wait_until(lambda: one_waits_for_a_lock(portal))
    answer = await second

    assert answer.status_code == 409
    assert await count_requests(console) == 1


async def test_an_archive_that_failed_says_why(console: Console) -> None:
    territory_path = path_of(console)
    await console.operator.post(f"{territory_path}/archive")
    reason = "The archive may take 9000 MB, and the folder has 12 MB left."
    await write_outcome(console, state="failed", outcome=reason, finished_at=now())

    page = await console.operator.get(territory_path)

    assert f"<bdi>{reason}</bdi>" in page.text


async def test_nobody_else_requests_an_archive(console: Console) -> None:
    answers = {
        name: (await client.post(f"{path_of(console)}/archive")).status_code
        for name, client in console.clients.items()
        if name != "operator"
    }

    assert 303 not in {
        status for name, status in answers.items() if name != "passer-by"
    }
    assert await count_requests(console) == 0
