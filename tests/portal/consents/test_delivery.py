"""How nodes learn of consents: told at once with the agreement, asked for by them in one order, and until when that counts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tests.contract.node import Issuer, Receiver, receiver, trusted_issuer
from tests.depth import by_depth
from tests.portal.consents.conftest import Lending
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.kit.keys import verify_document
from udi.portal.access.agreements.creation import signer_of
from udi.portal.access.agreements.delivery import AgreementDeliveryError
from udi.portal.access.agreements.node_messages import list_agreements_for_node
from udi.portal.access.agreements.revisions import send_agreement_status
from udi.portal.access.models import AccessAgreement
from udi.portal.consents.actions import DELIVER_CONSENT
from udi.portal.consents.delivery import deliver_consent
from udi.portal.consents.documents import list_changed_consents
from udi.portal.consents.models import Consent
from udi.portal.nodes.models import Node
from udi.protocol.consent import (
    CONSENT_FRESHNESS_TYPE,
    CONSENT_STATUS_TYPE,
    ConsentStatus,
    read_consent_status,
    read_freshness,
)


@pytest.fixture
def node() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@pytest.fixture
def issuer(portal_site: Any) -> Iterator[Issuer]:
    with trusted_issuer(portal_site) as issuer:
        yield issuer


async def deliver(lending: Lending, consent: Consent) -> None:
    payload = {"consent": str(consent.id), "revision": 0}
    job = Job(DELIVER_CONSENT, lending.workspace.territory.id, payload, 0, last=False)
    await deliver_consent(lending.workspace.site, job)


async def reach(lending: Lending, node: Receiver) -> None:
    """The node of the dataset is at this address."""
    async with lending.workspace.site.database.session(
        lending.workspace.territory.id, role="worker"
    ) as session:
        await session.execute(update(Node).values(url=node.origin))


async def read_status(lending: Lending, document: str, audience: str) -> ConsentStatus:
    keys = (await lending.workspace.passer.get("/.well-known/jwks.json")).json()
    claims = verify_document(
        document,
        keys,
        kind=CONSENT_STATUS_TYPE,
        issuer=lending.workspace.territory.origin,
        audience=audience,
    )
    assert str(await lending.person_id()) not in str(claims)
    return read_consent_status(claims)


async def test_the_node_is_told_of_a_yes_and_of_its_end(
    lending: Lending, node: Receiver
) -> None:
    await reach(lending, node)
    consent = await lending.give(await lending.open())
    node.answers += [{"revision": 1}, {"revision": 1}]
    await deliver(lending, consent)
    await lending.inhabitant.post(f"/my-data/consents/{consent.id}/withdraw")
    await deliver(lending, consent)
    await deliver(lending, consent)
    statuses = [
        await read_status(lending, call.document["consent"], node.origin)
        for call in node.reports
    ]
    [row] = await lending.rows(Consent)

    assert [call.path for call in node.reports] == [f"/api/v1{lending.agreement}"] * 2
    assert [status.state for status in statuses] == ["given", "withdrawn"]
    assert statuses[0].revision < statuses[1].revision == row.delivered == row.revision
    assert {status.consent for status in statuses} == {consent.id}


async def test_a_node_that_does_not_answer_is_told_later_and_the_person_sees_it(
    lending: Lending, node: Receiver
) -> None:
    await reach(lending, node)
    consent = await lending.give(await lending.open())
    await lending.inhabitant.post(f"/my-data/consents/{consent.id}/withdraw")
    node.statuses.append(503)
    with pytest.raises(AgreementDeliveryError):
        await deliver(lending, consent)
    page = await lending.inhabitant.get(
        f"/my-data/consents?stopped={consent.id}", headers={"Accept-Language": "en"}
    )

    assert "is being told" in page.text


async def test_a_node_that_asks_for_what_comes_after_has_confirmed_what_came_before(
    lending: Lending, issuer: Issuer
) -> None:
    """The portal never reached it."""
    consent = await lending.give(await lending.open())
    await lending.inhabitant.post(f"/my-data/consents/{consent.id}/withdraw")
    [stopped] = await lending.rows(Consent)
    territory = lending.workspace.territory
    token = issuer.token(f"{territory.slug}-node-hosted", territory.origin)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    pages = []
    for after in (0, stopped.revision - 1, stopped.revision):
        await lending.workspace.passer.get(
            f"/kalim/v1/agreements?after={after}", headers=headers
        )
        page = await lending.inhabitant.get(
            "/my-data/consents", headers={"Accept-Language": "en"}
        )
        pages.append("not confirmed yet" in page.text)
    [row] = await lending.rows(Consent)

    assert pages == [True, True, False]
    assert row.delivered == row.revision == stopped.revision


async def test_no_agreement_is_passed_over_that_is_committed_between_two_statements(
    lending: Lending,
) -> None:
    await lending.give(await lending.open())
    workspace = lending.workspace
    tenant = workspace.territory.id
    database = workspace.site.database
    signer = signer_of(workspace.site, workspace.territory)

    async def commit_then_list(
        session: AsyncSession, *rest: Any
    ) -> list[tuple[int, dict[str, str]]]:
        async with database.session(tenant, role="worker") as other:
            agreement = (await other.scalars(select(AccessAgreement))).one()
            await send_agreement_status(other, agreement)
        await lending.give(
            f"/consents/{(await lending.versions())[0].id}", lending.neighbour
        )
        return await list_changed_consents(session, *rest)

    async with database.session(tenant, role="worker") as session:
        node_id = select(Consent.node_id)
        node = (await session.scalars(select(Node).where(Node.id.in_(node_id)))).one()
        first, last = await list_agreements_for_node(
            session, signer, node, after=0, limit=100, sources=[commit_then_list]
        )
        rest, _ = await list_agreements_for_node(
            session,
            signer,
            node,
            after=last,
            limit=100,
            sources=[list_changed_consents],
        )

    assert [sorted(item) for item in first] == [["agreement", "status"], ["consent"]]
    assert [sorted(item) for item in rest] == [["agreement", "status"], ["consent"]]


@pytest.mark.thorough
async def test_a_node_asks_for_agreements_and_consents_in_one_order(
    lending: Lending, issuer: Issuer
) -> None:
    consent = await lending.give(await lending.open())
    await lending.neighbour.post(
        f"/consents/{consent.notice_id}", data={"answer": "no"}
    )
    territory = lending.workspace.territory
    token = issuer.token(f"{territory.slug}-node-hosted", territory.origin)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    answer = await lending.workspace.passer.get("/kalim/v1/agreements", headers=headers)
    body = answer.json()
    rest = await lending.workspace.passer.get(
        f"/kalim/v1/agreements?after={body['revision']}", headers=headers
    )
    part = await lending.workspace.passer.get(
        "/kalim/v1/agreements?limit=1", headers=headers
    )
    keys = (await lending.workspace.passer.get("/.well-known/jwks.json")).json()
    audience = territory.links["node"]
    fresh_until = read_freshness(
        verify_document(
            body["freshness"],
            keys,
            kind=CONSENT_FRESHNESS_TYPE,
            issuer=territory.origin,
            audience=audience,
        )
    )
    status = await read_status(lending, body["items"][1]["consent"], audience)

    assert [sorted(item) for item in body["items"]] == [
        ["agreement", "status"],
        ["consent"],
    ]
    assert (status.consent, status.revision) == (consent.id, body["revision"])
    assert timedelta(hours=23) < fresh_until - now() <= timedelta(hours=24)
    assert rest.json()["items"] == []
    assert "freshness" in rest.json()
    assert "freshness" not in part.json()


@by_depth(
    ("node", "count"),
    [
        ({"hosted": True}, 1),
        ({"hosted": False, "takes_subject_requests": True}, 1),
        ({"hosted": False, "takes_subject_requests": False}, 0),
    ],
    by_default=[0, 2],
)
async def test_the_receipt_says_where_people_stop_without_the_portal(
    lending: Lending, node: dict[str, bool], count: int
) -> None:
    """A producer's own node may have no login for people."""
    consent = await lending.give(await lending.open())
    await lending.change(Node, url="https://node.example", **node)

    page = await lending.inhabitant.get(f"/my-data/consents/{consent.id}")

    assert page.status_code == 200
    assert page.text.count('href="https://node.example/subjects/consents"') == count
