"""What time brings about: reminders, outcomes, deletion after a year; what waits for people; what leaves with an account."""

from datetime import date, datetime, time, timedelta
from html import unescape
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from tests.mails import do_email_job
from tests.portal.selfdata.conftest import ENGLISH
from tests.portal.selfdata.requests.conftest import HOME, Inhabitants, Relay
from udi.kit.clock import now
from udi.portal.identity.deletion.actions import erase_account
from udi.portal.identity.departures import DEPARTURE_LOCKS, DEPARTURES
from udi.portal.identity.models import Person
from udi.portal.selfdata.archive import resume_import
from udi.portal.selfdata.punctuality.publication import publish_punctuality
from udi.portal.selfdata.requests.clock import REMIND, apply_time
from udi.portal.selfdata.requests.models import SubjectRequestCount
from udi.portal.selfdata.requests.outcomes import MOVED, find_outcome
from udi.portal.selfdata.requests.tasks import task_handlers
from udi.ui.personal_rows import read_register

DAY = date(2026, 12, 1)


async def pass_time(inhabitants: Inhabitants, moment: datetime | None = None) -> None:
    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        await apply_time(session, inhabitants.territory, moment or now())


async def list_reminders(inhabitants: Inhabitants) -> list[str]:
    """The requests of which a reminder is queued."""
    query = text(
        "SELECT convert_from(payload, 'UTF8')::jsonb ->> 'request' FROM queue.pgqueuer"
        " WHERE entrypoint = :name AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
    )
    values = {"name": REMIND, "tenant": str(inhabitants.territory.id)}
    async with inhabitants.site.database.platform_session(role="worker") as session:
        return list(await session.scalars(query, values))


@pytest.mark.parametrize(
    ("dates", "outcome"),
    [
        ({"due_on": None}, None),
        ({}, None),
        ({"decided_on": DAY}, "on_time"),
        ({"decided_on": DAY + timedelta(1)}, "late"),
        ({"decided_on": DAY, "extended": True}, "extended"),
        ({"decided_on": DAY, "was_late": True}, "late"),
        ({"was_late": True}, "late"),
        ({"today": DAY + timedelta(7)}, None),
        ({"today": DAY + timedelta(8)}, "late"),
        ({"today": DAY + timedelta(8), "ended_on": DAY}, None),
    ],
    ids=str,
)
def test_find_outcome(dates: dict[str, object], outcome: str | None) -> None:
    usual = {"due_on": DAY, "decided_on": None, "ended_on": None}
    request = SimpleNamespace(**usual | {"extended": False, "was_late": False} | dates)

    result = find_outcome(request, dates.get("today", DAY))  # type: ignore[arg-type]  # a fixture without a type, or values by name

    assert result == outcome


