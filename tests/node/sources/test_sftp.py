"""SFTP: a file on a real SSH server, whose key a person confirms before anything secret is shown to it."""

import asyncio
import logging
import os
from uuid import uuid4

import pytest

from tests.node.producer import TABLE
from tests.node.sending import rows
from tests.node.sources.renewal import OTHER, Renewal
from tests.node.sources.sftp_server import PASSWORD, SftpServer
from udi.node.datasets.intake.refresh import SourceCheck
from udi.node.datasets.models import DatasetEvent
from udi.node.files.intake import reception
from udi.node.files.remote import sftp_files
from udi.node.files.remote.remote_files import HttpValidators, RemoteLocation


async def confirm(renewal: Renewal, fingerprint: str) -> int:
    """Press the button that trusts a key."""
    answer = await renewal.producer.client.post(
        f"/datasets/{renewal.dataset}/source/look", data={"fingerprint": fingerprint}
    )
    return answer.status_code


async def connect(renewal: Renewal, sftp: SftpServer, path: str = "/a.csv") -> None:
    """Set up the source, and trust its server."""
    await renewal.save(sftp.address(path), password=PASSWORD)
    await renewal.look()
    assert await confirm(renewal, sftp.fingerprint) == 303


async def test_sftp_renews_a_dataset_when_the_file_changed_and_only_then(
    renewal: Renewal, sftp: SftpServer
) -> None:
    file = sftp.folder / "a.csv"
    file.write_bytes(TABLE)
    await connect(renewal, sftp)

    first = await renewal.look()
    os.utime(file, (1_700_000_000, 1_700_000_000))
    same_bytes = await renewal.look()
    unchanged = await renewal.look()
    file.write_bytes(OTHER)
    await renewal.look()

    assert (first.kind, first.error) == ("sftp", "")
    assert first.address == f"sftp://sftp.localhost:{sftp.port}/a.csv"
    assert same_bytes.changed_at is None
    assert unchanged.etag == f"1700000000-{len(TABLE)}"
    assert await renewal.file() == OTHER
    assert await renewal.count_versions() == 2
    assert PASSWORD not in await renewal.page()


async def test_sftp_shows_the_password_to_no_server_whose_key_nobody_confirmed(
    renewal: Renewal, sftp: SftpServer
) -> None:
    (sftp.folder / "a.csv").write_bytes(OTHER)
    await renewal.save(sftp.address(), password=PASSWORD)

    unconfirmed = await renewal.look()
    page = await renewal.page()
    other = await confirm(renewal, "SHA256:another")
    still = await renewal.source()
    assert await confirm(renewal, sftp.fingerprint) == 303
    untried = list(sftp.tried)
    confirmed = await renewal.look()

    assert unconfirmed.paused
    assert sftp.fingerprint in page
    assert "Confirmer cette clé" in page
    assert (other, still.host_key) == (409, "")
    assert untried == []
    assert sftp.tried == [PASSWORD]
    assert confirmed.host_key == sftp.fingerprint
    assert await renewal.file() == OTHER
    events = await rows(renewal.database, renewal.territory, DatasetEvent)
    assert [
        event.detail["fingerprint"]
        for event in events
        if event.action == "source.key_confirmed"
    ] == [sftp.fingerprint]


async def test_sftp_refuses_a_server_whose_key_changed(
    renewal: Renewal, sftp: SftpServer
) -> None:
    (sftp.folder / "a.csv").write_bytes(TABLE)
    await connect(renewal, sftp)
    await renewal.look()
    former = sftp.fingerprint
    await sftp.renew_key()

    source = await renewal.look()

    assert source.paused
    assert (source.host_key, source.offered_key) == (former, sftp.fingerprint)
    assert "une autre clé que celle que vous avez confirmée" in await renewal.page()
    assert len(sftp.tried) == 1


@pytest.mark.thorough
async def test_sftp_takes_a_private_key_in_place_of_a_password(
    renewal: Renewal, sftp: SftpServer
) -> None:
    (sftp.folder / "a.csv").write_bytes(OTHER)
    await renewal.save(sftp.address(), private_key=sftp.private_key)
    await renewal.look()
    await confirm(renewal, sftp.fingerprint)
    await renewal.look()
    assert await renewal.file() == OTHER

    await renewal.save(sftp.address(), private_key="-----BEGIN NOTHING-----")
    broken = await renewal.look()

    assert broken.error == "The private key cannot be read."
    assert sftp.tried == []


