"""The names in the properties of a workbook: noted once, and removed by the node when its producer asks."""

import io
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.node.producer import Producer
from tests.node.test_file_safety import inspected, workbook
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.tabular.safety.document_properties import (
    LARGEST_PART,
    can_remove_names,
    remove_names,
)
from udi.tabular.safety.findings import Danger

AUTHOR = "Camille Kerdraon"
BUTTON = "Retirer le nom des propriétés"
OPEN_DOCUMENT = {
    "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
    "META-INF/manifest.xml": b"<manifest/>",
    "content.xml": b"<office:document-content/>",
    "meta.xml": f"<x><meta:initial-creator>{AUTHOR}</meta:initial-creator><dc:creator>{AUTHOR}</dc:creator></x>".encode(),
}


def pack(parts: dict[str, bytes]) -> bytes:
    """The parts as a ZIP, the first one stored as OpenDocument wants it."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, (name, content) in enumerate(parts.items()):
            archive.writestr(
                name, content, zipfile.ZIP_DEFLATED if place else zipfile.ZIP_STORED
            )
    return into.getvalue()


def parts_of(path: Path) -> dict[str, bytes]:
    """The parts of a ZIP, in their order."""
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


@pytest.mark.parametrize(
    ("name", "content", "properties"),
    [
        ("budget.xlsx", workbook(author=AUTHOR), {"docProps/core.xml"}),
        ("budget.ods", pack(OPEN_DOCUMENT), {"meta.xml"}),
    ],
)
def test_remove_names_changes_the_properties_alone(
    tmp_path: Path, name: str, content: bytes, properties: set[str]
) -> None:
    source = tmp_path / name
    target = tmp_path / f"new-{name}"
    source.write_bytes(content)

    removed = remove_names(source, target)

    before = parts_of(source)
    after = parts_of(target)
    assert Danger.AUTHOR in {finding.danger for finding in inspected(source)}
    assert Danger.AUTHOR not in {finding.danger for finding in inspected(target)}
    assert list(after) == list(before)
    assert {part for part in before if before[part] != after[part]} == properties
    assert AUTHOR.encode() not in b"".join(after.values())
    assert removed == 2
    with zipfile.ZipFile(target) as archive:
        assert [entry.compress_type for entry in archive.infolist()][:1] == [
            entry.compress_type for entry in zipfile.ZipFile(source).infolist()
        ][:1]


@pytest.mark.parametrize(
    "content",
    [
        b"no workbook",
        pack(OPEN_DOCUMENT)[:-40],
        pack({"a": b"", "docProps/core.xml": b" " * (LARGEST_PART + 1)}),
    ],
)
def test_remove_names_refuses_what_is_no_workbook(
    tmp_path: Path, content: bytes
) -> None:
    source = tmp_path / "source.xlsx"
    source.write_bytes(content)

    with pytest.raises(ValueError, match=r"not packed|too large"):
        remove_names(source, tmp_path / "target.xlsx")


@pytest.mark.parametrize(
    ("name", "size", "removable"),
    [
        ("a.xlsx", 10, True),
        ("A.ODS", 10, True),
        ("a.xls", 10, False),
        ("a.pdf", 10, False),
        ("a.xlsx", 10**9, False),
    ],
)
def test_can_remove_names(name: str, size: int, *, removable: bool) -> None:
    assert can_remove_names(name, size) is removable


async def test_a_name_in_the_properties_is_removed_on_request(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.draft(workbook(author=AUTHOR), "budget.xlsx")
    check_page = await producer.page(f"/datasets/{dataset}/check")

    answer = await producer.client.post(f"/datasets/{dataset}/properties")
    checked = await producer.page(f"/datasets/{dataset}/check")
    await producer.publish(dataset)
    download = await passer_by.get(f"/datasets/{dataset}/file")

    assert BUTTON in check_page
    assert answer.headers["location"] == f"/datasets/{dataset}/check"
    assert BUTTON not in checked
    with zipfile.ZipFile(io.BytesIO(download.content)) as archive:
        assert AUTHOR.encode() not in b"".join(
            archive.read(name) for name in archive.namelist()
        )


async def test_a_file_without_a_name_is_left_as_it_is(producer: Producer) -> None:
    dataset = await producer.draft(workbook(), "budget.xlsx")

    answer = await producer.client.post(f"/datasets/{dataset}/properties")

    assert answer.status_code == 409
    assert BUTTON not in await producer.page(f"/datasets/{dataset}/check")


@pytest.mark.thorough
async def test_the_name_is_told_once_for_a_dataset(producer: Producer) -> None:
    dataset = await producer.draft(workbook(author=AUTHOR), "budget.xlsx")
    await producer.publish(dataset)

    await producer.send(
        workbook(author=AUTHOR, hide=True),
        "budget.xlsx",
        f"/datasets/{dataset}/versions",
    )
    checked = await producer.page(f"/datasets/{dataset}/check")

    assert "Les propriétés de ce fichier donnent un nom" not in checked
    assert "Des feuilles sont masquées" in checked
