"""A project is told that data which it reads were corrected or erased, acknowledges with one click, and learns nobody's name."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from tests.contract.node import Issuer, trusted_issuer
from tests.depth import by_depth
from tests.portal.access.conftest import Workspace, workspace
from tests.ui.tab import Tab
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.portal.access.models import AccessAgreement
from udi.portal.notifications.models import Webhook, WebhookDelivery, WebhookState
from udi.portal.projects.models import Project
from udi.portal.selfdata.recipients.actions import NOTIFY_PROJECT
from udi.portal.selfdata.recipients.models import DataChangeNotice
from udi.portal.selfdata.recipients.webhooks import task_handlers
from udi.protocol.recipient_notices import PATH

__all__ = ["workspace"]
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def issuer(portal_site: Any) -> Iterator[Issuer]:
    with trusted_issuer(portal_site) as issuer:
        yield issuer


@pytest.fixture
async def agreement(workspace: Workspace) -> AccessAgreement:
    """An agreement in force."""
    await workspace.set_policy()
    await workspace.agree()
    [row] = await workspace.rows(AccessAgreement)
    assert isinstance(row, AccessAgreement)
    return row


def notice_of(row: AccessAgreement, **changed: Any) -> dict[str, Any]:
    """What a node tells of an agreement."""
    return {
        "id": str(uuid4()),
        "agreement": str(row.id),
        "dataset": str(row.dataset_id),
        "version": 3,
        "change": "erased",
        "noticed_on": "2026-11-30",
    } | changed


async def tell(
    workspace: Workspace, issuer: Issuer, body: Any, node: str = "hosted"
) -> httpx.Response:
    """Tell as a node, with its credential."""
    territory = workspace.territory
    token = issuer.token(f"{territory.slug}-node-{node}", territory.origin)
    return await workspace.passer.post(
        PATH,
        json=body,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )


def page_of(agreement: AccessAgreement) -> str:
    return f"/agreements/{agreement.id}/data-changes"


async def test_a_notice_is_kept_once_and_waits_for_the_project(
    workspace: Workspace, issuer: Issuer, agreement: AccessAgreement
) -> None:
    notice = notice_of(agreement)

    answers = [
        (await tell(workspace, issuer, {"notices": [notice]})).json() for _ in range(2)
    ]
    page = await workspace.person.get(page_of(agreement), headers=ENGLISH)
    inbox = (await workspace.person.get("/inbox.json", headers=ENGLISH)).json()
    inbox_page = await workspace.person.get("/inbox", headers=ENGLISH)

    assert answers == [{"notices": {notice["id"]: "waiting"}}] * 2
    assert "Some data were erased" in page.text
    assert "<dd>3</dd>" in page.text
    [item] = [item for item in inbox["items"] if item["kind"] == "data_change"]
    assert item["url"].endswith(page_of(agreement))
    assert inbox_page.status_code == 200
    assert "See what changed" in inbox_page.text


async def test_one_click_acknowledges_and_the_node_learns_it(
    workspace: Workspace, issuer: Issuer, agreement: AccessAgreement
) -> None:
    notice = notice_of(agreement, change="corrected")
    await tell(workspace, issuer, {"notices": [notice]})
    address = f"{page_of(agreement)}/{notice['id']}/acknowledge"

    clicks = [await workspace.person.post(address) for _ in range(2)]
    answer = await tell(workspace, issuer, {"notices": [notice]})
    page = await workspace.person.get(page_of(agreement), headers=ENGLISH)
    inbox = (await workspace.person.get("/inbox.json")).json()

    assert [click.status_code for click in clicks] == [303, 303]
    assert answer.json() == {"notices": {notice["id"]: "acknowledged"}}
    assert "Acknowledged on" in page.text
    assert "acknowledge" not in page.text.split("<main")[1].split("Acknowledged")[0]
    assert [item for item in inbox["items"] if item["kind"] == "data_change"] == []


async def test_the_producer_sees_and_does_not_acknowledge(
    workspace: Workspace, issuer: Issuer, agreement: AccessAgreement
) -> None:
    notice = notice_of(agreement)
    await tell(workspace, issuer, {"notices": [notice]})
    address = f"{page_of(agreement)}/{notice['id']}/acknowledge"

    page = await workspace.producer.get(page_of(agreement), headers=ENGLISH)
    refused = await workspace.producer.post(address)

    assert "The project has not acknowledged it yet." in page.text
    assert refused.status_code == 403
    [row] = await workspace.rows(DataChangeNotice)
    assert row.acknowledged_at is None


async def test_others_see_nothing(
    workspace: Workspace, issuer: Issuer, agreement: AccessAgreement
) -> None:
    notice = notice_of(agreement)
    await tell(workspace, issuer, {"notices": [notice]})
    address = f"{page_of(agreement)}/{notice['id']}/acknowledge"

    assert (await workspace.team.get(page_of(agreement))).status_code == 404
    assert (await workspace.team.post(address)).status_code == 404
    unknown = f"{page_of(agreement)}/{uuid4()}/acknowledge"
    assert (await workspace.person.post(unknown)).status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"agreement": "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d"},
        {"dataset": "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d"},
    ],
)
async def test_a_notice_of_another_agreement_is_unknown(
    workspace: Workspace,
    issuer: Issuer,
    agreement: AccessAgreement,
    changed: dict[str, str],
) -> None:
    notice = notice_of(agreement, **changed)

    answer = await tell(workspace, issuer, {"notices": [notice]})

    assert answer.json() == {"notices": {notice["id"]: "unknown"}}
    assert await workspace.rows(DataChangeNotice) == []


@by_depth(
    "body",
    [{}, {"notices": [{}]}, {"notices": "x"}, {"notices": [{"id": "x"}] * 501}],
    by_default=[0],
)
async def test_what_is_no_list_of_notices_is_refused_whole(
    workspace: Workspace, issuer: Issuer, agreement: AccessAgreement, body: Any
) -> None:
    refused = await tell(workspace, issuer, body)

    assert refused.status_code == 422
    assert "notices" in refused.text


async def test_only_a_node_tells(
    workspace: Workspace, issuer: Issuer, agreement: AccessAgreement
) -> None:
    body = {"notices": [notice_of(agreement)]}

    assert (await workspace.passer.post(PATH, json=body)).status_code == 401
    assert (await workspace.person.post(PATH, json=body)).status_code == 401
    assert await workspace.rows(DataChangeNotice) == []


async def test_a_webhook_of_who_leads_the_project_is_told_once(
    workspace: Workspace, issuer: Issuer, agreement: AccessAgreement
) -> None:
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        leader = (await session.scalars(select(Project.leader_id))).one()
        for projects in (True, False):
            session.add(
                Webhook(
                    person_id=leader, url="https://program.example/told", everything=False, projects=projects,
                    secret="whsec_test", state=WebhookState.ACTIVE, created_at=now(),
                )
            )  # fmt: skip
    notice = notice_of(agreement)
    await tell(workspace, issuer, {"notices": [notice]})
    payload = {"notice": notice["id"]}
    job = Job(NOTIFY_PROJECT, workspace.territory.id, payload, 0, last=False)
    for _ in range(2):
        await task_handlers(workspace.site)[NOTIFY_PROJECT](job)

    [delivery] = await workspace.rows(WebhookDelivery)

    message = json.loads(delivery.body)
    origin = workspace.territory.origin
    assert message["type"] == "data.erased"
    assert message["data"] == {
        "id": notice["id"],
        "title": message["data"]["title"],
        "url": f"{origin}{page_of(agreement)}",
        "api_url": f"{origin}/api/v1/datasets/{agreement.dataset_id}",
        "agreement": str(agreement.id),
        "dataset": str(agreement.dataset_id),
        "version": 3,
        "day": "2026-11-30",
    }
    assert UUID(message["data"]["id"])


@pytest.mark.thorough
async def test_the_page_holds_on_every_screen(
    workspace: Workspace, issuer: Issuer, agreement: AccessAgreement, tab: Tab
) -> None:
    notices = [
        notice_of(agreement, change=change, version=version)
        for change, version in (("corrected", 3), ("erased", 0), ("restricted", 2))
    ]
    await tell(workspace, issuer, {"notices": notices})
    done = f"{page_of(agreement)}/{notices[0]['id']}/acknowledge"
    await workspace.person.post(done)
    address = f"{workspace.territory.origin}{page_of(agreement)}"

    for client, name in (
        (workspace.person, "data-changes"),
        (workspace.producer, "data-changes-producer"),
    ):
        assert await tab.find_faults(client, address, name, "fr", "en", "es") == []
