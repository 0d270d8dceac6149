"""What the portal pushes is verified and kept; what is old, repeated, altered, swapped or another's changes nothing."""

import asyncio
import uuid

import httpx
import pytest
from sqlalchemy import func, select

from tests.node.agreements.granting import Grant, Granting, in_days
from tests.node.lasting import asker as asker
from tests.node.lasting import at_node as at_node
from tests.node.lasting import browse as browse
from tests.node.lasting import demo as demo
from tests.node.lasting import machine as machine
from tests.node.lasting import make_person as make_person
from tests.node.lasting import meters as meters
from tests.node.lasting import portal as portal
from tests.node.lasting import producer as producer
from tests.node.lasting import publisher as publisher
from tests.node.lasting import space as space
from udi.kit.db import Database
from udi.kit.keys import Signer, new_secret
from udi.kit.tenancy import Territory
from udi.node.agreements.models import HeldAgreement
from udi.protocol.agreement import (
    AGREEMENT_STATUS_TYPE,
    AGREEMENT_TYPE,
    AgreementValidity,
    write_agreement,
    write_agreement_status,
)
from udi.protocol.credentials import AGREEMENT, READING, REPORT


async def reads(machine: httpx.AsyncClient, grant: Grant) -> int:
    answer = await machine.get(
        f"/datasets/{grant.agreement.dataset}/file", headers=grant.headers
    )
    return answer.status_code


@pytest.fixture
async def grant(portal: Granting, meters: str, machine: httpx.AsyncClient) -> Grant:
    """An agreement that the node holds."""
    new_grant = portal.grant(meters)
    assert (await portal.push(machine, new_grant)).json() == {
        "revision": new_grant.standing.revision
    }
    assert await reads(machine, new_grant) == 200
    return new_grant


async def test_a_revocation_ends_reading_and_says_why(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    grant.change(state=AgreementValidity.REVOKED, reason="Le projet a changé d’objet.")
    await portal.push(machine, grant)

    answer = await machine.get(
        f"/datasets/{grant.agreement.dataset}/file", headers=grant.headers
    )

    assert answer.status_code == 403
    assert answer.json()["code"] == "revoked"
    assert answer.json()["errors"] == [
        {"field": "reason", "reason": "Le projet a changé d’objet."}
    ]
    assert answer.json()["page"] == grant.agreement.page
    assert answer.headers["link"] == f'<{grant.agreement.page}>; rel="help"'


async def test_what_is_sent_late_or_twice_changes_nothing(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    before = grant.signed_status
    grant.change(state=AgreementValidity.REVOKED)
    revoked = grant.signed_status
    assert (await portal.push(machine, grant)).json() == {
        "revision": grant.standing.revision
    }

    for signed_status in (before, revoked, before):
        answer = await portal.push(machine, grant, status=signed_status)
        assert answer.json() == {"revision": grant.standing.revision}

    assert await reads(machine, grant) == 403


async def test_it_may_open_again_under_a_later_revision(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    await portal.push(machine, grant.change(state=AgreementValidity.SUSPENDED))
    assert await reads(machine, grant) == 403
    await portal.push(machine, grant.change(state=AgreementValidity.ACTIVE))
    assert await reads(machine, grant) == 200


async def test_a_credential_that_was_replaced_opens_nothing(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    await portal.push(machine, grant.change(credentials=()))

    assert await reads(machine, grant) == 401


async def test_a_document_that_is_not_the_portals_for_this_is_refused(
    portal: Granting, machine: httpx.AsyncClient, meters: str, grant: Grant
) -> None:
    other = portal.grant(meters)
    grant.change(state=AgreementValidity.ACTIVE, closes_at=in_days(9))
    claims = write_agreement(grant.agreement)
    status_claims = write_agreement_status(grant.standing)
    stranger = Signer.from_secret(new_secret())
    head, body, signature = grant.document.split(".")
    changed: dict[str, dict[str, str]] = {
        "altered": {"agreement": f"{head}.{other.document.split('.')[1]}.{signature}"},
        "other_key": {
            "status": portal.sign(status_claims, AGREEMENT_STATUS_TYPE, signer=stranger)
        },
        "other_node": {
            "status": portal.sign(
                status_claims, AGREEMENT_STATUS_TYPE, audience="https://other.example"
            )
        },
        "swapped": {"agreement": other.document},
        "other_kind": {"agreement": portal.sign(claims, AGREEMENT_STATUS_TYPE)},
        "token": {
            "status": portal.token(portal.audience, grant.id, AGREEMENT),
        },
        "broken": {"agreement": f"{head}.{body}"},
        "none": {"agreement": "", "status": ""},
    }

    for what, documents in changed.items():
        answer = await portal.push(machine, grant, **documents)

        assert answer.status_code == 422, (what, answer.text)


async def test_only_the_portals_token_for_this_agreement_pushes(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    body = {"agreement": grant.document, "status": grant.signed_status}
    address = f"/api/v1/agreements/{grant.id}"
    used = portal.bearer(portal.audience, grant.id, AGREEMENT)
    assert (await machine.put(address, json=body, headers=used)).status_code == 200
    headers_by_fault = {
        "kind": portal.bearer(portal.audience, grant.id, REPORT),
        "ticket": portal.bearer(portal.audience, grant.id, READING),
        "subject": portal.bearer(portal.audience, uuid.uuid4(), AGREEMENT),
        "used": used,
    }
    for name, headers in headers_by_fault.items():
        answer = await machine.put(address, json=body, headers=headers)
        assert answer.status_code == 401, name

    assert (await machine.put(address, json=body)).status_code == 401
    assert (
        await machine.put(address, json=body, headers=grant.headers)
    ).status_code == 401


async def test_an_agreement_about_another_nodes_dataset_is_not_kept(
    portal: Granting,
    machine: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    stray = portal.grant(str(uuid.uuid4()))
    agreement_count = func.count(HeldAgreement.id).filter(HeldAgreement.id == stray.id)

    assert (await portal.push(machine, stray)).status_code == 404
    async with node_database.session(demo.id, role="worker") as session:
        assert await session.scalar(select(agreement_count)) == 0


async def test_a_document_of_another_shape_is_refused_with_its_faults(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    claims = write_agreement(grant.agreement) | {"terms": {"purposes": []}}

    answer = await portal.push(
        machine, grant, agreement=portal.sign(claims, AGREEMENT_TYPE)
    )

    assert answer.status_code == 422
    assert "terms.purposes" in {error["field"] for error in answer.json()["errors"]}


async def test_pushes_at_once_leave_the_last_revision(
    portal: Granting, machine: httpx.AsyncClient, grant: Grant
) -> None:
    signed_statuses = [
        grant.change(
            state=AgreementValidity.ACTIVE
            if number % 2
            else AgreementValidity.SUSPENDED
        ).signed_status
        for number in range(8)
    ]
    await asyncio.gather(
        *(
            portal.push(machine, grant, status=signed_status)
            for signed_status in reversed(signed_statuses)
        )
    )

    assert (await portal.push(machine, grant)).json() == {
        "revision": grant.standing.revision
    }
    assert await reads(machine, grant) == 200


async def test_two_agreements_of_a_project_for_the_same_data(
    portal: Granting, machine: httpx.AsyncClient, meters: str, grant: Grant
) -> None:
    """The one that ended does not keep its renewal from opening."""
    renewed = portal.grant(meters)
    renewed.change(credentials=grant.standing.credentials)
    await portal.push(machine, renewed)
    await portal.push(machine, grant.change(state=AgreementValidity.REVOKED))

    assert await reads(machine, grant) == 200
