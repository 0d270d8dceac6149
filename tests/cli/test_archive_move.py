"""A territory leaves with everything and is the same elsewhere."""

import asyncio
import json
import stat
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner, Result

from tests.cli.archiving import (
    HALL,
    Life,
    add_member,
    bring,
    elsewhere,
    export_to,
    files_of,
    forget,
    graph_of,
    home,
    life,
    listed,
    names,
    other_databases,
    rows_everywhere,
    states,
    triples,
)
from tests.cli.test_provision import variant
from udi.cli import provision
from udi.cli.archive import commands
from udi.cli.archive.exporter import ExportResult, export_territory
from udi.cli.archive.importer import ImportResult
from udi.cli.archive.tar_file import ArchiveReader
from udi.cli.local.errors import LocalError
from udi.cli.main import build_app
from udi.kit.db import Database
from udi.kit.errors import ConflictError, NotFoundError
from udi.node.datasets.models import Delivery
from udi.portal.audit.models import AuditEvent
from udi.portal.catalogue.models import Dataset as Listed
from udi.portal.identity.models import Membership, Person
from udi.portal.identity.provision import admin
from udi.portal.nodes.models import Node
from udi.portal.tenants.files import read_folder
from udi.settings import Settings

__all__ = ["elsewhere", "home", "life", "other_databases"]


@pytest.fixture(scope="module")
async def neighbour(elsewhere: Settings) -> dict[str, int]:
    """A territory that lives at the other installation already: the rows that it has."""
    folder = read_folder(variant(elsewhere.tenants, "neighbour"))
    await asyncio.to_thread(provision.apply_folder, elsewhere, folder)
    return await rows_everywhere(elsewhere)


@pytest.fixture(scope="module")
async def exported(
    life: Life, tmp_path_factory: pytest.TempPathFactory
) -> ExportResult:
    return await export_to(life, tmp_path_factory.mktemp("archives") / "one.tar")


@pytest.fixture(scope="module")
async def imported(
    neighbour: dict[str, int], exported: ExportResult, elsewhere: Settings
) -> Any:
    yield await bring(
        elsewhere, Path(exported.archive), fingerprint=exported.fingerprint
    )
    await forget(elsewhere, exported.territory)


def test_the_archive_says_what_it_holds_and_only_its_owner_reads_it(
    exported: ExportResult,
) -> None:
    path = Path(exported.archive)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (exported.datasets, exported.files, exported.bytes) == (
        3,
        2,
        path.stat().st_size,
    )
    assert not list(path.parent.glob(".*"))


async def test_the_catalogue_is_the_same_graph_at_the_same_addresses(
    imported: ImportResult, life: Life, elsewhere: Settings
) -> None:
    before = await graph_of(life.settings, life.slug)
    after = await graph_of(elsewhere, life.slug)

    assert imported.outcome == "imported"
    assert len(before) > 100
    assert before == after
    assert await listed(life.settings, life.id) == await listed(elsewhere, life.id)


async def test_every_file_is_the_same_at_the_same_address(
    imported: ImportResult, life: Life, elsewhere: Settings
) -> None:
    files = await files_of(life.settings, life.id)

    assert len(files) == imported.files == 3
    assert await files_of(elsewhere, life.id) == files
    before = await parts_of(life.settings, life.id)
    assert len(before) == 1
    assert await parts_of(elsewhere, life.id) == before


async def parts_of(settings: Settings, tenant: UUID) -> list[UUID]:
    """The files beside the main one that the portal is to be told of."""
    database = Database(settings, "node")
    async with database.session(tenant, role="worker") as session:
        [parts] = await session.scalars(select(Delivery.listed_parts))
    await database.close()
    return parts