async def test_an_outcome_never_changes(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    answered = {
        "decided_on": now().astimezone(ZoneInfo("Europe/Paris")).date(),
        "state": "answered",
        "sequence": 1,
    }
    await inhabitants.change(request.id, **answered)
    await pass_time(inhabitants)
    assert (await inhabitants.row(request.id)).outcome == "on_time"
    await inhabitants.change(request.id, was_late=True)

    await pass_time(inhabitants)

    assert (await inhabitants.row(request.id)).outcome == "on_time"


async def test_what_no_node_reported_is_late_with_nobody(
    inhabitants: Inhabitants,
) -> None:
    """Anybody can open the address of a return: it counts once the node tells of the request."""
    [silent, reported] = await inhabitants.submit("kerlevan", "seve")
    long_ago = now().astimezone(ZoneInfo("Europe/Paris")).date() - timedelta(days=20)
    await inhabitants.change(silent.id, due_on=long_ago)
    await inhabitants.change(reported.id, due_on=long_ago, sequence=1)

    await pass_time(inhabitants)

    assert (await inhabitants.row(silent.id)).outcome == ""
    assert (await inhabitants.row(reported.id)).outcome == "late"


@pytest.mark.thorough
async def test_an_answer_in_time_that_is_looked_at_again_is_not_late(
    inhabitants: Inhabitants,
) -> None:
    [request] = await inhabitants.submit("kerlevan")
    day = now().astimezone(ZoneInfo("Europe/Paris")).date()
    await inhabitants.change(
        request.id,
        state="escalated",
        sequence=2,
        due_on=day - timedelta(days=2),
        decided_on=day - timedelta(days=9),
    )

    await pass_time(inhabitants)

    assert await list_reminders(inhabitants) == []
    assert (await inhabitants.row(request.id)).outcome == "on_time"
    page = await inhabitants.person.get(HOME, headers=ENGLISH)
    assert "days late" not in page.text


async def test_a_silent_node_is_said_to_the_person(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    await inhabitants.change(
        request.id,
        due_on=now().astimezone(ZoneInfo("Europe/Paris")).date() - timedelta(days=20),
    )

    pages = [
        unescape((await inhabitants.person.get(address, headers=ENGLISH)).text)
        for address in (HOME, f"{HOME}/{request.id}")
    ]
    waiting = (await inhabitants.person.get("/inbox.json")).json()["items"]

    for page in pages:
        assert "Not confirmed by the organisation’s site yet." in page
        assert 'href="/my-data/letter?right=access&org=kerlevan"' in page
        assert "days late" not in page
    assert [item["title"] for item in waiting] == [request.number]


async def test_each_reminder_is_sent_once(
    inhabitants: Inhabitants, relay: Relay
) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    [unread, late, fresh] = await inhabitants.submit(
        "kerlevan", right="erasure"
    ) + await inhabitants.submit("seve", "kerlevan", right="objection")
    await inhabitants.change(draft.id, drafted_at=now() - timedelta(days=5))
    await inhabitants.change(unread.id, news_at=now() - timedelta(days=15))
    two_days_ago = now().astimezone(ZoneInfo("Europe/Paris")).date() - timedelta(days=2)
    await inhabitants.change(late.id, due_on=two_days_ago, sequence=1)
    await inhabitants.change(fresh.id, due_on=two_days_ago)

    await pass_time(inhabitants)
    await pass_time(inhabitants)

    queued = await list_reminders(inhabitants)
    assert sorted(queued) == sorted(map(str, (draft.id, unread.id, late.id)))
    assert str(fresh.id) not in queued, "no node told of it"
    await do_email_job(
        inhabitants.site,
        inhabitants.territory,
        task_handlers(inhabitants.site),
        REMIND,
        {"request": str(late.id), "sequence": 1},
    )
    [mail] = relay.mails
    assert late.number in mail["subject"]


@pytest.mark.thorough
async def test_a_contested_decision_is_not_late(inhabitants: Inhabitants) -> None:
    [contested, silent] = await inhabitants.submit("kerlevan", "seve")
    past = now().astimezone(ZoneInfo("Europe/Paris")).date() - timedelta(days=2)
    values = {"state": "escalated", "due_on": past, "sequence": 1}
    decided_on = past - timedelta(days=9)
    await inhabitants.change(contested.id, decided_on=decided_on, **values)
    await inhabitants.change(silent.id, **values)

    await pass_time(inhabitants)

    assert await list_reminders(inhabitants) == [str(silent.id)]
    items = (await inhabitants.person.get("/inbox.json")).json()["items"]
    assert [item["title"] for item in items] == [silent.number]
    page = (await inhabitants.person.get(HOME, headers=ENGLISH)).text
    assert page.count("2 days late") == 1


async def test_what_was_sent_ends_where_a_territory_arrives(
    inhabitants: Inhabitants,
) -> None:
    [draft] = await inhabitants.ask("seve", right="erasure")
    [open_request, late_request] = await inhabitants.submit("kerlevan", "seve")
    past = now().astimezone(ZoneInfo("Europe/Paris")).date() - timedelta(days=9)
    await inhabitants.change(open_request.id, due_on=past, news_at=now())
    await inhabitants.change(late_request.id, due_on=past, outcome="late")

    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="owner"
    ) as session:
        await resume_import(session, inhabitants.site.settings)
    await pass_time(inhabitants)

    rows = {row.id: row for row in await inhabitants.rows()}
    draft_row = rows[draft.id]
    open_row = rows[open_request.id]
    assert (draft_row.state, draft_row.ended_on, draft_row.outcome) == (
        "drafted",
        None,
        "",
    )
    assert (open_row.state, open_row.node_id, open_row.news_at) == (
        "closed",
        None,
        None,
    )
    assert (open_row.outcome, rows[late_request.id].outcome) == (MOVED, "late")
    assert open_row.ended_on is not None
    page = (await inhabitants.person.get(HOME, headers=ENGLISH)).text
    assert page.count("ask again if you need to") == 2


@pytest.mark.thorough
async def test_what_stayed_behind_is_counted_nowhere(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")
    long_ago = {"received_on": date(2025, 3, 9), "ended_on": date(2025, 4, 9)}
    await inhabitants.change(request.id, state="closed", outcome=MOVED, **long_ago)

    await publish_figures(inhabitants)
    await pass_time(inhabitants)

    assert await inhabitants.rows() == []
    assert await inhabitants.town_hall.rows(SubjectRequestCount) == []


async def publish_figures(inhabitants: Inhabitants) -> None:
    async with inhabitants.site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        await publish_punctuality(session, now().date())


async def test_what_ended_a_year_ago_is_only_counted(inhabitants: Inhabitants) -> None:
    [old, young] = await inhabitants.submit("kerlevan", "seve")
    ended = {"state": "closed", "outcome": "late", "received_on": date(2025, 3, 9)}
    await inhabitants.change(old.id, ended_on=date(2025, 11, 30), **ended)
    await inhabitants.change(young.id, ended_on=date(2025, 12, 1), **ended)

    noon = datetime.combine(date(2026, 11, 30), time(12), now().tzinfo)
    await pass_time(inhabitants, noon)

    assert [row.id for row in await inhabitants.rows()] == [young.id]
    [count] = await inhabitants.town_hall.rows(SubjectRequestCount)
    assert (count.right, count.month, count.outcome, count.number) == (
        "access",
        date(2025, 3, 1),
        "late",
        1,
    )


async def test_what_nobody_received_goes_after_a_month(
    inhabitants: Inhabitants,
) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    await inhabitants.change(
        draft.id,
        state="lapsed",
        ended_on=now().astimezone(ZoneInfo("Europe/Paris")).date() - timedelta(days=31),
    )

    await pass_time(inhabitants)

    assert await inhabitants.rows() == []
    assert await inhabitants.town_hall.rows(SubjectRequestCount) == []


async def test_what_waits_for_a_person(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    [unread, late] = await inhabitants.submit("kerlevan", "seve", right="erasure")
    await inhabitants.submit("kerlevan", right="objection")
    await inhabitants.change(unread.id, news_at=now())
    await inhabitants.change(
        late.id,
        due_on=now().astimezone(ZoneInfo("Europe/Paris")).date() - timedelta(days=2),
    )

    mine = (await inhabitants.person.get("/inbox.json")).json()["items"]
    theirs = (await inhabitants.other.get("/inbox.json")).json()["items"]

    assert sorted((item["kind"], item["title"]) for item in mine) == [
        ("subject_draft", draft.number),
        ("subject_late", late.number),
        ("subject_news", unread.number),
    ]
    assert theirs == []
    page = await inhabitants.person.get("/inbox", headers=ENGLISH)
    assert "Finish my request" in page.text


@pytest.mark.thorough
async def test_own_data_show_the_requests(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")

    page = await inhabitants.person.get("/my-space/my-data", headers=ENGLISH)

    assert "Requests about my own data" in page.text
    assert request.number in page.text
    assert request.confirmation_hash not in page.text


async def test_a_deleted_account_leaves_no_name(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("seve")
    [request] = await inhabitants.submit("kerlevan")
    site = inhabitants.site
    async with site.database.session(
        inhabitants.territory.id, role="worker"
    ) as session:
        person = await session.scalar(
            select(Person).where(Person.id == request.person_id)
        )
        assert person is not None
        await erase_account(
            session,
            person,
            read_register(site.domains),
            site.services.contributions(DEPARTURES),
            site.services.contributions(DEPARTURE_LOCKS),
            former_name="Ancien compte",
        )

    [row] = await inhabitants.rows()
    assert row.id == request.id != draft.id
    assert (row.person_id, row.number) == (None, "")
    assert set(
        (
            await inhabitants.send(
                inhabitants.report(request.id, sequence=3, state="processing")
            )
        ).values()
    ) == {"gone"}


async def test_a_mail_to_a_deleted_account_is_not_written(
    inhabitants: Inhabitants, relay: Relay
) -> None:
    for request_id in (uuid4(),):
        await do_email_job(
            inhabitants.site,
            inhabitants.territory,
            task_handlers(inhabitants.site),
            REMIND,
            {"request": str(request_id), "sequence": 1},
        )

    assert relay.mails == []
    assert (await inhabitants.person.get(HOME)).status_code == 200
