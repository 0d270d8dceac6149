"""What a program tells whoever watches it: numbers that a collector reads, an id for each request, readiness."""

import asyncio
import json
import logging
import math
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import structlog
from litestar import Litestar
from sqlalchemy import text

from udi.kit import jobs, logs
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.metrics import measure_further_portals
from udi.node.portals.models import FurtherPortal
from udi.portal import app as portal
from udi.settings import Settings
from udi.ui.metrics import LABELS, Metrics, make_gauge, render_metrics
from udi.ui.site import Site

LINE = re.compile(
    r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? (\+Inf|[0-9.e+-]+)'
)
COMMENT = re.compile(
    r"# (TYPE [a-z_]+ (counter|gauge|histogram|info)|UNIT [a-z_]+ (seconds|bytes)|HELP [a-z_]+ .+)"
)


def client(
    app: Litestar, host: str = "127.0.0.1", address: str = "127.0.0.1"
) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 40000))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}", timeout=30)


async def numbers(app: Litestar) -> dict[str, float]:
    """Each line of the metrics, read as a collector does."""
    async with client(app) as collector:
        answer = await collector.get("/metrics")
    assert answer.status_code == 200
    assert (
        answer.headers["content-type"]
        == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    )
    *lines, end = answer.text.splitlines()
    assert end == "# EOF"
    assert [
        line
        for line in lines
        if not (COMMENT if line.startswith("#") else LINE).fullmatch(line)
    ] == []
    return {
        name: float(value)
        for name, _, value in (
            ln.rpartition(" ") for ln in lines if not ln.startswith("#")
        )
    }


@pytest.fixture
async def token(settings: Settings) -> AsyncIterator[str]:
    path = settings.secrets_folder / "metrics_token"
    path.write_text("a-long-token")
    yield "a-long-token"
    path.unlink()


def test_labels_are_escaped_and_a_histogram_counts_upwards() -> None:
    metrics = Metrics()
    route = dict.fromkeys(LABELS, "") | {"route": 'a"b\\c\nd'}
    for seconds in (0.001, 0.3, 60.0):
        metrics.count_request(route, seconds)

    gauge = make_gauge("udi_x_bytes", "Two\nlines.", [({"program": ""}, math.inf)])
    output = render_metrics([*metrics.families(), gauge])

    label = r'method="",program="",route="a\"b\\c\nd",status="",territory=""'
    seconds = "udi_http_request_duration_seconds"
    bucket = f'{seconds}_bucket{{{{le="{{}}",{label}}}}}'
    assert f"udi_http_requests_total{{{label}}} 3.0" in output
    assert f"{bucket.format('0.01')} 1.0" in output
    assert f"{bucket.format('0.5')} 2.0" in output
    assert f"{bucket.format('+Inf')} 3.0" in output
    assert f"{seconds}_sum{{{label}}} 60.301" in output
    assert f"# UNIT {seconds} seconds" in output
    assert (
        "# HELP udi_x_bytes Two\\nlines.\n# TYPE udi_x_bytes gauge\n# UNIT udi_x_bytes bytes\nudi_x_bytes +Inf\n# EOF\n"
        in output
    )
    assert "_created" not in output


async def test_requests_are_counted_by_territory_and_route_never_by_path(
    portal_app: Litestar, demo: Territory
) -> None:
    unknown = "00000000-0000-4000-8000-000000000001"
    async with client(portal_app, demo.hosts[0]) as visitor:
        assert (await visitor.get("/data?q=secret-words")).status_code == 200
        assert (await visitor.get(f"/data/{unknown}")).status_code == 404
        assert (await visitor.get("/no-such-page")).status_code == 404

    samples = await numbers(portal_app)

    def count(route: str, status: str) -> float:
        labels = f'method="GET",program="portal",route="{route}",status="{status}"'
        where = f'{labels},territory="{demo.slug}"'
        return samples[f"udi_http_requests_total{{{where}}}"]

    assert count("/data", "2xx") == 1
    assert count("/data/{name}", "4xx") == 1
    assert any('route="unmatched",status="4xx"' in name for name in samples)
    assert not any(
        unknown in name or "secret-words" in name or "no-such-page" in name
        for name in samples
    )


async def test_the_portal_tells_its_queue_reports_memory_and_failures(
    portal_app: Litestar, portal_database: Database, demo: Territory
) -> None:
    async with portal_database.session(demo.id) as session:
        await jobs.enqueue(session, "send_report", {"report": "x"})

    samples = await numbers(portal_app)

    assert (
        samples[f'udi_jobs{{program="portal",state="waiting",territory="{demo.slug}"}}']
        == 1
    )
    assert (
        samples[f'udi_jobs{{program="portal",state="held",territory="{demo.slug}"}}']
        == 0
    )
    assert (
        0
        <= samples[f'udi_jobs_age_seconds{{program="portal",territory="{demo.slug}"}}']
        < 60
    )
    assert (
        samples[f'udi_reports_undelivered{{state="failed",territory="{demo.slug}"}}']
        == 0
    )
    assert samples['process_resident_memory_bytes{program="portal"}'] > 10**7
    assert samples['udi_measures_failed{program="portal"}'] == 0


async def test_the_node_tells_its_outbox(node_app: Litestar, demo: Territory) -> None:
    samples = await numbers(node_app)

    assert samples[f'udi_outbox{{state="queued",territory="{demo.slug}"}}'] == 0
    assert samples[f'udi_outbox_age_seconds{{territory="{demo.slug}"}}'] == 0


