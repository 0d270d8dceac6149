"""Producers are told once a day at most, of what cannot be had for a day, and once more when it is back."""

import re
from datetime import datetime, timedelta

import pytest
from litestar import Litestar
from sqlalchemy import select, text

from tests.mails import text_of
from tests.portal.catalogue.links.conftest import Machine, Watcher, says
from tests.portal.notifications.conftest import Relay
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.jobs import Job
from udi.portal.audit.models import AuditEvent
from udi.portal.catalogue.links.emails import MOST_TOLD
from udi.portal.catalogue.links.notifications import (
    SEND_NEWS,
    link_task_handlers,
    queue_link_emails,
    until_morning,
)
from udi.portal.catalogue.metrics import measure_links
from udi.portal.identity.models import Person
from udi.portal.notifications.actions import keep_language

PUBLISHERS = {"armor": ["publishers"]}


async def tell(watcher: Watcher) -> int:
    """What the worker does of a morning; how many mails were queued and sent."""
    territory = watcher.catalogue.territory
    async with watcher.catalogue.database.session(
        watcher.tenant, role="worker"
    ) as session:
        await queue_link_emails(session, territory, now())
    query = text(
        "DELETE FROM queue.pgqueuer WHERE entrypoint = :name"
        " AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant RETURNING convert_from(payload, 'UTF8')::jsonb"
    )
    async with watcher.catalogue.database.platform_session(role="owner") as session:
        payloads = (
            await session.scalars(
                query, {"name": SEND_NEWS, "tenant": str(watcher.tenant)}
            )
        ).all()
    for payload in payloads:
        await link_task_handlers(watcher.site)[SEND_NEWS](
            Job(SEND_NEWS, watcher.tenant, payload, 0, last=False)
        )
    return len(payloads)


async def test_a_producer_is_told_once_and_once_more_when_it_is_back(
    watcher: Watcher, machine: Machine, relay: Relay
) -> None:
    machine.answers |= {"/a.csv": says(200), "/b.csv": says(200)}
    record = await watcher.publish(machine.url("/a.csv"), machine.url("/b.csv"))
    await watcher.look()
    machine.answers |= {"/a.csv": says(404), "/b.csv": says(500)}
    await watcher.look(2)
    sent = []
    for days in (0, 0.5, 0.6, 1, 1):
        await watcher.morning(days)
        sent.append(await tell(watcher))
    machine.answers |= {"/a.csv": says(200)}
    await watcher.look()
    for _ in range(3):
        await watcher.morning()
        sent.append(await tell(watcher))

    assert sent == [0, 0, 1, 0, 0, 1, 0, 0]
    missing, back = relay.mails
    assert missing["To"] == "donnees@armor.example"
    assert missing["Content-Language"] == "fr"
    assert (
        missing["Subject"]
        == "Armorine Métropole\N{NO-BREAK SPACE}: fichiers inaccessibles, 2"
    )
    body = text_of(missing)
    assert machine.url("/a.csv") in body
    assert "L’adresse répond 404." in body
    assert "L’adresse répond 500." in body
    assert f"/data/{record.id}" in body
    assert f"{watcher.catalogue.territory.origin}/producers/armor/links" in body
    assert "DE NOUVEAU" not in body
    assert (
        back["Subject"]
        == "Armorine Métropole\N{NO-BREAK SPACE}: des fichiers sont de nouveau accessibles"
    )
    assert machine.url("/a.csv") in text_of(back)
    assert machine.url("/b.csv") not in text_of(back)
    assert "De nouveau accessible depuis le" in text_of(back)
    async with watcher.catalogue.database.session(
        watcher.tenant, role="worker"
    ) as session:
        events = (
            await session.scalars(
                select(AuditEvent).where(AuditEvent.name == "links.notified")
            )
        ).all()
    assert sorted(tuple(event.facts.items()) for event in events) == [
        (("back", 0), ("missing", 2)), (("back", 1), ("missing", 0)),
    ]  # fmt: skip


@pytest.mark.thorough
async def test_each_who_publishes_is_told_in_their_language_and_nobody_else(
    watcher: Watcher, machine: Machine, relay: Relay, portal_app: Litestar
) -> None:
    territory = watcher.catalogue.territory
    people = {
        "publisher": make_person(territory, memberships=PUBLISHERS),
        "manager": make_person(territory, memberships={"armor": ["managers"]}),
        "other": make_person(territory, memberships={"kerlevan": ["publishers"]}),
        "member": make_person(territory, memberships={"armor": []}),
    }
    for login in people.values():
        async with browse(portal_app, territory, login) as visitor:
            await visitor.get("/my-space")
    async with watcher.catalogue.database.session(
        territory.id, role="worker"
    ) as session:
        english = (
            await session.scalars(
                select(Person).where(Person.subject == people["manager"].subject)
            )
        ).one()
        actor = Actor(english.id, english.name, english.email, territory.slug)
        await keep_language(session, actor, "en")
    await watcher.publish(machine.url("/nothing"))
    await watcher.look(2)
    await watcher.morning()

    assert await tell(watcher) == 2
    email_by_address = {str(mail["To"]): mail for mail in relay.mails}
    assert set(email_by_address) == {people["publisher"].email, people["manager"].email}
    assert "Bonjour" in text_of(email_by_address[people["publisher"].email])
    assert "It was never reached." in text_of(email_by_address[people["manager"].email])


