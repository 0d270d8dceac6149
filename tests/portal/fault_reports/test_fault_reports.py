"""Reporting a fault in a dataset: who may, who answers, who is told, what is public, what is erased and when."""

import itertools
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import case, select, text, update
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from tests.mails import html_of, text_of
from tests.portal.catalogue.corpus import document
from tests.portal.fault_reports.conftest import Office, Relay
from tests.portal.projects.test_by_programs import token_of
from tests.portal.transitions import read_transitions
from tests.service_overrides import override_service
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.signed_ids import sign_id
from udi.kit.tenancy import Territory
from udi.portal.catalogue.dataset_page.origins import FIND_ORIGIN
from udi.portal.fault_reports.actions import (
    LONGEST_WAIT,
    RETENTION,
    erase_reporters,
    escalate_late_reports,
)
from udi.portal.fault_reports.models import FaultReport
from udi.portal.fault_reports.transitions import (
    FAULT_REPORT,
    FaultReportEvent,
    FaultReportState,
)
from udi.portal.identity.models import Person
from udi.portal.nodes.sources.matches.uses import move_uses
from udi.portal.notifications.inbox_digests import send_inbox_mail
from udi.portal.notifications.models import Subscription
from udi.portal.notifications.tokens import UNSUBSCRIBE
from udi.portal.tenants.budgets import FAULT_REPORTS
from udi.ui.domains import list_domains
from udi.ui.person_erasure import erase_person
from udi.ui.personal_rows import read_register

PAGE = Path(__file__).parents[3] / "docs/reference/fault-reports.md"
SECRET = "/fault-reports/follow/"
TRANSITIONS = read_transitions("""
    submitted  correct  corrected
    submitted  confirm  confirmed
    submitted  redirect redirected
    submitted  discard  discarded
    corrected  reopen   submitted
    confirmed  reopen   submitted
    redirected reopen   submitted
    discarded  reopen   submitted
""")
"""The table of `docs/reference/fault-reports.md`, written a second time."""


def path_of(office: Office) -> str:
    return f"/data/{office.dataset}/fault-reports/new"


async def change(office: Office, **values: Any) -> None:
    """Set columns of every report of the territory."""
    async with office.site.database.session(
        office.territory.id, role="worker"
    ) as session:
        await session.execute(update(FaultReport).values(**values))


async def reports_of(office: Office) -> list[FaultReport]:
    """Every report of the territory, the oldest first."""
    reports: list[FaultReport] = await office.rows(FaultReport)
    return sorted(reports, key=lambda report: report.submitted_at)


async def count_changes(office: Office, dataset: UUID | None = None) -> int:
    """How often the feed that says which pages are stale named the dataset."""
    query = text("SELECT count(*) FROM ops.search_change WHERE dataset_id = :id")
    async with office.site.database.session(
        office.territory.id, role="worker"
    ) as session:
        values = {"id": dataset or office.dataset}
        return await session.scalar(query, values) or 0


async def work(office: Office) -> None:
    """What the worker does each hour."""
    async with office.site.database.session(
        office.territory.id, role="worker"
    ) as session:
        await escalate_late_reports(session)
        await erase_reporters(session)


def test_every_pair_of_state_and_event_follows_the_table() -> None:
    reached = {
        (state.value, event.value): FAULT_REPORT.next_state(state, event).value
        for state, event in itertools.product(FaultReportState, FaultReportEvent)
        if FAULT_REPORT.is_allowed(state, event)
    }

    assert reached == TRANSITIONS


@pytest.mark.thorough
async def test_each_answer_leads_on_and_back_and_is_given_once(office: Office) -> None:
    await office.report()
    states = []
    for event in ("correct", "confirm", "redirect", "discard"):
        first = await office.answer(event, words="Vérifié.")
        again = await office.answer(event, words="Vérifié.")
        states.append(
            (first.status_code, again.status_code, (await office.only_report()).state)
        )
        await office.answer("reopen")

    assert states == [
        (303, 409, "corrected"),
        (303, 409, "confirmed"),
        (303, 409, "redirected"),
        (303, 409, "discarded"),
    ]
    report = await office.only_report()
    assert (report.state, report.answer, report.answered_at) == ("submitted", "", None)


