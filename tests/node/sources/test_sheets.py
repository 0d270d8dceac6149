"""Published sheets and Grist: links as people paste them, turned into the addresses of their files.

The services themselves are not here: a server of the tests answers at their documented addresses.
"""

import pytest

from tests.node.producer import SLUG, TABLE
from tests.node.sending import rows
from tests.node.sources.office import API_KEY, DOCUMENT, SHARE, SHEET, Office
from tests.node.sources.renewal import OTHER, Renewal
from udi.kit.errors import InvalidError
from udi.node.files.models import Upload
from udi.node.files.remote.addresses import understand_address

GOOGLE = "https://docs.google.com/spreadsheets/d"
GRIST = "https://docs.getgrist.com"


@pytest.mark.parametrize(
    ("pasted", "kind", "expected"),
    [
        (f"{GOOGLE}/{SHEET}/edit#gid=7", "sheet", f"{GOOGLE}/{SHEET}/export?format=csv&gid=7"),
        (f"{GOOGLE}/{SHEET}/edit?gid=7#gid=7", "sheet", f"{GOOGLE}/{SHEET}/export?format=csv&gid=7"),
        (f"{GOOGLE}/{SHEET}/edit?usp=sharing", "sheet", f"{GOOGLE}/{SHEET}/export?format=csv"),
        (f"{GOOGLE}/{SHEET}/export?format=xlsx", "sheet", f"{GOOGLE}/{SHEET}/export?format=xlsx"),
        (f"{GOOGLE}/e/2PACX-{SHEET}/pubhtml?gid=7&single=true", "sheet", f"{GOOGLE}/e/2PACX-{SHEET}/pub?gid=7&single=true&output=csv"),
        (f"https://cloud.example/s/{SHARE}", "sheet", f"https://cloud.example/s/{SHARE}/download"),
        (f"https://cloud.example/index.php/s/{SHARE}/download", "sheet", f"https://cloud.example/index.php/s/{SHARE}/download"),
        ("https://cloud.example/remote.php/dav/files/me/a.csv", "webdav", "https://cloud.example/remote.php/dav/files/me/a.csv"),
        ("davs://cloud.example/a.csv", "webdav", "https://cloud.example/a.csv"),
        (f"{GRIST}/{DOCUMENT}/Associations/p/3", "grist", f"{GRIST}/api/docs/{DOCUMENT}/download/xlsx"),
        (f"https://grist.example/o/ville/{DOCUMENT}/Nom", "grist", f"https://grist.example/o/ville/api/docs/{DOCUMENT}/download/xlsx"),
        (f"https://tables.example/api/docs/{DOCUMENT}/download/csv?tableId=A", "grist", f"https://tables.example/api/docs/{DOCUMENT}/download/csv?tableId=A"),
        ("https://files.example/s/list.csv", "http", "https://files.example/s/list.csv"),
        ("https://files.example/a.csv?x=1", "http", "https://files.example/a.csv?x=1"),
    ],
)  # fmt: skip
def test_understand_address_reads_links_as_people_paste_them(
    pasted: str, kind: str, expected: str
) -> None:
    understood = understand_address(pasted)

    assert (understood.name, understood.address) == (kind, expected)
    assert understand_address(expected).address == expected


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://files.example/a.csv", "sheet"),
        ("https://files.example/", "grist"),
        ("https://files.example/a.csv", "sftp"),
        ("https://files.example/", "webdav"),
        ("sftp://files.example/folder/", ""),
        ("sftp://files.example", ""),
        ("s3://bucket", ""),
        ("s3://bucket/a.csv?region=a.example%2F", ""),
        ("s3://bucket/a.csv?endpoint=ftp://a.example", ""),
        ("s3://bucket/a#1.csv", ""),
        ("s3://bucket/a.csv?part=1", ""),
        ("sftp://files.example/a#1.csv", ""),
        ("sftp://files.example/a.csv?1", ""),
        ("ftp://files.example/a.csv", ""),
        ("sftp://me:secret@files.example/a.csv", ""),
        ("https://me@files.example/a.csv", ""),
        ("https://files.example/a.csv", "unknown"),
    ],
)
def test_understand_address_refuses_what_is_none(address: str, kind: str) -> None:
    with pytest.raises(InvalidError):
        understand_address(address, kind)


