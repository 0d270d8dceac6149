"""Each of RUDI's codes that the portal gives is given over HTTP, in the answer and in the report; the count is printed."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.contract.node import (
    RESOURCES,
    Issuer,
    Pusher,
    add_organisation,
    link,
    make_file,
    make_record,
)
from udi.kit.tenancy import Territory
from udi.portal.nodes.models import Node, NodeState
from udi.protocol.faults import FaultCode
from udi.protocol.vocabulary import BAR_CHART, CONTRACTS, VERSIONS
from udi.ui.site import Site

NEVER = {
    FaultCode.UNKNOWN_FIELD,
    FaultCode.UNKNOWN,
    FaultCode.TARGET_ABSENT,
    FaultCode.NOT_CREATOR,
    FaultCode.INTERNAL,
}
"""Those for which docs/reference/protocol.md says why they are not given."""
TABLE = Path(__file__).parents[2] / "docs/reference/protocol.md"
Change = Callable[[dict[str, Any]], dict[str, Any]]


def confidential(**more: bool) -> dict[str, Any]:
    return {
        "licence": {"licence_type": "STANDARD", "licence_label": "mit"},
        "confidentiality": more,
    }


def service(contract: str, **connector: Any) -> dict[str, Any]:
    about = {
        "url": "https://x.example/api",
        "interface_contract": contract,
        **connector,
    }
    return {"media_type": "SERVICE", "media_id": str(uuid.uuid4()), "connector": about}


PERSONAL = {
    "access_condition": confidential(restricted_access=True, gdpr_sensitive=True)
}
CONTENT = {
    "matching_data": [{"code": "c"}], "selfdata_access": "API", "storage_period": {"value": 1, "unit": "YEARS"},
    "treatment_period": {"value": 1, "unit": "YEARS"}, "selfdata_held": "x", "deletable_data": True,
}  # fmt: skip
OF_RECORDS: dict[FaultCode, dict[str, Any]] = {
    FaultCode.UNSUPPORTED_VERSION: {"metadata_info": {"api_version": "1.1.0"}},
    FaultCode.NOT_SELF_DATA: PERSONAL | {"ext_metadata": {"ext_selfdata": {}}},
    FaultCode.WRONG_TYPE: {"keywords": "arbres"},
    FaultCode.MISSING: {"theme": None},
    FaultCode.TOO_LONG: {"resource_title": "x" * 151},
    FaultCode.ILLEGAL_CHARACTERS: {"resource_title": "x\x01"},
    FaultCode.NOT_IN_VOCABULARY: {"storage_status": "lost"},
    FaultCode.MISMATCH: {"theme": "gardens"},
    FaultCode.SELF_DATA_SERVICES: PERSONAL
    | {
        "ext_metadata": {"ext_selfdata": {"ext_selfdata_content": CONTENT}},
        "available_formats": [service(BAR_CHART), service(BAR_CHART)],
    },
    FaultCode.CONDITION: {
        "access_condition": confidential(restricted_access=False, gdpr_sensitive=True)
    },
    FaultCode.BAD_FORMAT: {
        "dataset_dates": {"created": "yesterday", "updated": "2026-11-25T08:00:00Z"}
    },
    FaultCode.EMPTY: {"resource_title": "  "},
    FaultCode.CONNECTOR_PARAMETERS: {"available_formats": [service("wms")]},
    FaultCode.UNKNOWN_PRODUCER: {
        "producer": {"organization_id": str(uuid.uuid4()), "organization_name": "x"}
    },
}


def codes(answer: httpx.Response) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


async def given_for_records(north: Pusher) -> set[str]:
    """Codes that are about what a record says; the report says the same."""
    covered_codes = set[str]()
    for code, change in OF_RECORDS.items():
        answer = await north.post(make_record(north.organisation, **change))
        assert code in codes(answer), (code, answer.text)
        report = await north.client.get("/kalim/v1/integrationRequest/search?limit=1")
        assert code in {
            error["error_code"]
            for error in report.json()["elements"][0]["integration_errors"]
        }
        covered_codes.add(code)
    return covered_codes


async def given_for_calls(
    north: Pusher, south: Pusher, site: Site, demo: Territory
) -> set[str]:
    """Codes that are about the call, or about who makes it."""
    mine = make_record(north.organisation)
    theirs = make_record(south.organisation)
    stranger = uuid.uuid4()
    await north.post(mine)
    await south.post(theirs)
    await add_organisation(site, demo, stranger, "stranger-town")
    answers = {
        FaultCode.BAD_DOCUMENT: await north.post(b"{"),
        FaultCode.MISSING_PARAMETER: await north.send("DELETE", RESOURCES),
        FaultCode.UNKNOWN_DATASET: await north.put(make_record(north.organisation)),
        FaultCode.ALREADY_USED: await north.post({**mine, "resource_title": "x"}),
        FaultCode.OTHER_PROVIDER: await north.put(
            {**theirs, "producer": mine["producer"]}
        ),
        FaultCode.PRODUCER_NOT_LINKED: await north.post(make_record(stranger)),
    }
    await link(south, set())
    answers[FaultCode.NODE_WITHOUT_PROVIDER] = await south.post(
        make_record(south.organisation)
    )
    async with site.database.session(demo.id) as session:
        (
            await session.get_one(Node, (demo.id, south.node.id))
        ).state = NodeState.SUSPENDED
    answers[FaultCode.NOT_ALLOWED] = await south.post(theirs)
    for code, answer in answers.items():
        assert code in codes(answer), (code, answer.text)
    return set(answers)


async def test_every_code_but_five_is_given(
    north: Pusher,
    south: Pusher,
    portal_site: Site,
    demo: Territory,
    record_property: Callable[[str, object], None],
) -> None:
    covered_codes = await given_for_records(north) | await given_for_calls(
        north, south, portal_site, demo
    )

    print(  # noqa: T201 - a figure
        f"RUDI's codes covered: {len(covered_codes)} of {len(FaultCode)}, and {len(NEVER)} that are never given"
    )
    record_property("rudi_codes_covered", len(covered_codes))
    assert covered_codes == set(FaultCode) - NEVER


def test_the_page_says_which_are_given_and_why_the_others_are_not() -> None:
    rows = re.findall(
        r"^\| `(ERR-\d+)` \|.*\| ([^|]+) \| (\d+|-) \|$",
        TABLE.read_text(),
        re.MULTILINE,
    )
    reasons = {
        FaultCode(code): reason for code, reason, status in rows if status == "-"
    }

    assert [code for code, _, _ in rows] == sorted(code.value for code in FaultCode)
    assert reasons.keys() == NEVER
    assert all(reason.startswith("never: ") for reason in reasons.values())
    assert (
        f"these {len(FaultCode)} codes. {len(FaultCode) - len(NEVER)} are given here"
        in TABLE.read_text()
    )


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_version_is_taken(north: Pusher, version: str) -> None:
    record = make_record(north.organisation, metadata_info={"api_version": version})

    assert (await north.post(record)).status_code == 200
    assert (await north.put({**record, "resource_title": "x"})).status_code == 200
    assert (await north.delete(record["global_id"])).status_code == 200
    assert [report.version for report in await north.reports()] == [
        version,
        version,
        "",
    ]


async def test_the_contracts_that_nodes_write_are_taken(north: Pusher) -> None:
    new = ("page", "api", "geoservice")
    record = make_record(
        north.organisation, available_formats=[make_file(), *map(service, new)]
    )

    assert (await north.post(record)).status_code == 200
    stored_record = (
        await north.client.get(f"/konsult/v1/datasets/{record['global_id']}/metadatas")
    ).json()
    contracts = [
        media["connector"].get("interface_contract")
        for media in stored_record["available_formats"][1:]
    ]
    assert tuple(contracts) == new
    assert set(new) <= set(CONTRACTS)


async def test_the_older_address_of_tokens_is_the_same(
    portal_app: Litestar, north: Pusher, issuer: Issuer
) -> None:
    form = {"grant_type": "password"}
    answers = [
        await north.client.post(path, data=form)
        for path in ("/oauth2/token", "/oauth/token")
    ]

    assert answers[0].status_code == answers[1].status_code == 400
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    "path", ["/apigateway/v1/encryption-key", "/konsult/v1/encryption-key"]
)
async def test_a_node_that_asks_for_a_key_reads_why_there_is_none(
    north: Pusher, path: str
) -> None:
    answer = await north.client.get(f"{path}?media-id={uuid.uuid4()}")

    assert (answer.status_code, answer.headers["content-type"]) == (
        404,
        "application/problem+json",
    )
    assert answer.json()["detail"]
    assert answer.json()["remedy"]


async def test_a_node_asks_before_it_sends(north: Pusher) -> None:
    """What RUDI's node reads first: an identifier, and whether the portal has the record."""
    record = make_record(north.organisation)
    where = f"/konsult/v1/datasets/{record['global_id']}/metadatas"

    assert uuid.UUID((await north.client.get("/kalim/v1/id_generation")).json())
    assert uuid.UUID(
        (await north.client.get("/kalim/v1/resources/id_generation")).json()
    )
    assert (await north.client.get(where)).status_code == 404
    await north.post(record)
    assert (await north.client.get(where)).json()["dataset_dates"] == record[
        "dataset_dates"
    ]
