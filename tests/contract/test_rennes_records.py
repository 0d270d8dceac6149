"""Sixty real datasets of Rennes, pushed as a registered node would; each gets its report back, signed."""

from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from tests.contract.node import Issuer, clear_queue, deliver, pushing, receiver
from tests.contract.test_rudi_samples import RENNES, know_producers, read
from udi.kit import keys
from udi.kit.tenancy import Territory
from udi.protocol.credentials import REPORT
from udi.protocol.upgrade import upgrade_record
from udi.ui.site import Site


@pytest.fixture
def records(shared_data: Path) -> list[dict[str, Any]]:
    """The records as a node of today sends them: old theme labels translated."""
    return [upgrade_record(record) for record in read(shared_data, RENNES)]


@pytest.mark.thorough
async def test_each_record_goes_in_unless_it_has_no_file_and_gets_its_signed_report(
    portal_site: Site,
    portal_app: Litestar,
    demo: Territory,
    issuer: Issuer,
    records: list[dict[str, Any]],
) -> None:
    with_files = {
        record["global_id"] for record in records if any(record["available_formats"])
    }
    await clear_queue(portal_site)
    with receiver() as mailbox:
        async with pushing(
            portal_site, portal_app, demo, issuer, url=mailbox.origin
        ) as node:
            await know_producers(node, records)

            answers = {
                record["global_id"]: await node.post(record) for record in records
            }
            await deliver(node, patience=60)

            published = await node.client.get("/.well-known/jwks.json")
            assert await node.count_datasets() == len(with_files)

    assert (len(answers), len(with_files)) == (60, 54)
    accepted = {
        dataset for dataset, answer in answers.items() if answer.status_code == 200
    }
    assert accepted == with_files
    received = {report.path.split("/")[2]: report for report in mailbox.reports}
    assert set(received) == set(answers)
    for dataset, report in received.items():
        claims = keys.verify(
            report.token,
            published.json(),
            kind=REPORT,
            issuer=demo.origin,
            audience=mailbox.origin,
        )
        assert claims.subject == report.document["resource_id"] == dataset
        assert report.path == f"/resources/{dataset}/report"
        status = "OK" if dataset in with_files else "KO"
        assert (report.document["integration_status"], report.document["method"]) == (
            status,
            "POST",
        )
    refused = [received[dataset].document for dataset in set(answers) - with_files]
    assert {
        error["error_code"]
        for report in refused
        for error in report["integration_errors"]
    } == {"ERR-202"}
    assert {dataset: answers[dataset].json() for dataset in accepted} == {
        dataset: received[dataset].document["report_id"] for dataset in accepted
    }
