"""Whoever brings a number logs in first, and stops at the node what they lend: at once, and also with the portal away."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import delete, update

from tests.node.agreements.granting import Grant, Loan
from tests.node.agreements.lenders import ENGLISH, Lenders
from tests.node.subject_requests.askers import make_subject
from tests.ui.tab import Tab
from udi.kit.clock import now
from udi.node.agreements.models import ConsentLink, HeldConsent
from udi.node.agreements.portal_sync import AgreementSync
from udi.node.audit.models import AuditEvent
from udi.node.datasets.exchange.portal import PortalUnavailableError
from udi.node.subject_requests.deadlines.clock import advance_requests
from udi.node.subject_requests.models import Lender
from udi.node.subject_requests.pages.lending_pages import CONSENTS_PATH
from udi.node.subject_requests.portal_sync.withdrawal_reports import report_withdrawals
from udi.protocol.consent import ConsentState
from udi.protocol.consent_withdrawals import PATH


@pytest.fixture
async def grant(lenders: Lenders) -> Grant:
    grant = lenders.portal.grant(lenders.dataset)
    await lenders.portal.push(lenders.machine, grant)
    return grant


async def see(lenders: Lenders, loan: Loan) -> httpx.Response:
    """The page of what somebody lends, as who brought the number of a consent."""
    headers = {**ENGLISH, "Cookie": lenders.cookies[loan.id]}
    return await lenders.machine.get(CONSENTS_PATH, headers=headers)


async def stop(lenders: Lenders, loan: Loan, by: Loan | None = None) -> httpx.Response:
    """Stop a consent at the node, as who brought its number or another's."""
    headers = {**ENGLISH, "Cookie": lenders.cookies[(by or loan).id]}
    address = f"{CONSENTS_PATH}/{loan.id}/stop"
    return await lenders.machine.post(address, headers=headers)


async def change(lenders: Lenders, **values: Any) -> None:
    """Change what is known of all who lend."""
    async with lenders.database.session(lenders.tenant.id, role="worker") as session:
        await session.execute(update(Lender).values(**values))


def list_reports(lenders: Lenders) -> list[Any]:
    return [
        body
        for method, path, body, _ in lenders.portal.pushed
        if (method, path) == ("POST", PATH)
    ]