async def test_people_are_recognised_and_set_a_new_password(
    imported: ImportResult, life: Life, elsewhere: Settings
) -> None:
    connection = admin.connect(elsewhere)

    [account] = connection.get("users", email=life.member, exact=True)
    joined = connection.get(f"organizations/members/{account['id']}/organizations")

    assert account["requiredActions"] == ["UPDATE_PASSWORD"]
    assert connection.get(f"users/{account['id']}/credentials") == []
    assert [organisation["alias"] for organisation in joined] == [
        f"{life.slug}--{HALL}"
    ]
    database = Database(elsewhere, "portal")
    async with database.session(life.id, role="worker") as session:
        person = await session.scalar(select(Person).where(Person.email == life.member))
        [membership] = await session.scalars(select(Membership))
    await database.close()
    assert person is not None
    assert (person.issuer, person.subject) == (elsewhere.issuer, account["id"])
    assert (membership.person_id, membership.groups) == (person.id, ["publishers"])


async def test_no_secret_is_in_the_archive(exported: ExportResult, life: Life) -> None:
    content = await asyncio.to_thread(Path(exported.archive).read_bytes)

    secret_values = [
        path.read_text().strip()
        for path in life.settings.secrets_folder.iterdir()
        if path.name not in {"signing_keys", "file_keys"}
    ]

    assert not [
        secret
        for secret in secret_values
        if len(secret) > 8 and secret.encode() in content
    ]
    assert b'"d":' not in content


async def test_what_was_on_its_way_goes_on_from_there(
    imported: ImportResult, life: Life, elsewhere: Settings
) -> None:
    for program, expected in (
        ("portal", {"send_report"}),
        ("node", {"push_dataset", "prepare_version"}),
    ):
        database = Database(elsewhere, program)
        async with database.platform_session(role="worker") as session:
            query = text(
                "SELECT entrypoint, headers ? 'postponed_from' AS is_held FROM queue.pgqueuer"
                " WHERE convert_from(payload, 'UTF8') LIKE :tenant"
            )
            jobs = (await session.execute(query, {"tenant": f"%{life.id}%"})).all()
        assert {job.entrypoint for job in jobs} == expected
        assert {job.is_held for job in jobs} == {True}
        await database.close()


async def test_nodes_get_new_credentials(
    imported: ImportResult, life: Life, elsewhere: Settings
) -> None:
    hosted = (elsewhere.secrets_folder / f"node_credential_{life.slug}").read_text()

    [credential] = imported.credentials

    assert credential["node"] == "north"
    assert len(credential["client_secret"]) > 30
    assert (
        hosted
        != (life.settings.secrets_folder / f"node_credential_{life.slug}").read_text()
    )


async def test_the_events_came_along_and_say_where_from(
    imported: ImportResult, exported: ExportResult, life: Life, elsewhere: Settings
) -> None:
    for settings, last in (
        (life.settings, "territory.exported"),
        (elsewhere, "territory.imported"),
    ):
        database = Database(settings, "portal")
        async with database.session(life.id, role="worker") as session:
            events = (
                await session.scalars(select(AuditEvent).order_by(AuditEvent.at))
            ).all()
        await database.close()
        matching_events = [event for event in events if event.name == last]
        assert [event.facts for event in matching_events] == [
            {"archive": exported.digest}
        ]
        assert "dataset.withdrawn" in {event.name for event in events}


async def test_another_territory_there_is_untouched(
    imported: ImportResult, neighbour: dict[str, int], elsewhere: Settings
) -> None:
    after = await rows_everywhere(elsewhere)

    assert sum(neighbour.values()) > 0
    assert {name: after[name] for name in neighbour} == neighbour


async def test_a_second_import_changes_nothing(
    imported: ImportResult, exported: ExportResult, life: Life, elsewhere: Settings
) -> None:
    before = await rows_everywhere(elsewhere)

    again = await bring(elsewhere, Path(exported.archive))

    assert again.outcome == "unchanged"
    assert await rows_everywhere(elsewhere) == before


async def test_another_archive_of_a_territory_that_lives_there_is_refused(
    imported: ImportResult, life: Life, elsewhere: Settings, tmp_path: Path
) -> None:
    later = await export_to(life, tmp_path / "later.tar")

    with pytest.raises(ConflictError, match="lives here already"):
        await bring(elsewhere, Path(later.archive))