async def test_words_of_a_report_that_is_discarded_are_told_to_nobody(
    office: Office,
) -> None:
    address = await office.report(office.person)
    await office.answer("discard", words="Toujours la même personne.")
    token = await token_of(office.person, "access")
    path = address.removeprefix("/fault-reports")
    document = (await ask(office, "GET", path, token)).json()

    assert (document["state"], document["answer"]) == ("discarded", "")
    assert (await office.only_report()).answer == ""


def test_the_documented_table_is_the_tested_one() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \| [^|]+ \| `fault_report",
        PAGE.read_text(),
        re.MULTILINE,
    )

    assert {(state, event): target for state, event, target in rows} == TRANSITIONS


async def test_a_passer_by_reports_and_follows_by_a_secret_address(
    office: Office, relay: Relay
) -> None:
    form = await office.passer_by.get(
        f"{path_of(office)}?kind=outdated&row=12&column=total"
    )
    address = await office.report(row="12", email="voisine@people.example")
    followed = await office.passer_by.get(address)
    await office.answer("correct", version="2026-12")
    await office.send_emails()
    after = await office.passer_by.get(address)

    assert 'value="12"' in form.text
    assert 'value="outdated" checked' in form.text
    assert address.startswith(SECRET)
    assert "Un total est négatif." in followed.text
    assert "voisine@people.example" not in followed.text
    assert followed.headers["Referrer-Policy"] == "no-referrer"
    assert "2026-12" in after.text
    assert [mail["To"] for mail in relay.mails] == ["voisine@people.example"]
    assert f"{office.territory.origin}{address}" in text_of(relay.mails[0])


async def test_an_address_to_follow_opens_no_other_report(
    office: Office, other: Territory, portal_app: Litestar
) -> None:
    address = await office.report()
    async with browse(portal_app, other) as stranger:
        elsewhere = await stranger.get(address)

    assert (await office.passer_by.get(f"{address}x")).status_code == 404
    assert elsewhere.status_code == 404


async def test_an_address_to_follow_that_nobody_gave_opens_no_report(
    office: Office,
) -> None:
    await office.report()
    report = await office.only_report()
    keys = [
        b"another key",
        office.site.settings.derived_key("portal", UNSUBSCRIBE.purpose),
    ]
    forged = [sign_id(key, office.territory.id, report.id) for key in keys]

    assert [
        (await office.passer_by.get(f"{SECRET}{token}")).status_code for token in forged
    ] == [404, 404]


async def test_the_log_of_a_fault_of_ours_has_no_address_to_follow(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ValueError

    address = await office.report()
    override_service(monkeypatch, office.site.services, FIND_ORIGIN, fail)
    with capture_logs() as lines:
        answer = await office.passer_by.get(address)

    [line] = [line for line in lines if line["event"] == "unforeseen"]
    assert answer.status_code == 500
    assert line["route"] == f"{SECRET}{{token}}"
    assert [entry for entry in lines if address in str(entry)] == []


async def test_a_person_is_asked_neither_name_nor_address(
    office: Office, relay: Relay
) -> None:
    form = await office.person.get(path_of(office))
    address = await office.report(
        office.person, name="Autre", email="autre@people.example"
    )
    mine = await office.person.get("/fault-reports")
    await office.answer("confirm", words="C’est un remboursement.")
    await office.send_emails()

    report = await office.only_report()
    assert 'name="email"' not in form.text
    assert (report.name, report.email) == ("", "")
    assert f'href="{address}"' in mine.text
    [mail] = relay.mails
    assert mail["To"].endswith("@people.example")
    assert mail["To"] != "autre@people.example"
    assert "C’est un remboursement." in text_of(mail)


async def test_nobody_else_sees_a_report(office: Office) -> None:
    await office.report()
    report = await office.only_report()
    path = f"/fault-reports/{report.id}"

    assert (await office.person.get(path)).status_code == 404
    assert (await office.team.get(path)).status_code == 404
    assert (await office.answer("discard", office.person)).status_code == 404
    assert (await office.answer("discard", office.team)).status_code == 404
    assert (await office.passer_by.get(path)).status_code == 303
    assert (await office.producer.get(path)).status_code == 200


async def test_who_reported_a_fault_may_not_answer_it(office: Office) -> None:
    await office.report(office.person)

    assert (await office.answer("correct", office.person)).status_code == 403
    assert (await office.only_report()).state == "submitted"


async def test_it_waits_in_the_inbox_of_its_producer_with_who_and_until_when(
    office: Office,
) -> None:
    await office.report(office.person)
    report = await office.only_report()
    document = (await office.producer.get("/inbox.json")).json()
    page = await office.producer.get("/inbox")
    feed = await office.producer.get("/inbox.atom")

    [item] = document["items"]
    assert item["kind"] == "fault_report"
    assert item["role"] == "producer"
    assert item["who"] == "Compte de test"
    assert item["due_on"] == report.due_on.isoformat()
    assert item["url"].endswith(f"/fault-reports/{report.id}")
    assert f'href="/fault-reports/{report.id}"' in page.text
    assert "Comptages vélo" in feed.text
    assert (await office.team.get("/inbox.json")).json()["total"] == 0

    await office.answer("correct")

    assert (await office.producer.get("/inbox.json")).json()["total"] == 0


async def test_a_name_without_an_account_leaves_by_no_mail_and_no_feed(
    office: Office, relay: Relay
) -> None:
    await office.report(name="Canari Libre")
    await office.producer.post("/following/inbox-mail", data={"rhythm": "daily"})
    [subscription] = await office.rows(Subscription)
    await send_inbox_mail(
        office.site, office.territory, subscription.id, subscription.inbox_mailed_until
    )
    feed = await office.producer.get("/inbox.atom")
    [item] = (await office.producer.get("/inbox.json")).json()["items"]
    page = await office.producer.get(item["url"])

    [mail] = relay.mails
    assert "Comptages vélo" in text_of(mail)
    assert "Comptages vélo" in feed.text
    assert "Canari" not in f"{text_of(mail)}{html_of(mail)}{feed.text}"
    assert item["who"] == ""
    assert "Canari Libre" in page.text


async def test_personal_data_are_urgent_and_the_team_s_too(
    office: Office, relay: Relay
) -> None:
    await office.report(kind="personal_data")
    await office.send_emails()
    report = await office.only_report()

    assert report.due_on == (report.submitted_at + timedelta(days=3)).date()
    assert sorted(mail["To"] for mail in relay.mails) == sorted(
        ["donnees@armor.example", office.territory.contact]
    )
    assert all("Urgent" in mail["Subject"] for mail in relay.mails)
    [item] = (await office.team.get("/inbox.json")).json()["items"]
    assert item["role"] == "team"
    assert (await office.answer("correct", office.team)).status_code == 303


@pytest.mark.thorough
async def test_what_nobody_here_publishes_goes_to_the_team(office: Office) -> None:
    await office.report(dataset=office.orphan)

    [item] = (await office.team.get("/inbox.json")).json()["items"]
    assert item["kind"] == "fault_report"
    assert item["organisation"] == "Mairie de Kerlévan"


@pytest.mark.thorough
async def test_what_is_read_elsewhere_goes_to_the_team_with_its_original(
    office: Office,
) -> None:
    source = "https://ailleurs.example/jeux/12"
    record = await office.catalogue.add(
        1, metadata_info={**document(1)["metadata_info"], "metadata_source": source}
    )
    async with office.site.database.session(
        office.territory.id, role="worker"
    ) as session:
        await session.execute(
            text(
                "UPDATE app.dataset SET harvester_id = organisation_id WHERE id = :id"
            ),
            {"id": record.id},
        )
    await office.report(dataset=record.id)

    [item] = (await office.team.get("/inbox.json")).json()["items"]
    page = await office.team.get(item["url"])
    assert f'href="{source}"' in page.text


@pytest.mark.thorough
async def test_what_waited_too_long_goes_to_the_team_once(
    office: Office, relay: Relay
) -> None:
    await office.report()
    await work(office)
    assert (await office.only_report()).escalated_at is None

    await change(office, due_on=now().date() - timedelta(days=1))
    await work(office)
    await work(office)
    await office.send_emails()

    assert (await office.events()).count("fault_report.escalated") == 1
    assert [mail["To"] for mail in relay.mails] == [
        "donnees@armor.example",
        office.territory.contact,
    ]
    assert (await office.team.get("/inbox.json")).json()["total"] == 1


async def test_several_reports_of_a_dataset_make_one_mail_and_none_repeats_their_words(
    office: Office, relay: Relay
) -> None:
    for _ in range(3):
        await office.report()
    await office.send_emails()

    [mail] = relay.mails
    assert mail["To"] == "donnees@armor.example"
    assert "négatif" not in text_of(mail)


@pytest.mark.thorough
async def test_reports_that_follow_each_other_silence_the_mail_for_a_day_only(
    office: Office, relay: Relay
) -> None:
    await office.report()
    await office.answer("discard")
    await office.report()
    async with office.site.database.session(
        office.territory.id, role="worker"
    ) as session:
        hours = case(
            (FaultReport.mailed_at.is_not(None), timedelta(hours=25)),
            else_=timedelta(hours=2),
        )
        await session.execute(
            update(FaultReport).values(
                submitted_at=FaultReport.submitted_at - hours,
                mailed_at=FaultReport.mailed_at - hours,
            )
        )
    mailed = [report.mailed_at is not None for report in await reports_of(office)]
    await office.report()
    await office.send_emails()

    assert mailed == [True, False], "the answer to one is no reason for another mail"
    assert [r.mailed_at is not None for r in await reports_of(office)] == [
        True,
        False,
        True,
    ]
    assert [mail["To"] for mail in relay.mails] == ["donnees@armor.example"]


async def test_personal_data_are_as_urgent_once_the_report_is_opened_again(
    office: Office,
) -> None:
    await office.report(kind="personal_data")
    await office.answer("correct")
    await change(office, due_on=now().date() - timedelta(days=30))
    before = now()
    await office.answer("reopen")
    due_on = (await office.only_report()).due_on

    days = {(moment + timedelta(days=3)).date() for moment in (before, now())}
    assert due_on in days


async def test_a_flood_is_refused(office: Office) -> None:
    answers = [
        await office.passer_by.post(path_of(office), data={"kind": "outdated"})
        for _ in range(FAULT_REPORTS.limit + 1)
    ]

    assert [answer.status_code for answer in answers] == [
        *[303] * FAULT_REPORTS.limit,
        429,
    ]
    assert len(await office.rows(FaultReport)) == FAULT_REPORTS.limit


@pytest.mark.thorough
async def test_a_wrong_answer_is_named_and_nothing_is_kept(office: Office) -> None:
    refused = [
        ("kind", ""),
        ("kind", "strange"),
        ("words", ""),
        ("words", "a" * 2001),
        ("file", str(uuid4())),
        ("row", "a" * 201),
        ("column", "a" * 201),
        ("name", "a" * 201),
        ("email", "nobody"),
    ]
    for field, value in refused:
        sent = {"kind": "incorrect_value", "words": "Faux.", field: value}
        answer = await office.passer_by.post(path_of(office), data=sent)

        assert answer.status_code == 422, field
        assert re.findall(r'class="error" id="(\w+)-e"', answer.text) == [field]
    assert await office.rows(FaultReport) == []


async def test_a_fault_of_an_unknown_dataset_is_not_reported(office: Office) -> None:
    path = f"/data/{uuid4()}/fault-reports/new"

    assert (await office.passer_by.get(path)).status_code == 404
    assert (
        await office.passer_by.post(path, data={"kind": "outdated"})
    ).status_code == 404


@pytest.mark.thorough
async def test_an_answer_that_lacks_words_is_refused(office: Office) -> None:
    await office.report()
    refused = [
        ("confirm", "words", ""),
        ("redirect", "words", ""),
        ("correct", "words", "a" * 2001),
        ("correct", "version", "a" * 201),
    ]
    for event, field, value in refused:
        answer = await office.answer(event, **{field: value})

        assert answer.status_code == 422
        assert re.findall(r'class="error" id="(\w+)-e"', answer.text) == [field]
    assert (await office.only_report()).state == "submitted"
    assert (await office.answer("invent")).status_code == 404


@pytest.mark.thorough
async def test_the_page_of_the_dataset_tells_of_it_once_it_is_answered(
    office: Office,
) -> None:
    await office.report(name="Une voisine", email="voisine@people.example")
    page = f"/data/{office.dataset}/comptages-velo"
    before = await office.passer_by.get(page)
    changes = await count_changes(office)
    await office.answer("correct", version="2026-12", words="Merci.")
    after = await office.passer_by.get(page)

    assert await count_changes(office) == changes + 1, "a page in memory stays"
    assert f'href="{path_of(office)}"' in before.text
    assert "Une valeur fausse" not in before.text
    assert "Une valeur fausse" in after.text
    assert "Corrigé dans la version 2026-12." in after.text
    for private in ("Un total", "Une voisine", "voisine@", "Merci."):
        assert private not in after.text


async def test_the_page_of_the_dataset_never_tells_where_personal_data_were(
    office: Office,
) -> None:
    await office.report(kind="personal_data")
    await office.answer("correct", version="2026-12")
    page = await office.passer_by.get(f"/data/{office.dataset}/comptages-velo")

    assert "2026-12." not in page.text


async def test_the_database_shows_passers_by_the_words_of_nobody(
    office: Office,
) -> None:
    await office.report()
    await office.answer("correct")

    for column in ("words", "email", "name", "person_id", "answer", "row_name"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with office.site.database.session(
                office.territory.id, role="public"
            ) as session:
                await session.execute(select(getattr(FaultReport, column)))


async def test_another_territory_sees_no_report(
    office: Office, other: Territory, portal_app: Litestar
) -> None:
    await office.report(kind="personal_data")
    report = await office.only_report()
    team = make_person(other, moderator=True, memberships={"armor": ["managers"]})
    async with browse(portal_app, other, team) as stranger:
        assert (await stranger.get("/inbox.json")).json()["total"] == 0
        assert (await stranger.get(f"/fault-reports/{report.id}")).status_code == 404


async def test_words_and_contact_are_erased_after_their_time(office: Office) -> None:
    hour = timedelta(hours=1)
    await office.report(
        name="Une voisine", email="voisine@people.example", row="12", column="total"
    )
    await change(
        office,
        answered_at=now() - RETENTION + hour,
        submitted_at=now() - LONGEST_WAIT - hour,
    )
    await work(office)
    before = await office.only_report()
    await change(office, answered_at=now() - RETENTION - hour)
    await work(office)
    erased = await office.only_report()

    assert (before.name, before.row_name, before.erased_at) == (
        "Une voisine",
        "12",
        None,
    )
    assert [erased.name, erased.email, erased.words] == [""] * 3
    assert [erased.row_name, erased.column_name] == [""] * 2
    assert erased.erased_at is not None


async def test_what_nobody_answers_is_erased_too(office: Office) -> None:
    hour = timedelta(hours=1)
    await office.report(name="Une voisine")
    await change(office, submitted_at=now() - LONGEST_WAIT + hour)
    await work(office)
    before = await office.only_report()
    await change(office, submitted_at=now() - LONGEST_WAIT - hour)
    await work(office)

    assert before.name == "Une voisine"
    assert (await office.only_report()).name == ""


async def test_an_answer_given_after_the_erasure_is_erased_in_its_turn(
    office: Office,
) -> None:
    late = timedelta(hours=1)
    await office.report()
    await office.answer("correct", words="Corrigé pour Une voisine.")
    await change(office, answered_at=now() - RETENTION - late)
    await work(office)
    await office.answer("reopen")
    await office.answer("confirm", words="Une voisine avait raison.")
    await work(office)
    answered = await office.only_report()
    await change(office, answered_at=now() - RETENTION - late)
    await work(office)
    erased = await office.only_report()

    assert answered.answer == "Une voisine avait raison."
    assert (erased.answer, erased.words) == ("", "")
    assert erased.erased_at is not None


@pytest.mark.thorough
async def test_reports_go_on_with_the_dataset_that_is_the_same(
    office: Office,
) -> None:
    await office.report()
    await change(office, media_id=uuid4())
    await office.answer("correct", version="2026-12")
    changes = await count_changes(office, office.orphan)
    async with office.site.database.session(
        office.territory.id, role="worker"
    ) as session:
        await move_uses(office.site, session, office.dataset, office.orphan)
    report = await office.only_report()
    page = await office.passer_by.get(f"/data/{office.orphan}", follow_redirects=True)

    assert (report.dataset_id, report.media_id) == (office.orphan, None)
    assert await count_changes(office, office.orphan) == changes + 1
    assert "Corrigé dans la version 2026-12." in page.text


async def ask(
    office: Office, method: str, path: str, by: dict[str, str], fields: Any = None
) -> httpx.Response:
    headers = {"Accept": "application/json", **by}
    content = {"json": fields} if fields else {}
    return await office.passer_by.request(
        method, f"/api/v1/fault-reports{path}", headers=headers, **content
    )


@pytest.mark.thorough
async def test_programs_report_and_answer_with_a_token(office: Office) -> None:
    person = await token_of(office.person, "access")
    producer = await token_of(office.producer, "access")
    poor = await token_of(office.person, "profile")
    new = {"dataset": str(office.dataset), "kind": "incorrect_value", "words": "Faux."}
    created = await ask(office, "POST", "", person, new)
    path = f"/{created.json()['id']}"
    mine = (await ask(office, "GET", "", person)).json()
    theirs = (await ask(office, "GET", path, producer)).json()
    settled = await ask(
        office, "POST", f"{path}/events", producer, {"event": "correct"}
    )

    assert created.status_code == 201
    assert created.headers["location"] == f"/api/v1/fault-reports{path}"
    assert created.json()["reporter"] is None
    assert [item["id"] for item in mine["sent"]] == [path[1:]]
    assert mine["to_answer"] == []
    assert theirs["reporter"]["name"] == "Compte de test"
    assert settled.json()["state"] == "corrected"
    assert (await ask(office, "POST", "", poor, new)).status_code == 403
    assert (await ask(office, "GET", "", {})).status_code == 401
    assert (
        await ask(office, "POST", f"{path}/events", producer, {"event": "invent"})
    ).status_code == 422
    assert (
        await ask(office, "POST", f"{path}/events", producer, {"event": "discard"})
    ).status_code == 409


async def test_the_erasure_of_an_account_takes_the_words_of_its_reports(
    office: Office,
) -> None:
    await office.report(office.person, row="12", column="total")
    page = await office.person.get("/my-space/my-data")
    register = read_register(list_domains("portal"))
    async with office.site.database.session(
        office.territory.id, role="worker"
    ) as session:
        report = await session.scalar(select(FaultReport))
        person = await session.get_one(Person, (office.territory.id, report.person_id))
        await erase_person(session, register, person, former_name="Ancien membre")

    erased = await office.only_report()
    assert "Erreurs dans des données que j’ai signalées" in page.text
    assert (erased.person_id, erased.words) == (None, "")
    assert (erased.row_name, erased.column_name) == ("", "")
