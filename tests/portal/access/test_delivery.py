"""How nodes learn how agreements stand: told at once, asked for by them, signed, in the order of revisions."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from tests.contract.node import Issuer, Receiver, receiver, trusted_issuer
from tests.portal.access.conftest import Desk
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.kit.keys import verify, verify_document
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


async def reach(desk: Desk, node: Receiver) -> None:
    """The node of the dataset is at this address."""
    async with desk.site.database.session(desk.territory.id, role="worker") as session:
        await session.execute(update(Node).values(url=node.origin))


async def deliver(desk: Desk, address: str) -> None:
    deed = await desk.deed(address)
    payload = {"agreement": str(deed.id), "revision": deed.revision}
    await deliver_agreement(
        desk.site, Job(DELIVER, desk.territory.id, payload, 0, last=False)
    )


async def keys(desk: Desk) -> Any:
    return (await desk.passer.get("/.well-known/jwks.json")).json()


async def test_the_node_is_told_of_an_agreement_and_of_its_end(
    desk: Desk, node: Receiver
) -> None:
    await reach(desk, node)
    await desk.set_policy()
    address = await desk.agree()
    node.answers.append({"revision": (await desk.deed(address)).revision})
    await deliver(desk, address)
    await desk.producer.post(f"{address}/revoke", data=WHY)
    node.answers.append({"revision": (await desk.deed(address)).revision})
    await deliver(desk, address)
    await deliver(desk, address)

    deed = await desk.deed(address)
    assert [call.path for call in node.reports] == [f"/api/v1{address}"] * 2
    statuses = []
    for call in node.reports:
        origin = desk.territory.origin
        token = verify(
            call.token,
            await keys(desk),
            kind=AGREEMENT,
            issuer=origin,
            audience=node.origin,
        )
        assert token.subject == str(deed.id)
        assert call.document["agreement"] == deed.jws
        claims = verify_document(
            call.document["standing"],
            await keys(desk),
            kind=AGREEMENT_STATUS_TYPE,
            issuer=desk.territory.origin,
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
        deed.sha256,
    )
    assert (deed.delivered, deed.trouble) == (deed.revision, "")


async def test_a_node_that_does_not_answer_is_told_later_and_the_page_says_so(
    desk: Desk, node: Receiver
) -> None:
    await reach(desk, node)
    await desk.set_policy()
    address = await desk.agree()
    node.statuses.append(503)

    with pytest.raises(AgreementDeliveryError, match="503"):
        await deliver(desk, address)

    assert "503" in (await desk.producer.get(address)).text
    node.answers.append({"revision": 1})
    await deliver(desk, address)
    assert (
        "Appliquée par le nœud</dt><dd>Oui" in (await desk.producer.get(address)).text
    )


async def test_a_node_asks_for_what_changed_in_the_order_of_revisions(
    desk: Desk,
) -> None:
    with trusted_issuer(desk.site) as issuer:
        await desk.set_policy()
        first = await desk.agree()
        second = await desk.agree()
        await desk.producer.post(f"{first}/suspend", data=WHY)
        whole = await ask(desk, issuer)
        after = await ask(desk, issuer, after=str(whole["revision"] - 1))
        none = await ask(desk, issuer, after=str(whole["revision"]))
        first_page = await ask(desk, issuer, limit="1")
        stranger = await desk.passer.get(
            "/kalim/v1/agreements", headers={"Authorization": "Bearer nobody"}
        )

    deeds = [await desk.deed(second), await desk.deed(first)]
    assert [item["agreement"] for item in whole["items"]] == [
        deed.jws for deed in deeds
    ]
    assert [item["agreement"] for item in after["items"]] == [deeds[1].jws]
    assert none == {"items": [], "revision": whole["revision"]}
    assert (len(first_page["items"]), first_page["revision"]) == (1, deeds[0].revision)
    assert stranger.status_code == 401


async def ask(desk: Desk, issuer: Issuer, **query: str) -> dict[str, Any]:
    token = issuer.token(f"{desk.territory.slug}-node-hosted", desk.territory.origin)
    answer = await desk.passer.get(
        "/kalim/v1/agreements",
        params=query,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_a_credential_is_shown_once_and_only_its_digest_reaches_the_node(
    desk: Desk,
) -> None:
    with trusted_issuer(desk.site) as issuer:
        await desk.set_policy()
        address = await desk.agree()
        deed = await desk.deed(address)
        home = f"/projects/{deed.project_id}/access"
        form = {"name": "Grappe de calcul", "node": str(deed.node_id), "days": "90"}
        refusal = await desk.person.post(
            f"{home}/credentials", data=form | {"days": "7", "name": ""}
        )
        creation = await desk.person.post(f"{home}/credentials", data=form)
        [credential] = await desk.rows(ProjectCredential)
        first_status = standing_of(
            desk, (await ask(desk, issuer))["items"][0]["standing"], await keys(desk)
        )
        renewed = await desk.person.post(f"{home}/credentials/{credential.id}/renew")
        second = next(
            row for row in await desk.rows(ProjectCredential) if row.id != credential.id
        )
        changed = standing_of(
            desk, (await ask(desk, issuer))["items"][0]["standing"], await keys(desk)
        )
        revoked = await desk.person.post(f"{home}/credentials/{second.id}/revoke")
        last = standing_of(
            desk, (await ask(desk, issuer))["items"][0]["standing"], await keys(desk)
        )

    secret = creation.text.partition('id="secret" value="')[2].partition('"')[0]
    assert (
        refusal.status_code,
        creation.status_code,
        renewed.status_code,
        revoked.status_code,
    ) == (422, 201, 201, 303)
    assert secret.startswith("udi_project_")
    assert secret not in (await desk.person.get(home)).text
    assert (
        [entry.sha256 for entry in first_status.credentials]
        == [credential.sha256]
        == [fingerprint(secret)]
    )
    assert [entry.id for entry in changed.credentials] == [second.id]
    assert last.credentials == ()
    assert first_status.revision < changed.revision < last.revision
    for other in (desk.producer, desk.team):
        assert (await other.get(home)).status_code == 404
        assert (await other.post(f"{home}/credentials", data=form)).status_code == 404


async def test_a_node_says_in_which_hour_its_own_credentials_were_last_shown(
    desk: Desk,
) -> None:
    with trusted_issuer(desk.site) as issuer:
        await desk.set_policy()
        deed = await desk.deed(await desk.agree())
        home = f"/projects/{deed.project_id}/access"
        form = {"name": "Grappe", "node": str(deed.node_id), "days": "30"}
        await desk.person.post(f"{home}/credentials", data=form)
        [credential] = await desk.rows(ProjectCredential)
        unused = await desk.person.get(home)
        moments = [
            now() - timedelta(days=3),
            now() - timedelta(days=4),
            now() - timedelta(days=3, minutes=1),
        ]
        answers = [
            await tell(desk, issuer, [use(credential.id, moment)]) for moment in moments
        ]
        others = await tell(desk, issuer, [use(credential.id, now())], node="other")
        refusals = [
            await tell(desk, issuer, uses)
            for uses in ([{"credential": "x", "hour": "y"}], "", [{}])
        ]
        used = await desk.person.get(home)
        [stored_credential] = await desk.rows(ProjectCredential)
        future = await tell(
            desk,
            issuer,
            [use(credential.id, now() + timedelta(days=9)), use(uuid4(), now())],
        )
        [last] = await desk.rows(ProjectCredential)

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
    desk: Desk, issuer: Issuer, uses: Any, *, node: str = "hosted"
) -> httpx.Response:
    client = f"{desk.territory.slug}-node-{node}"
    async with desk.site.database.session(desk.territory.id) as session:
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
        "Authorization": f"Bearer {issuer.token(client, desk.territory.origin)}",
        "Accept": "application/json",
    }
    return await desk.passer.post(
        "/kalim/v1/agreements/uses", json={"uses": uses}, headers=headers
    )


def standing_of(desk: Desk, jws: str, published: Any) -> Any:
    audience = desk.territory.links["node"]
    claims = verify_document(
        jws,
        published,
        kind=AGREEMENT_STATUS_TYPE,
        issuer=desk.territory.origin,
        audience=audience,
    )
    return read_agreement_status(claims)


async def test_a_credential_whose_time_is_over_is_in_no_standing(desk: Desk) -> None:
    with trusted_issuer(desk.site) as issuer:
        await desk.set_policy()
        deed = await desk.deed(await desk.agree())
        form = {"name": "Grappe", "node": str(deed.node_id), "days": "30"}
        await desk.person.post(
            f"/projects/{deed.project_id}/access/credentials", data=form
        )
        async with desk.site.database.session(
            desk.territory.id, role="worker"
        ) as session:
            await session.execute(
                update(ProjectCredential).values(
                    expires_at=now() - timedelta(seconds=1)
                )
            )
        status = standing_of(
            desk, (await ask(desk, issuer))["items"][0]["standing"], await keys(desk)
        )

    assert status.credentials == ()
