"""What may be offered, asked for, sent and kept: no more than the policy says, and of one's own project only."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.portal.access.conftest import Desk
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
    desk: Desk, changed: dict[str, str], field: str
) -> None:
    await desk.set_policy()
    address = await desk.ask()

    answer = await desk.decide(address, "counter", **OFFER | changed)

    assert answer.status_code == 422, answer.text
    assert f'href="#{field}"' in answer.text
    assert (await desk.one(address)).state == "submitted"
    assert len(await desk.rows(AccessStep)) == 1


async def test_submit_refuses_more_requests_than_a_person_may_have_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requester_actions, "MOST_OPEN", 2)
    await desk.set_policy()
    first = await desk.ask()
    _ = await desk.ask()

    refused = await desk.send()
    await desk.person.post(f"{first}/withdraw")
    accepted_response = await desk.send()

    assert (refused.status_code, accepted_response.status_code) == (429, 303)


async def test_submit_takes_one_of_the_same_requests_sent_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_twin = requester_actions._reject_duplicate

    async def refuse_twin_slowly(*args: Any) -> None:
        await refuse_twin(*args)
        await asyncio.sleep(0.2)

    monkeypatch.setattr(requester_actions, "_reject_duplicate", refuse_twin_slowly)
    await desk.set_policy()
    address = await desk.ask()
    project = str((await desk.one(address)).project_id)
    await desk.person.post(f"{address}/withdraw")

    answers = await asyncio.gather(*(desk.send(project=project) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]


async def test_get_document_gives_those_of_its_own_request(desk: Desk) -> None:
    await desk.set_policy()
    first = await desk.ask()
    second = await desk.ask()
    owner = {
        str(document.request_id): document.id
        for document in await desk.rows(AccessDocument)
    }
    document = owner[first.rpartition("/")[2]]

    assert (await desk.person.get(f"{first}/documents/{document}")).status_code == 200
    assert (await desk.person.get(f"{second}/documents/{document}")).status_code == 404


async def test_a_credential_is_of_one_project(desk: Desk) -> None:
    await desk.set_policy()
    deeds = [await desk.deed(await desk.agree()) for _ in range(2)]
    homes = [f"/projects/{deed.project_id}/access/credentials" for deed in deeds]
    for home, deed in zip(homes, deeds, strict=True):
        await desk.person.post(
            home, data={"name": "Grappe", "node": str(deed.node_id), "days": "30"}
        )
    mine = {
        credential.project_id: credential
        for credential in await desk.rows(ProjectCredential)
    }
    theirs = mine[deeds[1].project_id]

    for step in ("renew", "revoke"):
        assert (
            await desk.person.post(f"{homes[0]}/{theirs.id}/{step}")
        ).status_code == 404
    with trusted_issuer(desk.site) as issuer:
        items = (await ask(desk, issuer))["items"]
        status_by_agreement = {
            status.agreement: status
            for status in [
                standing_of(desk, i["standing"], await keys(desk)) for i in items
            ]
        }

    for deed in deeds:
        assert [
            credential.id for credential in status_by_agreement[deed.id].credentials
        ] == [mine[deed.project_id].id]


async def test_a_node_is_told_of_its_own_agreements_only(desk: Desk) -> None:
    with trusted_issuer(desk.site) as issuer:
        await desk.set_policy()
        await desk.agree()
        await tell(desk, issuer, [], node="other")
        token = issuer.token(f"{desk.territory.slug}-node-other", desk.territory.origin)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        theirs = await desk.passer.get("/kalim/v1/agreements", headers=headers)
        own = await ask(desk, issuer)

    assert (theirs.status_code, theirs.json()["items"], len(own["items"])) == (
        200,
        [],
        1,
    )


async def test_a_project_has_so_many_credentials_at_a_node(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "MOST", 1)
    await desk.set_policy()
    deed = await desk.deed(await desk.agree())
    home = f"/projects/{deed.project_id}/access/credentials"
    form = {"node": str(deed.node_id), "days": "30"}
    response = await desk.person.post(home, data=form | {"name": "Première"})

    refused = await desk.person.post(home, data=form | {"name": "Seconde"})
    [first] = await desk.rows(ProjectCredential)
    await desk.person.post(f"{home}/{first.id}/revoke")
    again = await desk.person.post(home, data=form | {"name": "Seconde"})

    assert (response.status_code, refused.status_code, again.status_code) == (
        201,
        409,
        201,
    )


async def test_a_notice_ends_no_later_than_its_agreement(desk: Desk) -> None:
    await desk.set_policy()
    address = await desk.agree(months="1")

    notice = await desk.producer.post(
        f"{address}/give_notice", data=WHY | {"days": "365"}
    )

    deed = await desk.deed(address)
    assert notice.status_code == 303
    assert deed.closes_at == deed.ends_at < now() + timedelta(days=32)