async def test_sftp_refuses_a_wrong_password_at_once_and_waits_for_a_person(
    renewal: Renewal, sftp: SftpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (sftp.folder / "a.csv").write_bytes(TABLE)
    await renewal.save(sftp.address(), password="un faux mot")
    await renewal.look()
    await confirm(renewal, sftp.fingerprint)

    source = await renewal.look()
    await renewal.look()

    assert source.paused
    assert sftp.tried == ["un faux mot"]
    assert "refuse le mot de passe ou la clé" in await renewal.page()
    assert "un faux mot" not in caplog.text


@pytest.mark.parametrize(
    "path",
    [
        "/absent.csv",
        pytest.param("/folder", marks=pytest.mark.thorough),
        pytest.param("/out.csv", marks=pytest.mark.thorough),
    ],
)
async def test_sftp_says_that_there_is_no_file(
    renewal: Renewal, sftp: SftpServer, path: str
) -> None:
    (sftp.folder / "folder").mkdir()
    (sftp.folder / "out.csv").symlink_to("/folder")
    await connect(renewal, sftp, path)

    source = await renewal.look()

    assert source.error in {
        "The file is not on the server any more, or never was.",
        "This address names no file.",
    }
    assert source.failures == 1
    assert not source.paused


async def test_sftp_takes_no_file_larger_than_the_space_and_none_that_is_empty(
    renewal: Renewal, sftp: SftpServer
) -> None:
    (sftp.folder / "a.csv").write_bytes(b"x" * 1_000_001)
    await connect(renewal, sftp)
    await renewal.look()
    assert "pas assez de place" in await renewal.page()

    (sftp.folder / "a.csv").write_bytes(b"")
    await renewal.look()

    assert "fichier vide" in await renewal.page()


@pytest.mark.parametrize(
    "address",
    [
        "sftp://127.0.0.1/a.csv",
        "sftp://[::ffff:127.0.0.1]/a.csv",
        "sftp://[::1]:2222/a.csv",
    ],
)
async def test_sftp_reaches_no_private_address(renewal: Renewal, address: str) -> None:
    await renewal.save(address, user="depot", password=PASSWORD)

    source = await renewal.look()

    assert source.error == "This address may not be reached from here."


async def test_a_slow_sftp_server_is_left(
    renewal: Renewal, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sftp.folder / "a.csv").write_bytes(OTHER)
    await connect(renewal, sftp)
    sftp.is_slow = True
    monkeypatch.setattr(reception, "PATIENCE", 0.2)

    source = await renewal.look()

    assert source.error == "The address does not answer, or broke off."


async def test_a_look_says_nothing_of_the_address_that_was_set_meanwhile(
    renewal: Renewal, sftp: SftpServer
) -> None:
    (sftp.folder / "a.csv").write_bytes(OTHER)
    await connect(renewal, sftp)
    sftp.is_slow = True
    look = asyncio.create_task(renewal.look())
    await sftp.is_read.wait()
    await renewal.save(sftp.address("/b.csv"))
    sftp.release()

    source = await look

    assert source.address.endswith("/b.csv")
    assert (source.etag, source.changed_at) == ("", None)
    assert await renewal.count_versions() == 1


@pytest.mark.parametrize(
    "button",
    [
        "stop",
        pytest.param("pause", marks=pytest.mark.thorough),
        pytest.param("look", marks=pytest.mark.thorough),
    ],
)
async def test_a_file_of_a_source_that_is_stopped_meanwhile_makes_no_version(
    renewal: Renewal, sftp: SftpServer, button: str
) -> None:
    (sftp.folder / "a.csv").write_bytes(OTHER)
    await connect(renewal, sftp)
    sftp.is_slow = True
    look = asyncio.create_task(renewal.run_look())
    await sftp.is_read.wait()
    await renewal.stop(button)
    sftp.release()

    await look

    assert await renewal.count_versions() == 1


async def test_a_look_that_began_before_does_not_refuse_the_corrected_password(
    renewal: Renewal, sftp: SftpServer
) -> None:
    await connect(renewal, sftp)
    source = await renewal.source()
    check = SourceCheck(
        uuid4(),
        RemoteLocation(source.kind, source.address),
        HttpValidators(),
        "",
        source.revision,
    )
    await renewal.save(source.address, password="corrected")

    assert not check.is_of(await renewal.source())


async def test_a_file_that_takes_too_long_is_left(
    renewal: Renewal, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sftp.folder / "a.csv").write_bytes(OTHER)
    await connect(renewal, sftp)
    sftp.is_slow = True
    hurried = renewal.site.settings.model_copy(update={"fetch_seconds": 0.2})
    monkeypatch.setattr(renewal.site, "settings", hurried)

    source = await renewal.look()

    assert source.error == "The file took too long to come."


async def test_a_server_that_says_nothing_is_left(
    renewal: Renewal, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(
        lambda _reader, writer: visits.append(writer), "127.0.0.1", 0
    )
    port = silent.sockets[0].getsockname()[1]
    monkeypatch.setattr(sftp_files, "PATIENCE", 0.2)
    await renewal.save(f"sftp://depot@sftp.localhost:{port}/a.csv", password=PASSWORD)

    source = await renewal.look()
    silent.close()
    [visit] = visits
    visit.close()
    await visit.wait_closed()

    assert source.error == "The address does not answer, or broke off."