async def test_what_asks_for_a_right_is_told_where_it_is_said_to_be_open(
    watcher: Watcher, machine: Machine, relay: Relay
) -> None:
    machine.answers |= {"/open": says(401), "/closed": says(401)}
    await watcher.publish(machine.url("/open"))
    await watcher.publish(machine.url("/closed"), number=7)
    await watcher.look(2)
    await watcher.morning()

    assert await tell(watcher) == 1
    assert machine.url("/open") in text_of(relay.mails[0])
    assert machine.url("/closed") not in text_of(relay.mails[0])


@pytest.mark.thorough
async def test_a_machine_with_a_thousand_files_is_one_short_mail(
    watcher: Watcher, machine: Machine, relay: Relay
) -> None:
    await watcher.publish(
        *(machine.url(f"/{number}") for number in range(MOST_TOLD + 25))
    )
    async with watcher.catalogue.database.session(
        watcher.tenant, role="worker"
    ) as session:
        await watcher.rounds._update_inventory(session, watcher.catalogue.territory)
        await session.execute(
            text(
                "UPDATE app.link SET state = 'unreachable', failures = 3, since = now(), failing_since = now()"
            )
        )
    await watcher.morning()

    assert await tell(watcher) == 1
    body = text_of(relay.mails[0])
    assert len(re.findall(r"^- ", body, re.MULTILINE)) == MOST_TOLD
    assert "25" in body


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        ("2026-11-26T05:00:00+00:00", 1),
        ("2026-11-26T06:00:00+00:00", 24),
        ("2026-11-26T22:00:00+00:00", 8),
    ],
)
async def test_mornings_are_those_of_the_territory(
    watcher: Watcher, moment: str, hours: int
) -> None:
    assert until_morning(
        datetime.fromisoformat(moment), watcher.catalogue.territory
    ) == timedelta(hours=hours)


@pytest.mark.thorough
async def test_the_page_of_its_people_lists_what_is_to_be_looked_after(
    watcher: Watcher, machine: Machine, portal_app: Litestar
) -> None:
    territory = watcher.catalogue.territory
    page = "/producers/armor/links"
    machine.answers |= {
        "/well": says(200, b"12345678"), "/moved": says(301, location="/well"), "/right": says(403),
        "/other": says(200, b"123"), "/silent": says(500), "/sum": says(200, b"12345678", repr_digest="sha-256=:" + "B" * 43 + "=:"),
    }  # fmt: skip
    await watcher.publish(
        *(
            machine.url(f"/{name}")
            for name in ("well", "moved", "right", "other", "silent", "gone", "sum")
        )
    )
    await watcher.look(2)
    publisher = make_person(territory, memberships=PUBLISHERS)
    team = make_person(territory, moderator=True)
    stranger = make_person(territory, memberships={"kerlevan": ["managers"]})

    async with browse(portal_app, territory, publisher) as visitor:
        french = (await visitor.get(page)).text
        english = (await visitor.get(page, headers={"Accept-Language": "en"})).text
        linked = (await visitor.get("/producers/armor")).text
        nobody = await visitor.get("/producers/nobody/links")
    async with browse(portal_app, territory, team) as visitor:
        assert (await visitor.get(page)).status_code == 200
        fine = (
            await visitor.get(
                "/producers/kerlevan/links", headers={"Accept-Language": "en"}
            )
        ).text
    async with browse(portal_app, territory, stranger) as visitor:
        refused = await visitor.get(page, headers={"Accept-Language": "en"})
        unlinked = (await visitor.get("/producers/armor")).text
    async with browse(portal_app, territory) as visitor:
        passer_by = await visitor.get(page)

    assert "6 à corriger, sur 7 adresses." in french
    assert all(
        word in english
        for word in ("Moved", "Asks for a right", "Not as described", "Unavailable")
    )
    assert english.index("Unavailable") < english.index("Moved")
    assert machine.url("/well") in english
    assert page in linked
    assert page not in unlinked
    assert nobody.status_code == 404
    assert "No link to correct" in fine
    assert (refused.status_code, passer_by.status_code) == (403, 303)
    assert "This list is for the people who publish for this producer." in refused.text


@pytest.mark.thorough
async def test_metrics_count_what_is_amiss(watcher: Watcher, machine: Machine) -> None:
    machine.answers["/well"] = says(200)
    await watcher.publish(
        machine.url("/well"), machine.url("/gone"), machine.url("/away")
    )
    await watcher.look(2)

    (family,) = await measure_links(watcher.site)

    mine = {
        sample.labels["state"]: sample.value
        for sample in family.samples
        if sample.labels["territory"] == watcher.catalogue.territory.slug
    }
    assert mine == {"gone": 2, "unreachable": 0, "moved": 0, "refused": 0}
