"""One negotiation, from the request to the agreement, sends each side at most one mail a step."""

import json
from collections import Counter

import pytest
from sqlalchemy import text

from tests.mails import do_email_job
from tests.portal.access.conftest import Relay, Workspace
from udi.portal.access.agreements.actions import TELL_AGREEMENT
from udi.portal.access.requests.thread import TELL
from udi.portal.access.tasks import task_handlers

TAKE_JOBS = text(
    "DELETE FROM queue.pgqueuer WHERE entrypoint = :name"
    " AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
    " RETURNING convert_from(payload, 'UTF8')"
)


async def work(workspace: Workspace, relay: Relay) -> list[str]:
    """Do the jobs queued by the last step, as the worker does; to whom mails left, a side a mail."""
    for name in (TELL, TELL_AGREEMENT):
        values = {"name": name, "tenant": str(workspace.territory.id)}
        async with workspace.site.database.session(
            workspace.territory.id, role="worker"
        ) as session:
            rows = (await session.scalars(TAKE_JOBS, values)).all()
        for row in rows:
            payload = json.loads(row)
            del payload["tenant"]
            await do_email_job(
                workspace.site,
                workspace.territory,
                task_handlers(workspace.site),
                name,
                payload,
            )
    sent = [str(mail["To"]) for mail in relay.mails]
    relay.raw.clear()
    return sent


@pytest.mark.thorough
async def test_a_negotiation_sends_each_side_at_most_one_mail_a_step(
    workspace: Workspace, relay: Relay
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    steps = {"ask": await work(workspace, relay)}
    await workspace.decide(address, "question")
    steps["question"] = await work(workspace, relay)
    await workspace.person.post(f"{address}/answer", data={"words": "Voici."})
    steps["answer"] = await work(workspace, relay)
    await workspace.decide(address, "counter", months="6")
    steps["offer"] = await work(workspace, relay)
    assert (await workspace.accept(address)).status_code == 303
    steps["accept"] = await work(workspace, relay)

    assert (await workspace.one(address)).agreement_id is not None
    assert {step: len(sent) for step, sent in steps.items()} == {
        "ask": 2,
        "question": 1,
        "answer": 1,
        "offer": 1,
        "accept": 1,
    }
    assert all(max(Counter(sent).values()) == 1 for sent in steps.values())


async def test_a_refusal_sends_one_mail_to_who_asked(
    workspace: Workspace, relay: Relay
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    recipients = await work(workspace, relay)
    await workspace.decide(address, "question")
    [who_asked] = await work(workspace, relay)

    await workspace.decide(address, "refuse", words="Trop détaillé.")

    assert who_asked in recipients
    assert await work(workspace, relay) == [who_asked]


async def test_a_fault_of_the_relay_sends_no_mail_twice(
    workspace: Workspace, relay: Relay
) -> None:
    await workspace.set_policy()
    await workspace.ask()
    values = {"name": TELL, "tenant": str(workspace.territory.id)}
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        [row] = (await session.scalars(TAKE_JOBS, values)).all()
    payload = json.loads(row)
    del payload["tenant"]
    for _ in range(2):
        await do_email_job(
            workspace.site,
            workspace.territory,
            task_handlers(workspace.site),
            TELL,
            payload,
        )

    ids = Counter(str(mail["Message-ID"]) for mail in relay.mails)
    assert sorted(ids.values()) == [2, 2]
