"""A project learns of each consent that it was given or ended, by its API and its webhooks; never whose it is."""

import json
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from tests.depth import by_depth
from tests.portal.access.test_by_programs import token_of
from tests.portal.consents.conftest import Lending
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.portal.access.models import AccessAgreement
from udi.portal.consents.changes import EVENT, NOTIFY_WITHDRAWAL, task_handlers
from udi.portal.consents.models import Consent, ConsentChange
from udi.portal.identity.models import Person
from udi.portal.notifications.models import Webhook, WebhookDelivery, WebhookState
from udi.portal.projects.models import Project

TICKED = re.compile(r'<input[^>]*name="projects"[^>]*checked')


async def project_of(lending: Lending) -> UUID:
    [agreement] = await lending.rows(AccessAgreement)
    project: UUID = agreement.project_id
    return project


async def ask(
    lending: Lending, by: httpx.AsyncClient | None = None, **query: Any
) -> httpx.Response:
    """What changed, as a program of somebody asks; who leads the project, if nobody is named."""
    client = by or lending.workspace.person
    headers = await token_of(client, "access")
    address = f"/api/v1/projects/{await project_of(lending)}/consent-changes"
    return await lending.workspace.passer.get(address, headers=headers, params=query)


async def stop(lending: Lending, consent: Consent) -> None:
    address = f"/my-data/consents/{consent.id}/withdraw"
    stopped = await lending.inhabitant.post(address)
    assert stopped.status_code == 303


async def test_changes_are_listed_in_their_order_and_name_nobody(
    lending: Lending,
) -> None:
    question = await lending.open()
    consent = await lending.give(question)
    await lending.give(question, by=lending.neighbour)
    await stop(lending, consent)
    [agreement] = await lending.rows(AccessAgreement)

    answer = await ask(lending)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    items = answer.json()["items"]
    assert [item["state"] for item in items] == ["given", "given", "withdrawn"]
    moments = [datetime.fromisoformat(item["changed"]) for item in items]
    assert {(at.minute, at.second, at.microsecond) for at in moments} == {(0, 0, 0)}
    revisions = [item["revision"] for item in items]
    assert revisions == sorted(set(revisions))
    assert answer.json()["after"] == revisions[-1]
    assert answer.json()["more"] is False
    assert {item["agreement"] for item in items} == {str(agreement.id)}
    assert {item["dataset"] for item in items} == {str(lending.workspace.dataset)}
    for secret in (
        str(consent.id),
        str(consent.recipient_reference),
        str(consent.person_id),
        lending.login.subject,
        lending.login.email,
    ):
        assert secret not in answer.text


@pytest.mark.thorough
async def test_changes_go_on_after_the_last_that_was_read(lending: Lending) -> None:
    consent = await lending.give(await lending.open())
    first = (await ask(lending, size=1)).json()
    nothing = (await ask(lending, after=first["after"])).json()
    await stop(lending, consent)

    later = (await ask(lending, after=first["after"])).json()
    part = (await ask(lending, size=1)).json()

    assert (nothing["items"], nothing["after"]) == ([], first["after"])
    assert [item["state"] for item in later["items"]] == ["withdrawn"]
    assert (part["more"], len(part["items"])) == (True, 1)


@by_depth("query", [{"after": "-1"}, {"after": "x"}, {"size": "0"}], by_default=[0])
async def test_changes_after_no_number_are_refused(
    lending: Lending, query: dict[str, str]
) -> None:
    refused = await ask(lending, **query)

    assert refused.status_code == 422
    assert next(iter(query)) in refused.text


@by_depth("who", ["producer", "team", "inhabitant"], by_default=[0, 2])
async def test_changes_are_for_who_leads_the_project(
    lending: Lending, who: str
) -> None:
    await lending.give(await lending.open())
    client = {
        "producer": lending.workspace.producer,
        "team": lending.workspace.team,
        "inhabitant": lending.inhabitant,
    }[who]

    refused = await ask(lending, client)

    assert refused.status_code in {403, 404}
    assert "revision" not in refused.text


@pytest.mark.thorough
async def test_changes_of_a_project_that_nobody_knows_are_not_found(
    lending: Lending,
) -> None:
    headers = await token_of(lending.workspace.person, "access")
    address = f"/api/v1/projects/{uuid4()}/consent-changes"

    assert (
        await lending.workspace.passer.get(address, headers=headers)
    ).status_code == 404