async def test_a_host_of_another_is_refused_and_others_are_taken(
    neighbour: dict[str, int],
    exported: ExportResult,
    home: Settings,
    elsewhere: Settings,
    tmp_path: Path,
) -> None:
    hosts: Any = {"portal": "neighbour.localhost"}
    aside = elsewhere.model_copy(update={"tenants": tmp_path / "tenants"})

    await forget(elsewhere, exported.territory)
    with pytest.raises(ConflictError, match="neighbour"):
        await bring(aside, Path(exported.archive), hosts=hosts)

    assert await states(elsewhere, exported.territory) == []
    assert not (aside.tenants / exported.territory).exists()


@pytest.mark.thorough
async def test_under_other_hosts_the_addresses_follow(
    exported: ExportResult, life: Life, elsewhere: Settings, tmp_path: Path
) -> None:
    aside = elsewhere.model_copy(update={"tenants": tmp_path / "tenants"})
    hosts: Any = {
        "portal": f"new.{life.slug}.localhost",
        "node": f"files.new.{life.slug}.localhost",
    }
    await forget(elsewhere, life.slug)

    await bring(aside, Path(exported.archive), hosts=hosts)

    then = await graph_of(life.settings, life.slug)
    imported_graph = await graph_of(aside, life.slug)
    old, new = (settings.origin("portal", host) for settings, host in
                ((life.settings, f"{life.slug}.localhost"), (aside, hosts["portal"])))  # fmt: skip
    assert {str(quad).replace(old, new) for quad in then} == {
        str(quad) for quad in imported_graph
    }
    database = Database(aside, "portal")
    async with database.session(life.id, role="worker") as session:
        hosted = await session.scalar(select(Node).where(Node.hosted))
    await database.close()
    assert hosted is not None
    assert hosted.url == aside.origin("node", hosts["node"])
    node = Database(aside, "node")
    async with node.session(life.id, role="worker") as session:
        [delivery] = await session.scalars(select(Delivery))
    await node.close()
    assert delivery.record is not None
    assert delivery.record["available_formats"][0]["connector"]["url"].startswith(
        hosted.url
    )


async def test_only_confirmed_addresses_are_brought_and_recognised(
    exported: ExportResult,
    home: Settings,
    elsewhere: Settings,
    life: Life,
    tmp_path: Path,
) -> None:
    """Whoever typed somebody's address first, there or here, receives none of their rights."""
    unconfirmed, _ = await asyncio.to_thread(
        add_member, home, life.slug, confirmed=False
    )
    taken_address, _ = await asyncio.to_thread(add_member, home, life.slug)
    connection = admin.connect(elsewhere)
    connection.post(
        "users",
        {
            "username": taken_address,
            "email": taken_address,
            "emailVerified": False,
            "enabled": True,
        },
    )
    later = await export_to(life, tmp_path / "later.tar")
    aside = elsewhere.model_copy(update={"tenants": tmp_path / "tenants"})
    await forget(elsewhere, life.slug)

    done = await bring(aside, Path(later.archive))

    assert (
        sum(
            count
            for outcome, count in done.accounts.items()
            if outcome.startswith("left")
        )
        == 2
    )
    assert connection.get("users", email=unconfirmed, exact=True) == []
    [account] = connection.get("users", email=taken_address, exact=True)
    assert connection.get(f"organizations/members/{account['id']}/organizations") == []


@pytest.mark.thorough
async def test_an_archive_without_files_brings_descriptions_only(
    life: Life, elsewhere: Settings, tmp_path: Path
) -> None:
    result = await export_to(life, tmp_path / "light.tar", with_files=False)
    reader = ArchiveReader(Path(result.archive))
    reader.scan()
    reader.close()

    await forget(elsewhere, life.slug)
    assert result.files == 0
    assert not [path for path in reader.entries if path.startswith("files/")]
    assert (
        await bring(elsewhere, Path(result.archive), check_only=True)
    ).outcome == "checked"