async def test_the_form_opens_after_the_login_of_people(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = lenders.portal.lend(grant)
    await lenders.push(loan)
    ticket = await lenders.show_ticket(loan)

    led = await lenders.machine.get(ticket.headers["location"], headers=ENGLISH)
    form = await lenders.open_form(loan)

    assert ticket.status_code == 303
    assert ticket.headers["referrer-policy"] == "no-referrer"
    assert led.status_code == 303
    assert led.headers["location"].startswith("/subjects/login?back=/consents/")
    assert form.status_code == 200


async def test_a_form_that_is_sent_without_the_login_keeps_no_number(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = lenders.portal.lend(grant)
    await lenders.push(loan)
    form = await lenders.open_form(loan)

    sent = await lenders.send(form, "PA-0003", cookie="other=1")

    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/subjects/login?back=/consents/")
    assert await lenders.rows(ConsentLink) == []


async def test_the_address_of_the_form_is_that_of_one_consent(
    lenders: Lenders, grant: Grant
) -> None:
    loan, other = lenders.portal.lend(grant), lenders.portal.lend(grant)
    for held in (loan, other):
        await lenders.push(held)
        await lenders.log_in(held)
    location = (await lenders.show_ticket(loan)).headers["location"]
    headers = {**ENGLISH, "Cookie": lenders.cookies[other.id]}

    foreign = await lenders.machine.get(
        location.replace(str(loan.id), str(other.id)), headers=headers
    )
    bare = await lenders.machine.get(f"/consents/{loan.id}/code", headers=headers)

    assert [foreign.status_code, bare.status_code] == [403, 403]


async def test_nobody_else_brings_a_number_for_a_consent(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    await lenders.log_in(loan)

    refused = await lenders.bring(loan, "PA-0007")

    assert refused.status_code == 403
    assert await lenders.read(grant) == ["PA-0003"]


async def test_numbers_are_counted_for_the_person_over_all_their_consents(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column(is_secret=False)
    person = make_subject(lenders.tenant)
    loans = [lenders.portal.lend(grant) for _ in range(3)]
    for loan in loans[:2]:
        await lenders.log_in(loan, person)
    for loan in loans:
        await lenders.push(loan)
    first = [await lenders.bring(loans[0], f"PA-{n:04}") for n in range(1, 4)]
    second = [await lenders.bring(loans[1], f"PA-{n:04}") for n in range(4, 7)]
    neighbour = await lenders.bring(loans[2], "PA-0009")
    await change(lenders, attempted_at=now() - timedelta(days=31))
    later = await lenders.bring(loans[1], "PA-0010")

    assert [answer.status_code for answer in first] == [303] * 3
    assert [answer.status_code for answer in second] == [303, 303, 409]
    assert [neighbour.status_code, later.status_code] == [303, 303]
    attempts = {row.id: row.attempts for row in await lenders.rows(Lender)}
    assert attempts[loans[1].id] == 1


async def test_the_same_form_sent_twice_counts_once(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = lenders.portal.lend(grant)
    await lenders.push(loan)
    form = await lenders.open_form(loan)
    for _ in range(3):
        assert (await lenders.send(form, "PA-0003")).status_code == 303

    assert [row.attempts for row in await lenders.rows(Lender)] == [1]


async def test_a_number_that_cannot_be_counts_for_nobody(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = lenders.portal.lend(grant)
    await lenders.push(loan)

    refused = await lenders.bring(loan, "")

    assert refused.status_code == 422
    assert await lenders.rows(Lender) == []


async def test_what_somebody_lends_is_shown_to_them_alone(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    other = await lenders.lend(grant, "PA-0007")

    page = await see(lenders, loan)
    nobody = await lenders.machine.get(CONSENTS_PATH, headers=ENGLISH)

    assert page.status_code == 200
    assert "no-store" in page.headers["cache-control"]
    assert "Îlots frais" in page.text
    assert f"{loan.id}/stop" in page.text
    assert str(other.id) not in page.text
    assert "PA-0003" not in page.text
    assert nobody.status_code == 303


async def test_a_stop_is_refused_at_the_next_reading_with_the_portal_away(
    lenders: Lenders, grant: Grant, asker: AgreementSync
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    await lenders.lend(grant, "PA-0007")
    before = await lenders.read(grant)
    lenders.portal.stop()

    stopped = await stop(lenders, loan)
    after = await lenders.read(grant)
    again = await stop(lenders, loan)
    page = await see(lenders, loan)

    assert before == ["PA-0003", "PA-0007"]
    assert (stopped.status_code, again.status_code) == (303, 303)
    assert after == ["PA-0007"]
    assert [link.id for link in await lenders.rows(ConsentLink)] != [loan.id]
    assert "The portal is told as soon as it answers." in page.text
    with pytest.raises(PortalUnavailableError):
        await report_withdrawals(asker.database, asker.portal, lenders.tenant)


async def test_nothing_that_the_portal_says_revives_what_was_stopped(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    await stop(lenders, loan)

    answer = await lenders.push(loan.change())
    form = await lenders.open_form(loan)

    assert answer.json()["consent"]["state"] == "withdrawn"
    assert form.status_code == 404
    assert await lenders.read(grant) == ["no_consent"]


@pytest.mark.parametrize("which", ["neighbour", "unknown"])
async def test_nobody_stops_what_somebody_else_lends(
    lenders: Lenders, grant: Grant, which: str
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    neighbour = await lenders.lend(grant, "PA-0007")
    address = {"neighbour": loan.id, "unknown": uuid4()}[which]
    headers = {**ENGLISH, "Cookie": lenders.cookies[neighbour.id]}

    refused = await lenders.machine.post(
        f"{CONSENTS_PATH}/{address}/stop", headers=headers
    )

    assert refused.status_code == 404
    assert await lenders.read(grant) == ["PA-0003", "PA-0007"]


async def test_the_portal_is_told_once_it_answers(
    lenders: Lenders, grant: Grant, asker: AgreementSync
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    await lenders.lend(grant, "PA-0007")
    await stop(lenders, loan)
    lenders.portal.answers.append((503, {}))
    with pytest.raises(PortalUnavailableError):
        await report_withdrawals(asker.database, asker.portal, lenders.tenant)
    outcomes = {"consents": {str(loan.id): "withdrawn", str(uuid4()): "withdrawn"}}
    lenders.portal.answers.append((200, outcomes))

    counts = [
        await report_withdrawals(asker.database, asker.portal, lenders.tenant)
        for _ in range(2)
    ]
    page = await see(lenders, loan)

    assert counts == [1, 0]
    assert list_reports(lenders) == [{"consents": [str(loan.id)]}] * 2
    assert "The portal knows." in page.text


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, marks=pytest.mark.thorough),
        {"consents": {"x": "y"}},
        pytest.param({"consents": []}, marks=pytest.mark.thorough),
    ],
)
async def test_an_answer_that_cannot_be_read_is_no_answer(
    lenders: Lenders, grant: Grant, asker: AgreementSync, answer: Any
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    await stop(lenders, loan)
    lenders.portal.answers.append((200, answer))

    with pytest.raises(PortalUnavailableError):
        await report_withdrawals(asker.database, asker.portal, lenders.tenant)

    assert [row.reported_at for row in await lenders.rows(Lender)] == [None]


async def advance(lenders: Lenders) -> set[UUID]:
    """Have time do what is due; the consents of which somebody is still known."""
    async with lenders.database.session(lenders.tenant.id, role="worker") as session:
        await advance_requests(session)
    return {row.id for row in await lenders.rows(Lender)}


async def test_who_lent_is_forgotten_once_nothing_needs_them(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    lent, stopped, ended = [
        await lenders.lend(grant, f"PA-000{number}") for number in (3, 5, 7)
    ]
    await stop(lenders, stopped)
    await lenders.stop(ended)
    young = await advance(lenders)
    await change(lenders, attempted_at=now() - timedelta(days=31))
    old = await advance(lenders)
    await change(lenders, reported_at=now())
    reported = await advance(lenders)

    assert young == {lent.id, stopped.id, ended.id}
    assert old == {lent.id, stopped.id}
    assert reported == {lent.id}


async def test_a_stop_names_nobody_in_the_journal_and_keeps_the_last_document(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    await stop(lenders, loan)

    [held] = await lenders.rows(HeldConsent)
    [event] = [
        row for row in await lenders.rows(AuditEvent) if row.name == "consent.stopped"
    ]
    assert held.state == ConsentState.WITHDRAWN
    assert (event.actor_id, event.subject_id) == (None, grant.id)
    assert event.facts == {}


async def test_a_stop_without_a_login_comes_back_and_says_that_nothing_was_stopped(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    address = f"{CONSENTS_PATH}/{loan.id}/stop"

    led = await lenders.machine.post(address, headers=ENGLISH)
    back = parse_qs(urlsplit(led.headers["location"]).query)["back"][0]
    headers = {**ENGLISH, "Cookie": lenders.cookies[loan.id]}
    page = await lenders.machine.get(back, headers=headers)

    assert led.status_code == 303
    assert back.startswith(CONSENTS_PATH)
    assert "Nothing was stopped" in page.text
    assert f"{loan.id}/stop" in page.text
    assert "Nothing was stopped" not in (await see(lenders, loan)).text
    assert await lenders.read(grant) == ["PA-0003"]


async def test_who_lends_is_known_again_by_the_same_number_after_an_archive(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    async with lenders.database.session(lenders.tenant.id, role="worker") as session:
        await session.execute(delete(Lender))
    unknown = await see(lenders, loan)
    again = await lenders.bring(loan, "PA-0003")
    known = await see(lenders, loan)

    assert "What you lend is on the portal." in unknown.text
    assert "You lend nothing" not in unknown.text
    assert again.status_code == 303
    assert f"{loan.id}/stop" in known.text
    assert [row.attempts for row in await lenders.rows(Lender)] == [1]


class Holder:
    """Somebody who lends, as a browser that keeps their login."""

    def __init__(self, lenders: Lenders, loan: Loan) -> None:
        self._client = lenders.machine
        self._cookie = lenders.cookies[loan.id]

    async def get(self, path: str, *, headers: dict[str, str]) -> httpx.Response:
        """Ask for a path, logged in."""
        sent = {**headers, "Accept": "text/html", "Cookie": self._cookie}
        return await self._client.get(path, headers=sent)


@pytest.mark.thorough
async def test_the_pages_hold_on_every_screen(
    lenders: Lenders, grant: Grant, tab: Tab
) -> None:
    await lenders.name_column()
    person = make_subject(lenders.tenant)
    lent, stopped, empty = [lenders.portal.lend(grant) for _ in range(3)]
    for loan in (lent, stopped):
        await lenders.log_in(loan, person)
        await lenders.push(loan)
        await lenders.bring(loan, f"PA-000{3 if loan is lent else 5}")
    await stop(lenders, stopped)
    await lenders.log_in(empty)
    origin = lenders.tenant.links["node"]
    address = f"{origin}{CONSENTS_PATH}"
    form = (await lenders.show_ticket(lent)).headers["location"]

    for loan, where, name in (
        (lent, address, "lent"),
        (empty, address, "lent-nothing"),
        (lent, f"{origin}{form}", "lent-number"),
    ):
        holder = Holder(lenders, loan)
        assert await tab.find_faults(holder, where, name, "fr", "en", "es") == []
