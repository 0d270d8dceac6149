"""The doctor finds nothing on a sound installation, and names each thing that is broken with its remedy."""

import asyncio
import io
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from litestar import Litestar
from rich.console import Console
from sqlalchemy import text
from typer.testing import CliRunner

from tests.cli.wire import served
from tests.cluster import free_ports
from tests.depth import by_depth
from udi.cli import doctor
from udi.cli.checks import machine
from udi.cli.checks.databases import check_databases, check_skew
from udi.cli.checks.identity import check_identity
from udi.cli.checks.machine import check_machine
from udi.cli.checks.territories import check_territories
from udi.cli.finding import Finding, format_duration
from udi.cli.main import build_app
from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.keys import key_ages
from udi.kit.tenancy import Territory
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.territory import apply_machine
from udi.settings import Settings
from udi.ui.site import Site


@pytest.fixture
def sound(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with secrets of the right modes, and an object store."""
    secrets = Path(shutil.copytree(settings.secrets_folder, tmp_path / "secrets"))
    for path in secrets.iterdir():
        path.chmod(0o600)
    (tmp_path / "objects").mkdir()
    return settings.model_copy(update={"secrets": secrets, "state": tmp_path})


@pytest.fixture
async def empty_queue(portal_database: Database, node_database: Database) -> None:
    """No job of another test waits or is held."""
    for database in (portal_database, node_database):
        async with database.platform_session(role="worker") as session:
            await session.execute(text("DELETE FROM queue.pgqueuer"))


def faults(findings: list[Finding]) -> dict[str, Finding]:
    return {
        finding.name: finding for finding in findings if finding.severity == "fault"
    }


def severities(findings: list[Finding]) -> set[str]:
    return {finding.severity for finding in findings}


async def test_a_kernel_that_locks_nothing_in_is_a_warning(
    sound: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding_by_severity = {}
    for version in (4, 0):
        monkeypatch.setattr("udi.kit.landlock.version", lambda version=version: version)
        [finding] = [
            candidate
            for candidate in await check_machine(sound)
            if candidate.name == "locks"
        ]
        finding_by_severity[finding.severity] = finding

    assert list(finding_by_severity) == ["ok", "warning"]
    assert "Landlock 4" in finding_by_severity["ok"].message
    assert "5.13" in finding_by_severity["warning"].remedy


async def test_a_sound_database_has_no_fault(
    sound: Settings, empty_queue: None
) -> None:
    findings = await check_databases(sound)

    assert faults(findings) == {}
    assert {f.name for f in findings if f.part == "postgresql"} >= {
        "udi_portal_public",
        "udi_node_worker",
        "version",
    }
    assert {f.name for f in findings if f.part in {"migrations", "queue"}} == {
        "portal",
        "node",
    }


async def test_a_stopped_database_is_named_with_its_remedy(sound: Settings) -> None:
    findings = await check_databases(
        sound.model_copy(update={"database_port": free_ports(1)})
    )

    assert severities(findings) == {"fault"}
    assert all("`udi up`" in finding.remedy for finding in findings)


async def test_a_wrong_password_names_the_secret_and_never_shows_it(
    sound: Settings,
) -> None:
    (sound.secrets_folder / "node_public_password").write_text("not-the-password")

    faults_by_name = faults(await check_databases(sound))

    assert list(faults_by_name) == ["udi_node_public"]
    assert "node_public_password" in faults_by_name["udi_node_public"].remedy
    assert "not-the-password" not in str(faults_by_name)


async def test_a_job_that_nobody_begins_is_a_fault_and_a_held_one_a_warning(
    sound: Settings, demo: Territory, portal_database: Database, empty_queue: None
) -> None:
    async with portal_database.session(demo.id) as session:
        await jobs.enqueue(session, "send_report", {"report": "late"})
        await jobs.enqueue(session, "send_report", {"report": "held"})
    late = "UPDATE queue.pgqueuer SET created = now() - interval '1 hour', execute_after = now() - interval '1 hour'"
    async with portal_database.platform_session(role="worker") as session:
        await session.execute(
            text(f"{late} WHERE convert_from(payload, 'UTF8') LIKE '%late%'")
        )
        await session.execute(
            text(
                "UPDATE queue.pgqueuer SET status = 'failed' WHERE convert_from(payload, 'UTF8') LIKE '%held%'"
            )
        )

    queue = next(
        f
        for f in await check_databases(sound)
        if f.part == "queue" and f.name == "portal"
    )

    assert queue.severity == "fault"
    assert queue.message.startswith("1 waiting, 1 held")
    assert "`udi logs portal-worker`" in queue.remedy

    async with portal_database.platform_session(role="worker") as session:
        await session.execute(
            text("DELETE FROM queue.pgqueuer WHERE status = 'queued'")
        )
    queue = next(
        f
        for f in await check_databases(sound)
        if f.part == "queue" and f.name == "portal"
    )
    assert queue.severity == "warning"


async def test_a_database_of_an_earlier_version_is_a_fault(
    sound: Settings, portal_database: Database
) -> None:
    move = text("UPDATE public.alembic_version SET version_num = :to")
    async with portal_database.platform_session(role="owner") as session:
        newest = (
            await session.scalars(
                text("SELECT version_num FROM public.alembic_version")
            )
        ).one()
        await session.execute(move, {"to": "foundation"})
    try:
        faults_by_name = faults(await check_databases(sound))
    finally:
        async with portal_database.platform_session(role="owner") as session:
            await session.execute(move, {"to": newest})

    assert newest in faults_by_name["portal"].message


async def test_the_realm_and_its_administrator_are_tried(
    keycloak: Settings, sound: Settings
) -> None:
    assert severities(await check_identity(sound)) == {"ok"}

    (sound.secrets_folder / "keycloak_admin_secret").write_text("not-the-secret")
    refused = faults(await check_identity(sound))

    assert list(refused) == ["administrator"]
    assert "keycloak_admin_secret" in refused["administrator"].remedy


async def test_a_clock_of_keycloak_that_differs_is_named(
    keycloak: Settings, sound: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    differences = {}
    for minutes in (0, 10, -10):
        ahead = timedelta(minutes=minutes)
        monkeypatch.setattr(admin, "now", lambda ahead=ahead: now() + ahead)
        [finding] = [
            finding
            for finding in await check_identity(sound)
            if finding.part == "clock"
        ]
        seconds = float(finding.message.partition(" ")[0])
        differences[minutes] = (finding.severity, round(seconds / 60))

    assert differences == {0: ("ok", 0), 10: ("fault", 10), -10: ("fault", 10)}


async def test_a_stopped_keycloak_is_named_with_its_remedy(sound: Settings) -> None:
    away = sound.model_copy(
        update={"identity_internal_url": f"http://localhost:{free_ports(1)}"}
    )

    faults_by_name = faults(await check_identity(away))

    assert "`udi logs keycloak`" in faults_by_name["realm"].remedy


@by_depth(("minutes", "severity"), [(1, "warning"), (20, "fault")], by_default={1})
async def test_an_index_that_a_new_installation_has_not_made_yet_is_no_fault(
    sound: Settings, monkeypatch: pytest.MonkeyPatch, minutes: int, severity: str
) -> None:
    drawn = key_ages(sound.get_secret_path("signing_keys"))[-1].made_at
    monkeypatch.setattr(machine, "now", lambda: drawn + timedelta(minutes=minutes))

    findings = {finding.name: finding for finding in await check_machine(sound)}

    assert findings["index"].severity == severity


async def test_a_sound_machine_has_no_fault_once_the_index_was_made(
    sound: Settings, portal_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "INDEX_FAULT", 0)
    assert list(faults(await check_machine(sound))) == ["index"]

    await SearchFeed(portal_site.database, portal_site.registry, sound).run_once()

    assert faults(await check_machine(sound)) == {}


async def test_where_the_portal_runs_on_another_machine_no_index_is_looked_for(
    sound: Settings,
) -> None:
    elsewhere = sound.model_copy(update={"state": sound.state / "absent"})

    assert "index" not in faults(await check_machine(elsewhere))


async def test_a_secret_that_others_may_read_and_one_that_is_absent_are_faults(
    sound: Settings,
) -> None:
    (sound.secrets_folder / "portal_client_key").chmod(0o644)
    (sound.secrets_folder / "node_client_key").unlink()

    faults_by_name = faults(await check_machine(sound))

    assert "chmod 600" in faults_by_name["portal_client_key"].remedy
    assert "absent" in faults_by_name["node_client_key"].message


async def test_an_object_store_that_cannot_be_written_is_a_fault(
    sound: Settings,
) -> None:
    missing = sound.model_copy(update={"object_store": str(sound.state / "nowhere")})
    closed = sound.model_copy(update={"object_store": "/proc/udi"})

    assert "store" in faults(await check_machine(missing))
    assert "store" in faults(await check_machine(closed))
    assert not (sound.state / "nowhere").exists()


async def test_a_broken_signing_key_is_a_fault(sound: Settings) -> None:
    (sound.secrets_folder / "signing_keys").write_text("{}")

    assert (
        "holds no set of keys" in faults(await check_machine(sound))["portal"].message
    )


async def test_the_hosts_of_a_territory_and_its_hosted_node_are_tried(
    keycloak: Settings,
    sound: Settings,
    demo: Territory,
    portal_app: Litestar,
    node_app: Litestar,
) -> None:
    machine = await asyncio.to_thread(
        apply_machine,
        admin.connect(sound),
        f"{demo.slug}-node-hosted",
        demo.origin,
        rotate=True,
    )
    (sound.secrets_folder / f"node_credential_{demo.slug}").write_text(
        machine.secret or ""
    )
    ports = {"portal": free_ports(1)}
    ports["node"] = ports["portal"] + 1
    local_settings = sound.model_copy(
        update={
            f"{program}_url": f"http://{{host}}:{port}"
            for program, port in ports.items()
        }
    )

    stopped = faults(await check_territories(local_settings))
    async with served(portal_app, ports["portal"]), served(node_app, ports["node"]):
        findings = await check_territories(local_settings)

    assert {
        f"{demo.slug} {demo.slug}.localhost",
        f"{demo.slug} node.{demo.slug}.localhost",
    } <= stopped.keys()
    assert {f.severity for f in findings if f.name.startswith(demo.slug)} == {"ok"}


async def test_a_node_credential_is_its_file_or_else_derived(
    keycloak: Settings, sound: Settings, demo: Territory
) -> None:
    name = f"{demo.slug} hosted node"
    client = f"{demo.slug}-node-hosted"
    unknown = faults(await check_territories(sound))[name]
    await asyncio.to_thread(
        apply_machine,
        admin.connect(sound),
        client,
        demo.origin,
        secret=sound.client_secret("node", client),
    )

    derived = faults(await check_territories(sound))
    (sound.secrets_folder / f"node_credential_{demo.slug}").write_text("not-the-secret")
    refused = faults(await check_territories(sound))[name]

    assert "Keycloak refuses" in unknown.message
    assert name not in derived
    assert "Keycloak refuses" in refused.message
    assert f"udi tenant apply {demo.slug}" in refused.remedy


@pytest.mark.parametrize(
    ("seconds", "severity"), [(-0.4, "ok"), (3, "warning"), (-31, "fault")]
)
def test_a_clock_that_differs_is_told_before_tokens_are_refused(
    seconds: float, severity: str
) -> None:
    assert check_skew("keycloak", seconds).severity == severity


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(12, "12 s"), (180, "3 min"), (7200, "2 h"), (3 * 86400, "3 d")],
)
def test_a_duration_is_said_in_its_largest_unit(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


@pytest.fixture
def broken(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """An installation that was never started."""
    nothing = settings.model_copy(
        update={"secrets": tmp_path / "none", "state": tmp_path}
    )
    monkeypatch.setattr(doctor, "get_settings", lambda: nothing)
    return nothing


def test_the_command_ends_with_1_and_goes_on_after_each_fault(broken: Settings) -> None:
    result = CliRunner().invoke(build_app(), ["doctor", "--json"])

    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert report["healthy"] is False
    assert {finding["part"] for finding in report["findings"]} >= {
        "secrets",
        "postgresql",
        "keycloak",
        "territory",
    }
    assert all(f["remedy"] for f in report["findings"] if f["severity"] != "ok")
    assert {tuple(f) for f in report["findings"]} == {
        ("part", "name", "severity", "message", "remedy")
    }


def test_a_person_reads_the_remedy_under_the_fault() -> None:
    console = Console(file=io.StringIO(), width=200)

    findings = [
        Finding("disk", name, "fault", "Full [x].", "Make room.")
        for name in ("state", "index")
    ]

    doctor.print_findings([*findings, Finding("a", "b", "ok", "Right.")], console)

    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert "state, index: Full [x]." in lines[0]
    assert "Make room." in lines[1]
    assert "Right." in lines[2]
    assert lines[-1] == "2 fault(s), 0 warning(s), 1 all right."
