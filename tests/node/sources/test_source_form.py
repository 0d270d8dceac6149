"""The form of a source: it asks for what is missing, keeps secrets sealed, and takes them to no other server."""

import json
import re
from functools import partial

import pytest
from sqlalchemy import text

from tests.node.producer import TABLE
from tests.node.sending import rows
from tests.node.sources.renewal import Renewal
from tests.node.sources.sftp_server import PASSWORD, SftpServer
from udi.kit.rows import read_rows
from udi.node.datasets.actions.source import read_credential
from udi.node.datasets.archive import CARRIED
from udi.node.datasets.models import DatasetEvent
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.files.remote.source_kinds import list_source_kinds

ADDRESS = "sftp://files.example/a.csv"


async def read_stored_credential(renewal: Renewal) -> dict[str, str]:
    """The credential of the source, as the worker reads it."""
    async with renewal.database.session(renewal.territory.id, role="worker") as session:
        return await read_credential(session, await renewal.source())


async def test_the_form_asks_for_what_the_address_needs_and_says_what_it_understood(
    renewal: Renewal,
) -> None:
    plain = await renewal.page()
    response = await renewal.post("sftp://depot@files.example/a.csv")
    filled = await renewal.post("s3://bucket/a.csv", key_id="mine", region="fr-par")
    refused = await renewal.post("s3://bucket/a.csv", region="fr par")

    assert 'name="password"' not in plain
    assert response.status_code == filled.status_code == 422
    assert "Compris comme" in response.text
    assert "Serveur SFTP" in response.text
    assert re.findall(r'<(?:input|textarea) id="(\w+)"', response.text) == [
        "address",
        "user",
        "password",
        "private_key",
    ]
    assert 'value="mine"' in filled.text
    assert 'value="fr-par"' in filled.text
    assert 'value="depot"' in response.text
    assert "Ce n’est pas le nom d’une région" in refused.text
    assert 'id="region"' in refused.text
    assert await rows(renewal.database, renewal.territory, DatasetSource) == []


async def test_a_credential_is_sealed_and_never_shown_again(renewal: Renewal) -> None:
    await renewal.save(ADDRESS, user="depot", password=PASSWORD)
    page = await renewal.page()
    again = await renewal.post("sftp://files.example/", user="depot", password=PASSWORD)

    async with renewal.database.session(renewal.territory.id, role="worker") as session:
        stored = await session.scalar(text("SELECT credential FROM app.source"))
    assert stored is not None
    assert stored.startswith("sealed:")
    assert PASSWORD not in stored
    assert PASSWORD not in page
    assert again.status_code == 422
    assert PASSWORD not in again.text
    events = await rows(renewal.database, renewal.territory, DatasetEvent)
    details = [event.detail for event in events if event.action == "source.set"]
    assert details == [{"kind": "sftp", "frequency": "daily"}]


async def test_a_credential_is_kept_for_its_server_and_no_other(
    renewal: Renewal,
) -> None:
    await renewal.save(ADDRESS, user="depot", password=PASSWORD)
    await renewal.save("sftp://files.example/b.csv")
    same_server = await read_stored_credential(renewal)
    elsewhere = await renewal.post("sftp://other.example/a.csv")
    port = await renewal.post("sftp://files.example:2222/a.csv")

    assert same_server == {"user": "depot", "password": PASSWORD}
    assert (elsewhere.status_code, port.status_code) == (422, 422)
    assert (await renewal.source()).address == "sftp://files.example/b.csv"

    await renewal.save("sftp://other.example/a.csv", user="me", password="autre")
    assert await read_stored_credential(renewal) == {"user": "me", "password": "autre"}


async def test_a_private_key_takes_the_place_of_the_password(renewal: Renewal) -> None:
    await renewal.save(ADDRESS, user="depot", password=PASSWORD)
    await renewal.save(ADDRESS, private_key="a key")
    with_key = await read_stored_credential(renewal)
    await renewal.save(ADDRESS, password="autre")

    assert with_key == {"user": "depot", "private_key": "a key"}
    assert await read_stored_credential(renewal) == {
        "user": "depot",
        "password": "autre",
    }


async def test_a_confirmed_key_is_forgotten_with_its_server(
    renewal: Renewal, sftp: SftpServer
) -> None:
    (sftp.folder / "a.csv").write_bytes(TABLE)
    await renewal.save(sftp.address(), password=PASSWORD)
    await renewal.look()
    await renewal.producer.client.post(
        f"/datasets/{renewal.dataset}/source/look",
        data={"fingerprint": sftp.fingerprint},
    )
    await renewal.save(sftp.address("/b.csv"))
    same_server = (await renewal.source()).host_key
    await renewal.save(ADDRESS, user="depot", password=PASSWORD)

    assert same_server == sftp.fingerprint
    assert (await renewal.source()).host_key == ""


async def test_an_archive_holds_no_credential_and_the_source_asks_for_it_again(
    renewal: Renewal,
) -> None:
    await renewal.save(ADDRESS, user="depot", password=PASSWORD)
    [table] = [entry for entry in CARRIED if entry.model is DatasetSource]
    async with renewal.database.session(renewal.territory.id, role="worker") as session:
        [row] = [
            json.loads(line)
            async for line in read_rows(session, table, renewal.territory.id)
        ]
        await session.execute(text("UPDATE app.source SET credential = ''"))

    source = await renewal.look()

    assert row["address"] == ADDRESS
    assert "credential" not in row
    assert source.error == "The password or the key of this source is not kept here."
    assert source.paused


async def test_a_credential_goes_with_its_source(renewal: Renewal) -> None:
    await renewal.save(ADDRESS, user="depot", password=PASSWORD)
    await renewal.producer.client.post(f"/datasets/{renewal.dataset}/source/stop")

    assert await rows(renewal.database, renewal.territory, DatasetSource) == []


@pytest.mark.parametrize("language", ["fr", "es"])
def test_every_word_of_a_kind_is_translated(renewal: Renewal, language: str) -> None:
    gettext = partial(renewal.site.pages.gettext, language)
    words = [
        word
        for kind in list_source_kinds().values()
        for word in (
            kind.label,
            *(text for entry in kind.fields for text in (entry.label, entry.hint)),
        )
        if word
    ]

    assert [word for word in words if gettext(word) == word] == []