async def test_an_own_node_tells_since_when_a_further_portal_did_not_answer(
    node_site: Site, node_database: Database, demo: Territory
) -> None:
    region = FurtherPortal(
        origin="https://region.example",
        name={"en": "Region"},
        client_id="node",
        credential="a-secret",
        spaces={},
        joined_at=now() - timedelta(hours=1),
    )
    async with node_database.session(demo.id) as session:
        session.add(region)

    [gauge] = await measure_further_portals(node_site)

    labels = {"territory": demo.slug, "portal": "https://region.example"}
    [age] = [sample.value for sample in gauge.samples if sample.labels == labels]
    assert age >= 3600


@pytest.mark.parametrize(
    ("host", "address", "headers"),
    [
        ("demo.example", "127.0.0.1", {}),
        ("localhost", "192.0.2.7", {}),
        ("localhost", "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}),
        ("localhost", "192.0.2.7", {"Authorization": "Bearer guessed"}),
    ],
)
async def test_the_numbers_are_not_for_others(
    portal_app: Litestar, token: str, host: str, address: str, headers: dict[str, str]
) -> None:
    async with client(portal_app, host, address) as stranger:
        answer = await stranger.get("/metrics", headers=headers)

    assert answer.status_code == 404
    assert "udi_" not in answer.text


async def test_the_token_opens_the_numbers_from_another_machine(
    portal_app: Litestar, token: str
) -> None:
    async with client(portal_app, "10.0.0.4", "192.0.2.7") as collector:
        answer = await collector.get(
            "/metrics", headers={"Authorization": f"Bearer {token}"}
        )

    assert answer.status_code == 200


async def test_numbers_are_told_while_the_database_is_away(
    portal_app: Litestar, portal_site: Site, settings: Settings
) -> None:
    away = Database(settings.model_copy(update={"database_port": 1}), "portal")
    original_database = portal_site.database
    portal_site.database = away
    try:
        samples = await numbers(portal_app)
        async with client(portal_app) as collector:
            ready = await collector.get("/ready")
    finally:
        portal_site.database = original_database
        await away.close()

    assert samples['udi_measures_failed{program="portal"}'] >= 1
    assert ready.status_code == 503


async def test_a_program_is_ready_when_no_migration_is_pending(
    portal_app: Litestar, portal_database: Database
) -> None:
    move = text("UPDATE public.alembic_version SET version_num = :to")
    async with client(portal_app) as proxy:
        ready = await proxy.get("/ready")
        async with portal_database.platform_session(role="owner") as session:
            newest = (
                await session.scalars(
                    text("SELECT version_num FROM public.alembic_version")
                )
            ).one()
            await session.execute(move, {"to": "foundation"})
        behind = await proxy.get("/ready")
        async with portal_database.platform_session(role="owner") as session:
            await session.execute(move, {"to": "of-the-next-version"})
        ahead = await proxy.get("/ready")
        async with portal_database.platform_session(role="owner") as session:
            await session.execute(move, {"to": newest})

    assert (ready.status_code, ready.json()["pending"]) == (200, [])
    assert (behind.status_code, behind.json()["pending"][-1]) == (503, newest)
    assert ahead.status_code == 200


@pytest.mark.parametrize(
    ("given", "is_accepted"),
    [
        ("a1b2c3d4e5f60718", True),
        ("short", False),
        ("bad id with spaces", False),
        ("x" * 65, False),
    ],
)
async def test_an_answer_carries_the_id_of_its_request(
    portal_app: Litestar, *, given: str, is_accepted: bool
) -> None:
    async with client(portal_app) as proxy:
        answer = await proxy.get("/health", headers={"X-Request-ID": given})

    assert (answer.headers["x-request-id"] == given) is is_accepted
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answer.headers["x-request-id"])


async def test_the_log_says_each_request_without_its_path_or_query(
    portal_app: Litestar, demo: Territory, capfd: pytest.CaptureFixture[str]
) -> None:
    before = (
        structlog.get_config(),
        logging.getLogger().handlers[:],
        logging.getLogger().level,
    )
    logs.configure("json")
    try:
        async with client(portal_app, demo.hosts[0]) as visitor:
            await visitor.get(
                "/data?q=jeanne@people.example",
                headers={"X-Request-ID": "request-0001"},
            )
            await visitor.get("/health")
    finally:
        structlog.configure(**before[0])
        logging.getLogger().handlers[:] = before[1]
        logging.getLogger().setLevel(before[2])

    lines = [
        json.loads(line)
        for line in capfd.readouterr().err.splitlines()
        if line.startswith("{")
    ]
    request_lines = [line for line in lines if line["event"] == "request"]
    assert len(request_lines) == 1
    assert (request_lines[0]["request_id"], request_lines[0]["territory"]) == (
        "request-0001",
        demo.slug,
    )
    assert (
        request_lines[0]["route"],
        request_lines[0]["status"],
        request_lines[0]["method"],
    ) == (
        "/data",
        200,
        "GET",
    )
    assert "jeanne" not in json.dumps(lines)


async def test_a_program_leaves_the_logging_that_was_configured(
    portal_site: Site,
) -> None:
    before = logging.getLogger().handlers[:]

    portal.create(portal_site)

    assert logging.getLogger().handlers == before


async def test_requests_at_the_same_time_keep_their_own_id(
    portal_app: Litestar,
) -> None:
    async with client(portal_app) as proxy:
        ids = [f"request-{number:04}" for number in range(20)]
        answers = await asyncio.gather(
            *(
                proxy.get("/health", headers={"X-Request-ID": request_id})
                for request_id in ids
            )
        )

    assert [answer.headers["x-request-id"] for answer in answers] == ids