async def test_changes_are_forgotten_after_four_hundred_days(lending: Lending) -> None:
    await lending.give(await lending.open())
    moment = now()

    await lending.let_time_pass(ConsentChange, changed_at=moment - timedelta(days=399))
    before = await lending.rows(ConsentChange)
    await lending.let_time_pass(ConsentChange, changed_at=moment - timedelta(days=401))

    assert len(before) == 1
    assert await lending.rows(ConsentChange) == []


async def add_webhook(lending: Lending, *, projects: bool = True) -> UUID:
    """A webhook of who leads the project."""
    async with lending.workspace.site.database.session(
        lending.workspace.territory.id, role="worker"
    ) as session:
        leader = (await session.scalars(select(Project.leader_id))).one()
        assert leader is not None
        webhook = Webhook(
            person_id=leader,
            url="https://program.example/told",
            everything=False,
            projects=projects,
            secret="whsec_test",
            state=WebhookState.ACTIVE,
            created_at=now(),
        )
        session.add(webhook)
        await session.flush()
        return webhook.id


async def notify(lending: Lending) -> list[WebhookDelivery]:
    """Do the jobs of what was stopped, twice, as a worker that was ended in between; the messages that wait."""
    site = lending.workspace.site
    territory = lending.workspace.territory
    changes = [
        row for row in await lending.rows(ConsentChange) if row.state == "withdrawn"
    ]
    for change in changes:
        payload = {"change": str(change.id)}
        for _ in range(2):
            job = Job(NOTIFY_WITHDRAWAL, territory.id, payload, 0, last=False)
            await task_handlers(site)[NOTIFY_WITHDRAWAL](job)
    return await lending.rows(WebhookDelivery)


async def test_a_webhook_is_told_once_that_somebody_stopped_and_not_who(
    lending: Lending,
) -> None:
    wanting = await add_webhook(lending)
    await add_webhook(lending, projects=False)
    consent = await lending.give(await lending.open())
    await stop(lending, consent)

    [delivery] = await notify(lending)

    assert delivery.webhook_id == wanting
    message = json.loads(delivery.body)
    origin = lending.workspace.territory.origin
    [_, change] = sorted(
        await lending.rows(ConsentChange), key=lambda row: row.revision
    )
    [version] = await lending.versions()
    [agreement] = await lending.rows(AccessAgreement)
    assert message["type"] == EVENT == "consent.withdrawn"
    assert message["data"] == {
        "id": str(change.id),
        "title": version.document["dataset_title"],
        "url": f"{origin}/agreements/{agreement.id}/consents",
        "api_url": f"{origin}/api/v1/projects/{agreement.project_id}/consent-changes",
        "agreement": str(agreement.id),
        "dataset": str(lending.workspace.dataset),
        "notice": str(version.id),
        "notice_version": 1,
        "revision": change.revision,
    }


async def test_who_leads_the_project_no_more_is_told_no_more(lending: Lending) -> None:
    await add_webhook(lending)
    consent = await lending.give(await lending.open())
    await stop(lending, consent)
    async with lending.workspace.site.database.session(
        lending.workspace.territory.id, role="worker"
    ) as session:
        other = await session.scalar(
            select(Person.id).where(Person.subject == lending.login.subject)
        )
    await lending.change(Project, leader_id=other)

    assert await notify(lending) == []


@by_depth("state", [WebhookState.PAUSED, WebhookState.STOPPED], by_default=[0])
async def test_a_webhook_that_is_not_called_is_not_told(
    lending: Lending, state: WebhookState
) -> None:
    await add_webhook(lending)
    await lending.change(Webhook, state=state)
    await stop(lending, await lending.give(await lending.open()))

    assert await notify(lending) == []


@pytest.mark.thorough
async def test_the_wish_is_on_the_form_of_webhooks(lending: Lending) -> None:
    person = lending.workspace.person
    form = {"url": "http://told", "projects": "1"}
    await add_webhook(lending)
    [webhook] = await lending.rows(Webhook)

    offered = await person.get("/following/webhooks")
    refused = await person.post("/following/webhooks", data=form)
    page = await person.get(f"/following/webhooks/{webhook.id}")

    assert TICKED.search(offered.text) is None
    assert refused.status_code == 422
    assert TICKED.search(refused.text)
    assert "données de mes projets" in page.text
