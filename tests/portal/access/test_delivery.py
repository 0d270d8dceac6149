"""How nodes learn how agreements stand: told at once, asked for by them, signed, in the order of revisions."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from tests.contract.node import Issuer, Receiver, receiver, trusted_issuer
from tests.portal.access.conftest import Workspace
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.kit.keys import verify, verify_document
from udi.kit.traces import SpanKind, open_span
from udi.portal.access.agreements.delivery import (
    AgreementDeliveryError,
    deliver_agreement,
)
from udi.portal.access.agreements.revisions import DELIVER
from udi.portal.access.models import ProjectCredential
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.models import Node
from udi.portal.nodes.queries import find_node
from udi.protocol.agreement import (
    AGREEMENT_STATUS_TYPE,
    AgreementValidity,
    fingerprint,
    read_agreement_status,
)
from udi.protocol.credentials import AGREEMENT

WHY = {"words": "La mesure a changé."}


@pytest.fixture
def node() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


async def reach(workspace: Workspace, node: Receiver) -> None:
    """The node of the dataset is at this address."""
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        await session.execute(update(Node).values(url=node.origin))


async def deliver(workspace: Workspace, address: str) -> None:
    agreement_row = await workspace.agreement_row(address)
    payload = {"agreement": str(agreement_row.id), "revision": agreement_row.revision}
    await deliver_agreement(
        workspace.site, Job(DELIVER, workspace.territory.id, payload, 0, last=False)
    )


async def keys(workspace: Workspace) -> Any:
    return (await workspace.passer.get("/.well-known/jwks.json")).json()


async def test_the_node_is_told_of_an_agreement_and_of_its_end(
    workspace: Workspace, node: Receiver
) -> None:
    await reach(workspace, node)
    await workspace.set_policy()
    address = await workspace.agree()
    node.answers.append({"revision": (await workspace.agreement_row(address)).revision})
    await deliver(workspace, address)
    await workspace.producer.post(f"{address}/revoke", data=WHY)
    node.answers.append({"revision": (await workspace.agreement_row(address)).revision})
    await deliver(workspace, address)
    await deliver(workspace, address)

    agreement_row = await workspace.agreement_row(address)
    assert [call.path for call in node.reports] == [f"/api/v1{address}"] * 2
    statuses = []
    for call in node.reports:
        origin = workspace.territory.origin
        token = verify(
            call.token,
            await keys(workspace),
            kind=AGREEMENT,
            issuer=origin,
            audience=node.origin,
        )
        assert token.subject == str(agreement_row.id)
        assert call.document["agreement"] == agreement_row.jws
        claims = verify_document(
            call.document["status"],
            await keys(workspace),
            kind=AGREEMENT_STATUS_TYPE,
            issuer=workspace.territory.origin,
            audience=node.origin,
        )
        statuses.append(read_agreement_status(claims))
    assert [status.state for status in statuses] == [
        AgreementValidity.ACTIVE,
        AgreementValidity.REVOKED,
    ]
    assert statuses[1].revision > statuses[0].revision
    assert (statuses[1].reason, statuses[0].agreement_sha256) == (
        "La mesure a changé.",
        agreement_row.sha256,
    )
    assert (agreement_row.delivered, agreement_row.delivery_error) == (
        agreement_row.revision,
        "",
    )


@pytest.mark.parametrize("is_hosted", [True, False])
async def test_our_own_node_alone_learns_of_which_trace_a_call_is(
    workspace: Workspace, node: Receiver, *, is_hosted: bool
) -> None:
    await reach(workspace, node)
    await workspace.set_policy()
    address = await workspace.agree()
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        await session.execute(update(Node).values(hosted=is_hosted))
    node.answers.append({"revision": (await workspace.agreement_row(address)).revision})

    with open_span("job", SpanKind.CONSUMER):
        await deliver(workspace, address)

    [call] = node.reports
    assert ("traceparent" in call.headers) == is_hosted


async def test_a_node_that_does_not_answer_is_told_later_and_the_page_says_so(
    workspace: Workspace, node: Receiver
) -> None:
    await reach(workspace, node)
    await workspace.set_policy()
    address = await workspace.agree()
    node.statuses.append(503)

    with pytest.raises(AgreementDeliveryError, match="503"):
        await deliver(workspace, address)

    assert "503" in (await workspace.producer.get(address)).text
    node.answers.append({"revision": 1})
    await deliver(workspace, address)
    assert (
        "Appliquée par le nœud</dt><dd>Oui"
        in (await workspace.producer.get(address)).text
    )


async def test_a_node_that_asks_for_what_comes_after_has_applied_what_came_before(
    workspace: Workspace,
) -> None:
    """The portal never reached it."""
    await workspace.set_policy()
    address = await workspace.agree()
    revision = (await workspace.agreement_row(address)).revision
    pages = []
    with trusted_issuer(workspace.site) as issuer:
        for after in (0, revision - 1, revision):
            await ask(workspace, issuer, after=str(after))
            page = await workspace.producer.get(address)
            pages.append("Appliquée par le nœud</dt><dd>Oui" in page.text)
    row = await workspace.agreement_row(address)

    assert pages == [False, False, True]
    assert (row.delivered, row.delivery_error) == (row.revision, "")


async def test_a_node_asks_for_what_changed_in_the_order_of_revisions(
    workspace: Workspace,
) -> None:
    with trusted_issuer(workspace.site) as issuer:
        await workspace.set_policy()
        first = await workspace.agree()
        second = await workspace.agree()
        await workspace.producer.post(f"{first}/suspend", data=WHY)
        whole = await ask(workspace, issuer)
        after = await ask(workspace, issuer, after=str(whole["revision"] - 1))
        none = await ask(workspace, issuer, after=str(whole["revision"]))
        first_page = await ask(workspace, issuer, limit="1")
        stranger = await workspace.passer.get(
            "/kalim/v1/agreements", headers={"Authorization": "Bearer nobody"}
        )

    agreement_rows = [
        await workspace.agreement_row(second),
        await workspace.agreement_row(first),
    ]
    assert [item["agreement"] for item in whole["items"]] == [
        agreement_row.jws for agreement_row in agreement_rows
    ]
    assert [item["agreement"] for item in after["items"]] == [agreement_rows[1].jws]
    assert (none["items"], none["revision"]) == ([], whole["revision"])
    assert (len(first_page["items"]), first_page["revision"]) == (
        1,
        agreement_rows[0].revision,
    )
    assert stranger.status_code == 401


async def ask(workspace: Workspace, issuer: Issuer, **query: str) -> dict[str, Any]:
    token = issuer.token(
        f"{workspace.territory.slug}-node-hosted", workspace.territory.origin
    )
    answer = await workspace.passer.get(
        "/kalim/v1/agreements",
        params=query,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_a_credential_is_shown_once_and_only_its_digest_reaches_the_node(
    workspace: Workspace,
) -> None:
    with trusted_issuer(workspace.site) as issuer:
        await workspace.set_policy()
        address = await workspace.agree()
        agreement_row = await workspace.agreement_row(address)
        home = f"/projects/{agreement_row.project_id}/access"
        form = {
            "name": "Grappe de calcul",
            "node": str(agreement_row.node_id),
            "days": "90",
        }
        refusal = await workspace.person.post(
            f"{home}/credentials", data=form | {"days": "7", "name": ""}
        )
        creation = await workspace.person.post(f"{home}/credentials", data=form)
        [credential] = await workspace.rows(ProjectCredential)
        first_status = standing_of(
            workspace,
            (await ask(workspace, issuer))["items"][0]["status"],
            await keys(workspace),
        )
        renewed = await workspace.person.post(
            f"{home}/credentials/{credential.id}/renew"
        )
        second = next(
            row
            for row in await workspace.rows(ProjectCredential)
            if row.id != credential.id
        )
        changed = standing_of(
            workspace,
            (await ask(workspace, issuer))["items"][0]["status"],
            await keys(workspace),
        )
        revoked = await workspace.person.post(f"{home}/credentials/{second.id}/revoke")
        last = standing_of(
            workspace,
            (await ask(workspace, issuer))["items"][0]["status"],
            await keys(workspace),
        )

    secret = creation.text.partition('id="secret" value="')[2].partition('"')[0]
    assert (
        refusal.status_code,
        creation.status_code,
        renewed.status_code,
        revoked.status_code,
    ) == (422, 201, 201, 303)
    assert secret.startswith("udi_project_")
    assert secret not in (await workspace.person.get(home)).text
    assert (
        [entry.sha256 for entry in first_status.credentials]
        == [credential.sha256]
        == [fingerprint(secret)]
    )
    assert [entry.id for entry in changed.credentials] == [second.id]
    assert last.credentials == ()
    assert first_status.revision < changed.revision < last.revision
    for other in (workspace.producer, workspace.team):
        assert (await other.get(home)).status_code == 404
        assert (await other.post(f"{home}/credentials", data=form)).status_code == 404


async def test_a_node_says_in_which_hour_its_own_credentials_were_last_shown(
    workspace: Workspace,
) -> None:
    with trusted_issuer(workspace.site) as issuer:
        await workspace.set_policy()
        agreement_row = await workspace.agreement_row(await workspace.agree())
        home = f"/projects/{agreement_row.project_id}/access"
        form = {"name": "Grappe", "node": str(agreement_row.node_id), "days": "30"}
        await workspace.person.post(f"{home}/credentials", data=form)
        [credential] = await workspace.rows(ProjectCredential)
        unused = await workspace.person.get(home)
        moments = [
            now() - timedelta(days=3),
            now() - timedelta(days=4),
            now() - timedelta(days=3, minutes=1),
        ]
        answers = [
            await tell(workspace, issuer, [use(credential.id, moment)])
            for moment in moments
        ]
        others = await tell(
            workspace, issuer, [use(credential.id, now())], node="other"
        )
        refusals = [
            await tell(workspace, issuer, uses)
            for uses in ([{"credential": "x", "hour": "y"}], "", [{}])
        ]
        used = await workspace.person.get(home)
        [stored_credential] = await workspace.rows(ProjectCredential)
        future = await tell(
            workspace,
            issuer,
            [use(credential.id, now() + timedelta(days=9)), use(uuid4(), now())],
        )
        [last] = await workspace.rows(ProjectCredential)

    assert "jamais utilisée" in unused.text
    assert "utilisée pour la dernière fois" in used.text
    assert [answer.status_code for answer in (*answers, *refusals, future)] == [
        204,
        204,
        204,
        422,
        422,
        422,
        204,
    ]
    assert others.status_code == 204
    assert stored_credential.last_used_at == moments[0].replace(
        minute=0, second=0, microsecond=0
    )
    assert stored_credential.last_used_at < last.last_used_at <= now()


def use(credential: UUID, hour: datetime) -> dict[str, str]:
    return {"credential": str(credential), "hour": hour.isoformat()}


async def tell(
    workspace: Workspace, issuer: Issuer, uses: Any, *, node: str = "hosted"
) -> httpx.Response:
    client = f"{workspace.territory.slug}-node-{node}"
    async with workspace.site.database.session(workspace.territory.id) as session:
        if await find_node(session, node) is None:
            await register_node(
                session,
                slug=node,
                name="x",
                url="https://x.example",
                client_id=client,
                hosted=False,
            )
    headers = {
        "Authorization": f"Bearer {issuer.token(client, workspace.territory.origin)}",
        "Accept": "application/json",
    }
    return await workspace.passer.post(
        "/kalim/v1/agreements/uses", json={"uses": uses}, headers=headers
    )


def standing_of(workspace: Workspace, jws: str, published: Any) -> Any:
    audience = workspace.territory.links["node"]
    claims = verify_document(
        jws,
        published,
        kind=AGREEMENT_STATUS_TYPE,
        issuer=workspace.territory.origin,
        audience=audience,
    )
    return read_agreement_status(claims)


async def test_a_credential_whose_time_is_over_is_in_no_standing(
    workspace: Workspace,
) -> None:
    with trusted_issuer(workspace.site) as issuer:
        await workspace.set_policy()
        agreement_row = await workspace.agreement_row(await workspace.agree())
        form = {"name": "Grappe", "node": str(agreement_row.node_id), "days": "30"}
        await workspace.person.post(
            f"/projects/{agreement_row.project_id}/access/credentials", data=form
        )
        async with workspace.site.database.session(
            workspace.territory.id, role="worker"
        ) as session:
            await session.execute(
                update(ProjectCredential).values(
                    expires_at=now() - timedelta(seconds=1)
                )
            )
        status = standing_of(
            workspace,
            (await ask(workspace, issuer))["items"][0]["status"],
            await keys(workspace),
        )

    assert status.credentials == ()
