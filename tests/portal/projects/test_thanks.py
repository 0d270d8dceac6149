"""The producer of a dataset says thank you to those who use it: shown beside the reuse, told once, taken back."""

from sqlalchemy import text

from tests.mails import text_of
from tests.portal.projects.conftest import Relay, Workshop
from udi.portal.projects.models import ProjectDataset

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
    await workshop.tell(address, "thanked")

    assert all(f'action="{address}/thanks"' in page for page in offered)
    assert all(f'action="{address}/thanks"' not in page for page in hidden)
    assert (answer.status_code, again.status_code) == (303, 303)
    for path in (address, f"/data/{dataset.id}"):
        assert THANKS in (await workshop.anyone.get(path)).text
    thanked = await workshop.anyone.get(f"/api/v1{address}")
    assert [item["thanked"] for item in thanked.json()["datasets"]] == [True]
    [mail] = relay.mails
    assert mail["To"] == workshop.logins["other"].email
    assert "vous remercie" in text_of(mail)
    assert await count_mails(workshop) == 1


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