@pytest.mark.parametrize(
    ("link", "expected_path"),
    [
        pytest.param(f"/spreadsheets/d/{SHEET}/edit#gid=7", f"/spreadsheets/d/{SHEET}/export?format=csv&gid=7", marks=pytest.mark.thorough),
        (f"/s/{SHARE}", f"/s/{SHARE}/download"),
    ],
)  # fmt: skip
async def test_a_published_sheet_renews_a_dataset(
    renewal: Renewal, office: Office, link: str, expected_path: str
) -> None:
    office.content = OTHER
    await renewal.save(f"{office.origin}{link}", kind="sheet")

    source = await renewal.look()

    assert (source.kind, source.error) == ("sheet", "")
    assert [path for path, _ in office.requests] == [expected_path]
    assert await renewal.file() == OTHER
    assert "Feuille publiée" in await renewal.page()


async def test_the_page_to_log_in_is_not_published_in_place_of_a_sheet(
    renewal: Renewal, office: Office
) -> None:
    office.is_public = False
    await renewal.save(f"{office.origin}/s/{SHARE}")

    source = await renewal.look()

    assert source.error == "The address gives a page of the web, not a file."
    assert await renewal.count_versions() == 1


async def test_a_link_to_a_sheet_is_understood_where_a_file_is_fetched_once(
    renewal: Renewal, office: Office
) -> None:
    client = renewal.producer.client
    answer = await client.post(
        f"/spaces/{SLUG}/fetch", data={"address": f"{office.origin}/s/{SHARE}"}
    )
    refused = await client.post(
        f"/spaces/{SLUG}/fetch", data={"address": "sftp://files.example/a.csv"}
    )

    assert (answer.status_code, refused.status_code) == (303, 422)
    uploads = await rows(renewal.database, renewal.territory, Upload)
    assert f"{office.origin}/s/{SHARE}/download" in {
        upload.address for upload in uploads
    }
    assert "mise à jour automatique" in refused.text


async def test_grist_renews_a_dataset_when_the_document_changed_and_only_then(
    renewal: Renewal, office: Office
) -> None:
    office.key = API_KEY
    link = f"{office.grist}/{DOCUMENT}/Associations/p/2"
    await renewal.save(link, table="Associations", api_key=API_KEY)

    first = await renewal.look()
    await renewal.look()
    office.content = OTHER
    office.updated_at = "2026-11-30T09:00:00.000Z"
    await renewal.look()

    export = f"/api/docs/{DOCUMENT}/download/csv?tableId=Associations"
    assert (first.kind, first.error) == ("grist", "")
    assert first.address == f"{office.grist}{export}"
    assert [path for path, _ in office.requests if "download" in path] == [
        export,
        export,
    ]
    assert await renewal.file() == OTHER
    assert API_KEY not in await renewal.page()


async def test_grist_says_what_it_lacks(renewal: Renewal, office: Office) -> None:
    office.key = API_KEY
    link = f"{office.grist}/{DOCUMENT}/Associations"
    await renewal.save(link, table="Associations")
    private = await renewal.look()
    await renewal.save(link, table="Associations", api_key="wrong")
    denied = await renewal.look()
    await renewal.save(link, table="Absente", api_key=API_KEY)
    gone = await renewal.look()

    assert private.error == "The address asks for a login."
    assert denied.error.startswith("The server refuses the password or the key")
    assert gone.error == "The address answers that the file is not there."
    assert [private.paused, denied.paused, gone.paused] == [False, True, False]
    assert await renewal.file() == TABLE
