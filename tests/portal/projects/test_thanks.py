"""The producer of a dataset says thank you to those who use it: shown beside the reuse, told once, taken back."""

from uuid import UUID

import pytest
from sqlalchemy import text

from tests.mails import text_of
from tests.portal.projects.conftest import Relay, Workshop
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.models import Organisation
from udi.portal.projects.models import Project, ProjectDataset

THANKS = "Le producteur dit merci"


async def count_mails(workshop: Workshop) -> int:
    """How many mails are queued that tell of thanks."""
    queued = text(
        "SELECT payload FROM queue.pgqueuer WHERE entrypoint = 'tell_project'"
    )
    territory = str(workshop.territory.id).encode()
    async with workshop.site.database.platform_session(role="worker") as session:
        payloads = [bytes(row.payload) for row in await session.execute(queued)]
    return sum(b'"thanked"' in load and territory in load for load in payloads)


async def test_a_producer_thanks_for_a_reuse_and_everybody_sees_it(
    workshop: Workshop, relay: Relay
) -> None:
    dataset = await workshop.catalogue.add(4, producer="armor")
    address = await workshop.report(dataset=str(dataset.id))
    body = {"dataset": str(dataset.id)}
    offered = [
        (await workshop.leader.get(path)).text
        for path in (address, f"/data/{dataset.id}")
    ]
    hidden = [
        (await client.get(path)).text
        for client in (workshop.anyone, workshop.other)
        for path in (address, f"/data/{dataset.id}")
    ]

    answer = await workshop.leader.post(f"{address}/thanks", data=body)
    again = await workshop.leader.post(f"{address}/thanks", data=body)
    await workshop.tell(address, "thanked", dataset=str(dataset.id))

    assert all(f'action="{address}/thanks"' in page for page in offered)
    assert all(f'action="{address}/thanks"' not in page for page in hidden)
    assert (answer.status_code, again.status_code) == (303, 303)
    for path in (address, f"/data/{dataset.id}"):
        assert THANKS in (await workshop.anyone.get(path)).text
    thanked = await workshop.anyone.get(f"/api/v1{address}")
    assert [item["thanked"] for item in thanked.json()["datasets"]] == [True]
    [mail] = relay.mails
    assert mail["To"] == workshop.logins["other"].email
    written = " ".join(text_of(mail).split())
    [producer] = [
        one.name for one in await workshop.rows(Organisation) if one.slug == "armor"
    ]
    assert f"{producer} vous remercie" in written
    assert dataset.title in written
    assert await count_mails(workshop) == 1


@pytest.mark.thorough
async def test_thanks_are_taken_back_and_told_only_the_first_time(
    workshop: Workshop,
) -> None:
    dataset = await workshop.catalogue.add(4, producer="armor")
    address = await workshop.report(dataset=str(dataset.id))
    body = {"dataset": str(dataset.id)}

    for more in ({}, {"withdraw": "1"}, {"withdraw": "1"}):
        answer = await workshop.leader.post(f"{address}/thanks", data=body | more)
        assert answer.status_code == 303
    withdrawn = (await workshop.anyone.get(address)).text
    await workshop.leader.post(f"{address}/thanks", data=body)

    assert THANKS not in withdrawn
    assert THANKS in (await workshop.anyone.get(address)).text
    assert await count_mails(workshop) == 1
    events = [name for name in await workshop.events() if "thanked" in name]
    assert events == ["reuse.thanked", "reuse.unthanked", "reuse.thanked"]


async def test_only_the_producer_thanks_and_only_for_what_is_used_and_seen(
    workshop: Workshop,
) -> None:
    dataset = await workshop.catalogue.add(4, producer="armor")
    unused = await workshop.catalogue.add(5, producer="armor")
    address = await workshop.report(dataset=str(dataset.id))
    body = {"dataset": str(dataset.id)}

    strangers = [
        (await client.post(f"{address}/thanks", data=body)).status_code
        for client in (workshop.other, workshop.team, workshop.anyone)
    ]
    absent = [
        (
            await workshop.leader.post(f"{address}/thanks", data={"dataset": value})
        ).status_code
        for value in (str(unused.id), "x", "")
    ]
    assert strangers == [403, 403, 401]
    assert absent == [404, 404, 404]

    await workshop.team.post(f"{address}/hide", data={"reason": "Publicité."})
    unseen = await workshop.leader.post(f"{address}/thanks", data=body)
    assert unseen.status_code == 404
    own_project = await workshop.begin()
    await workshop.leader.post(f"{own_project}/datasets", data=body)
    confidential = await workshop.leader.post(f"{own_project}/thanks", data=body)
    assert confidential.status_code == 409
    uses = await workshop.rows(ProjectDataset)
    assert not any(use.thanked for use in uses)


async def test_nobody_thanks_themselves(workshop: Workshop) -> None:
    dataset = await workshop.catalogue.add(4, producer="armor")
    body = {"dataset": str(dataset.id)}
    address = await workshop.publish()
    await workshop.leader.post(f"{address}/datasets", data=body)

    pages = [
        (await workshop.leader.get(path)).text
        for path in (address, f"/data/{dataset.id}")
    ]
    answer = await workshop.leader.post(f"{address}/thanks", data=body)

    assert address in pages[1]
    assert all(f'action="{address}/thanks"' not in page for page in pages)
    assert answer.status_code == 409
    assert not any(use.thanked for use in await workshop.rows(ProjectDataset))
    assert await count_mails(workshop) == 0


async def test_a_producer_does_not_thank_the_project_of_a_colleague(
    workshop: Workshop,
) -> None:
    dataset = await workshop.catalogue.add(4, producer="armor")
    body = {"dataset": str(dataset.id)}
    address = await workshop.report(dataset=str(dataset.id))
    async with workshop.site.database.session(
        workshop.territory.id, role="worker"
    ) as session:
        project = await session.get_one(
            Project, (workshop.territory.id, UUID(address.split("/")[2]))
        )
        produced = await session.get_one(Dataset, (workshop.territory.id, dataset.id))
        project.organisation_id = produced.organisation_id

    pages = [
        (await workshop.leader.get(path)).text
        for path in (address, f"/data/{dataset.id}")
    ]
    answer = await workshop.leader.post(f"{address}/thanks", data=body)

    assert all(f'action="{address}/thanks"' not in page for page in pages)
    assert answer.status_code == 409


@pytest.mark.thorough
async def test_two_producers_at_one_revision_are_two_mails_and_thanks_taken_back_are_none(
    workshop: Workshop, relay: Relay
) -> None:
    datasets = [await workshop.catalogue.add(n, producer="armor") for n in (4, 5)]
    address = await workshop.report(dataset=str(datasets[0].id))
    await workshop.other.post(
        f"{address}/datasets", data={"dataset": str(datasets[1].id)}
    )
    for dataset in datasets:
        body = {"dataset": str(dataset.id)}
        answer = await workshop.leader.post(f"{address}/thanks", data=body)
        assert answer.status_code == 303
        await workshop.tell(address, "thanked", dataset=str(dataset.id))
    await workshop.leader.post(
        f"{address}/thanks", data={"dataset": str(datasets[0].id), "withdraw": "1"}
    )
    await workshop.tell(address, "thanked", dataset=str(datasets[0].id))

    assert len({mail["Message-ID"] for mail in relay.mails}) == 2
    assert len(relay.mails) == 2
    for dataset, mail in zip(datasets, relay.mails, strict=True):
        assert dataset.title in " ".join(text_of(mail).split())
