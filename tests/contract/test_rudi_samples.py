"""RUDI's own sample records, sent as its nodes send them: what is accepted, what is refused and with which codes."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.contract.node import Pusher, add_organisation, link, make_record
from udi.portal.nodes.rudi import report_document
from udi.protocol.upgrade import upgrade_record

ACCEPTED: set[str] = set()
# A record is accepted when it breaks no rule; else all the codes that its answer and its report must name.
EXPECTED: dict[str, set[str]] = {
    "01-portal-v1.3.0-conform": {"ERR-303", "ERR-307"},
    "02-portal-v1.4.0-selfdata-ext-0.3.0": {"ERR-303", "ERR-307"},
    "03-portal-v1.4.0-selfdata-ext-0.4.0": {"ERR-303", "ERR-307"},
    "04-portal-v1.2.1": ACCEPTED,
    "05-portal-v1.3.0": {"ERR-405"},
    "06-portal-agri": ACCEPTED,
    "07-portal-open": {"ERR-106", "ERR-303", "ERR-306", "ERR-307"},
    "08-portal-mandatory-only": {"ERR-303"},
    "09-portal-no-updated-date-INVALID": {"ERR-106", "ERR-202", "ERR-303"},
    "10-portal-transport": ACCEPTED,
    "11-portal-separators": ACCEPTED,
    "12-kalim-create-ok": ACCEPTED,
    "13-kalim-creation-ok": ACCEPTED,
    "14-kalim-update-add-media": ACCEPTED,
    "15-konsult-restricted": ACCEPTED,
    "16-konsult-open": {"ERR-306"},
    "17-nodestub-resource": ACCEPTED,
    "18-node-catalog-example": {"ERR-201", "ERR-202", "ERR-303"},
    "19-node-write-meta": {"ERR-302"},
}
CONFIDENTIALITY = "access_condition.confidentiality"
TRANSLATED: dict[str, set[str]] = {"10-portal-transport": {"theme"}}
"""What is read otherwise in records of old nodes."""
SAMPLES = "reference/rudi-samples"
RENNES = "20-datarennes-extract"


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / SAMPLES / f"{name}.json").read_text())


async def know_producers(node: Pusher, records: list[dict[str, Any]]) -> None:
    """Register the records' producers and let the node push for them."""
    producers = sorted({record["producer"]["organization_id"] for record in records})
    for number, producer in enumerate(producers):
        await add_organisation(
            node.site, node.territory, UUID(producer), f"producer-{number}"
        )
    await link(node, {UUID(producer) for producer in producers})


@pytest.mark.parametrize("name", [name for name, codes in EXPECTED.items() if codes])
async def test_a_sample_with_faults_is_refused(
    north: Pusher, shared_data: Path, name: str
) -> None:
    record = read(shared_data, name)
    await know_producers(north, [record])

    answer = await north.post(record)

    [report] = await north.reports()
    assert str(report.resource_id) == record["global_id"]
    assert {fault["code"] for fault in report.faults} == EXPECTED[name]
    assert answer.status_code == 422
    assert {error["code"] for error in answer.json()["errors"]} == EXPECTED[name]
    assert answer.json()["report_id"] == str(report.id)
    assert await north.count_datasets() == 0


@pytest.mark.parametrize(
    "name", [name for name, codes in EXPECTED.items() if not codes]
)
async def test_a_sample_without_fault_is_taken(
    north: Pusher, shared_data: Path, name: str
) -> None:
    record = read(shared_data, name)
    await know_producers(north, [record])

    answer = await north.post(record)

    [report] = await north.reports()
    assert str(report.resource_id) == record["global_id"]
    assert {fault["field"] for fault in report.faults} == TRANSLATED.get(name, set())
    assert report.accepted
    assert answer.status_code == 200
    assert answer.json() == str(report.id)
    assert await north.count_datasets() == 1


def test_every_sample_has_an_expected_outcome(shared_data: Path) -> None:
    assert {path.stem for path in (shared_data / SAMPLES).glob("*.json")} == {
        *EXPECTED,
        RENNES,
    }


async def test_an_update_of_a_sample_changes_it(
    north: Pusher, shared_data: Path
) -> None:
    created = read(shared_data, "12-kalim-create-ok")
    updated = read(shared_data, "14-kalim-update-add-media")
    await know_producers(north, [created, updated])
    await north.post(created)

    answer = await north.put(updated)

    assert answer.status_code == 200
    assert [report.method for report in await north.reports()] == ["POST", "PUT"]
    assert await north.count_datasets() == 1


async def test_the_self_data_samples_are_accepted_once_their_mistakes_are_corrected(
    north: Pusher, shared_data: Path
) -> None:
    record = read(shared_data, "03-portal-v1.4.0-selfdata-ext-0.4.0")
    await know_producers(north, [record])
    valid = make_record(north.organisation)
    for name in ("available_formats", "geography"):
        record.pop(name)
    record["available_formats"] = valid["available_formats"]
    record["metadata_info"].pop("metadata_source")

    answer = await north.post(record)

    assert answer.status_code == 200, answer.text
    assert upgrade_record(record)["ext_metadata"] == record["ext_metadata"]


async def test_the_old_records_of_rennes_are_taken_and_their_translations_told(
    north: Pusher, shared_data: Path
) -> None:
    records = read(shared_data, RENNES)
    with_files = [record for record in records if any(record["available_formats"])]
    await know_producers(north, with_files)

    statuses = {(await north.post(record)).status_code for record in with_files[:12]}

    reports = await north.reports()
    assert statuses == {200}
    assert all(report.accepted for report in reports)
    document = report_document(reports[0])
    assert document["integration_status"] == "OK"
    assert document["integration_errors"] == []
    assert "theme: “" in document["comment"]
    assert (
        f"{CONFIDENTIALITY}.restricted_access: Old records leave this out"
        in document["comment"]
    )


async def test_a_record_of_today_is_not_translated(
    north: Pusher, shared_data: Path
) -> None:
    record = read(shared_data, "10-portal-transport")
    record["metadata_info"]["api_version"] = "1.4.1"
    await know_producers(north, [record])

    answer = await north.post(record)

    assert answer.status_code == 422