async def test_the_rdf_of_the_archive_is_that_of_the_catalogue(
    exported: ExportResult, life: Life
) -> None:
    reader = ArchiveReader(Path(exported.archive))
    reader.scan()

    turtle = b"".join(reader.read_pieces("catalogue/dcat-ap.ttl"))
    lines = list(reader.read_lines("catalogue/rudi.jsonl"))
    reader.close()

    assert len(triples(turtle)) == len(await graph_of(life.settings, life.slug))
    assert len(lines) == len(life.published)


async def test_what_is_not_there_is_refused_with_the_reason(
    life: Life, tmp_path: Path
) -> None:
    nowhere = Life(life.settings, "nowhere", life.id, life.folder, [], "", "")
    with pytest.raises(NotFoundError):
        await export_to(nowhere, tmp_path / "none.tar")
    without = Life(
        life.settings.model_copy(update={"tenants": tmp_path}),
        life.slug,
        life.id,
        life.folder,
        [],
        "",
        "",
    )
    with pytest.raises(LocalError, match="tenant check"):
        await export_to(without, tmp_path / "none.tar")

    assert names(tmp_path) == []


async def test_an_export_sees_one_moment_of_a_territory_that_goes_on(
    life: Life, tmp_path: Path
) -> None:
    """A dataset that changes between two parts of the archive is the same in all of them."""
    changed = life.published[-1]

    def change(step: str) -> None:
        if step == "catalogue for others":
            worker = threading.Thread(
                target=asyncio.run, args=(_rename(life, changed),)
            )
            worker.start()
            worker.join()

    result = await export_territory(
        life.settings, life.slug, tmp_path / "moment.tar", tell=change
    )

    reader = ArchiveReader(Path(result.archive))
    reader.scan()
    rows = {
        row["id"]: row
        for row in map(json.loads, reader.read_lines("portal/dataset.jsonl"))
    }
    records = {
        record["global_id"]: record
        for record in map(json.loads, reader.read_lines("catalogue/rudi.jsonl"))
    }
    turtle = b"".join(reader.read_pieces("catalogue/dcat-ap.ttl")).decode()
    reader.close()
    assert records == {
        id_: row["record"] for id_, row in rows.items() if row["state"] == "published"
    }
    assert "Renamed" not in records[changed]["resource_title"]
    assert "Renamed" not in turtle


async def _rename(life: Life, dataset: str) -> None:
    database = Database(life.settings, "portal", pool_size=1)
    async with database.session(life.id, role="worker") as session:
        row = await session.scalar(select(Listed).where(Listed.id == UUID(dataset)))
        assert row is not None
        row.title = "Renamed"
        row.record = {**row.record, "resource_title": "Renamed"}
    await database.close()


@pytest.mark.thorough
async def test_the_commands_speak_to_people_and_to_programs(
    life: Life, elsewhere: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one.tar"
    await forget(elsewhere, life.slug)

    exported = await command(
        life.settings, monkeypatch, "export", life.slug, "--to", str(path), "--json"
    )
    result = json.loads(exported.stdout)
    checked = await command(
        elsewhere,
        monkeypatch,
        "import",
        str(path),
        "--check-only",
        "--key-fingerprint",
        result["fingerprint"],
    )
    misled = await command(
        elsewhere,
        monkeypatch,
        "import",
        str(path),
        "--as-host",
        "portal=https://x.example",
    )
    again = await command(
        life.settings, monkeypatch, "export", life.slug, "--to", str(path)
    )

    assert result["archive"] == str(path)
    assert "rows of the databases" in exported.stderr
    assert (
        f"{life.slug}: checked. Signed by the key {result['fingerprint']}"
        in checked.stdout
    )
    assert isinstance(misled.exception, LocalError)
    assert result["fingerprint"] in again.stdout
    assert "personal data" in again.stdout


async def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> Result:
    monkeypatch.setattr(commands, "get_settings", lambda: settings)
    return await asyncio.to_thread(
        CliRunner().invoke, build_app(), ["tenant", *arguments]
    )
