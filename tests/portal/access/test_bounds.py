"""What may be offered, asked for, sent and kept: no more than the policy says, and of one's own project only."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.portal.access.conftest import Workspace
from tests.portal.access.test_delivery import (
    ask,
    keys,
    standing_of,
    tell,
    trusted_issuer,
)
from udi.kit.clock import now
from udi.portal.access.agreements import credentials
from udi.portal.access.models import AccessDocument, AccessStep, ProjectCredential
from udi.portal.access.requests import requester_actions

OFFER = {"months": "6", "columns": "îlot\nénergie"}
WHY = {"words": "La mesure a changé."}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"columns": "îlot\nadresse"}, "columns"), ({"months": "25"}, "months"), ({"months": "0"}, "months"),
        ({"months": "x"}, "months"), ({"megabytes": "-1"}, "megabytes"), ({"rows": "début vers 2026"}, "rows"),
    ],
)  # fmt: skip
async def test_counter_refuses_an_offer_beyond_the_policy(
    workspace: Workspace, changed: dict[str, str], field: str
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()

    answer = await workspace.decide(address, "counter", **OFFER | changed)

    assert answer.status_code == 422, answer.text
    assert f'href="#{field}"' in answer.text
    assert (await workspace.one(address)).state == "submitted"
    assert len(await workspace.rows(AccessStep)) == 1


async def test_submit_refuses_more_requests_than_a_person_may_have_open(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requester_actions, "MOST_OPEN", 2)
    await workspace.set_policy()
    first = await workspace.ask()
    _ = await workspace.ask()

    refused = await workspace.send()
    await workspace.person.post(f"{first}/withdraw")
    accepted_response = await workspace.send()

    assert (refused.status_code, accepted_response.status_code) == (429, 303)


async def test_submit_takes_one_of_the_same_requests_sent_at_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_twin = requester_actions._reject_duplicate

    async def refuse_twin_slowly(*args: Any) -> None:
        await refuse_twin(*args)
        await asyncio.sleep(0.2)

    monkeypatch.setattr(requester_actions, "_reject_duplicate", refuse_twin_slowly)
    await workspace.set_policy()
    address = await workspace.ask()
    project = str((await workspace.one(address)).project_id)
    await workspace.person.post(f"{address}/withdraw")

    answers = await asyncio.gather(*(workspace.send(project=project) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]


async def test_get_document_gives_those_of_its_own_request(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    first = await workspace.ask()
    second = await workspace.ask()
    owner = {
        str(document.request_id): document.id
        for document in await workspace.rows(AccessDocument)
    }
    document = owner[first.rpartition("/")[2]]

    assert (
        await workspace.person.get(f"{first}/documents/{document}")
    ).status_code == 200
    assert (
        await workspace.person.get(f"{second}/documents/{document}")
    ).status_code == 404


async def test_a_credential_is_of_one_project(workspace: Workspace) -> None:
    await workspace.set_policy()
    agreement_rows = [
        await workspace.agreement_row(await workspace.agree()) for _ in range(2)
    ]
    homes = [
        f"/projects/{agreement_row.project_id}/access/credentials"
        for agreement_row in agreement_rows
    ]
    for home, agreement_row in zip(homes, agreement_rows, strict=True):
        await workspace.person.post(
            home,
            data={"name": "Grappe", "node": str(agreement_row.node_id), "days": "30"},
        )
    mine = {
        credential.project_id: credential
        for credential in await workspace.rows(ProjectCredential)
    }
    theirs = mine[agreement_rows[1].project_id]

    for step in ("renew", "revoke"):
        assert (
            await workspace.person.post(f"{homes[0]}/{theirs.id}/{step}")
        ).status_code == 404
    with trusted_issuer(workspace.site) as issuer:
        items = (await ask(workspace, issuer))["items"]
        status_by_agreement = {
            status.agreement: status
            for status in [
                standing_of(workspace, i["status"], await keys(workspace))
                for i in items
            ]
        }

    for agreement_row in agreement_rows:
        assert [
            credential.id
            for credential in status_by_agreement[agreement_row.id].credentials
        ] == [mine[agreement_row.project_id].id]


async def test_a_node_is_told_of_its_own_agreements_only(workspace: Workspace) -> None:
    with trusted_issuer(workspace.site) as issuer:
        await workspace.set_policy()
        await workspace.agree()
        await tell(workspace, issuer, [], node="other")
        token = issuer.token(
            f"{workspace.territory.slug}-node-other", workspace.territory.origin
        )
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        theirs = await workspace.passer.get("/kalim/v1/agreements", headers=headers)
        body = await ask(workspace, issuer)

    assert (theirs.status_code, theirs.json()["items"], len(body["items"])) == (
        200,
        [],
        1,
    )


async def test_a_project_has_so_many_credentials_at_a_node(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "MOST", 1)
    await workspace.set_policy()
    agreement_row = await workspace.agreement_row(await workspace.agree())
    home = f"/projects/{agreement_row.project_id}/access/credentials"
    form = {"node": str(agreement_row.node_id), "days": "30"}
    response = await workspace.person.post(home, data=form | {"name": "Première"})

    refused = await workspace.person.post(home, data=form | {"name": "Seconde"})
    [first] = await workspace.rows(ProjectCredential)
    await workspace.person.post(f"{home}/{first.id}/revoke")
    again = await workspace.person.post(home, data=form | {"name": "Seconde"})

    assert (response.status_code, refused.status_code, again.status_code) == (
        201,
        409,
        201,
    )


async def test_a_notice_ends_no_later_than_its_agreement(workspace: Workspace) -> None:
    await workspace.set_policy()
    address = await workspace.agree(months="1")

    notice = await workspace.producer.post(
        f"{address}/give_notice", data=WHY | {"days": "365"}
    )

    agreement_row = await workspace.agreement_row(address)
    assert notice.status_code == 303
    assert agreement_row.closes_at == agreement_row.ends_at < now() + timedelta(days=32)
