"""Consents: yes and no of one size, a receipt, one click stops, ends by time, by the agreement, by the team, by leaving."""

import json
import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from tests.depth import by_depth
from tests.portal.consents.conftest import NO, YES, Lending
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.kit.keys import verify_document
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import (
    AccessAgreement,
    ProjectCredential,
    PublicAgreement,
)
from udi.portal.audit.models import AuditEvent
from udi.portal.consents.delivery import invalidate_consents
from udi.portal.consents.departures import stop_lending
from udi.portal.consents.models import Consent
from udi.portal.consents.notices import INVALIDATE
from udi.portal.identity.departures import end_account
from udi.portal.identity.models import Person
from udi.portal.nodes.models import Node
from udi.protocol.consent import CONSENT_RECEIPT_TYPE

ENGLISH = {"Accept-Language": "en"}
BUTTON = re.compile(r'<button class="([^"]*)"[^>]*>([^<]*)</button>')
LIST = "/my-data/consents"


def read_answers(page: str) -> list[tuple[str, str]]:
    """The class and the words of the two answers of a page, in their order."""
    area = page[page.index('class="equal"') :]
    return BUTTON.findall(area[: area.index("</div>")])


@by_depth("visitor", ["inhabitant", "passer"], by_default=[0])
async def test_both_answers_are_the_same_no_first_and_nothing_ticked(
    lending: Lending, visitor: str
) -> None:
    question = await lending.open()
    client = {"inhabitant": lending.inhabitant, "passer": lending.workspace.passer}[
        visitor
    ]
    page = await client.get(question, headers=ENGLISH)

    assert page.status_code == 200
    assert read_answers(page.text) == [
        ("btn", "No, I refuse"),
        ("btn", "Yes, I agree"),
    ]
    assert "checked" not in page.text
    for words in (
        "Réseau Goéland",
        "Îlot et énergie, sans votre nom.",
        "Choisir dix rues à ombrager.",
        "Nothing changes for you.",
        "One click, when you like.",
    ):
        assert words in page.text
    assert page.headers["content-security-policy"].count("frame-ancestors 'none'") == 1


async def test_a_yes_gives_a_receipt_that_names_nobody(lending: Lending) -> None:
    question = await lending.open()
    consent = await lending.give(question)
    page = await lending.inhabitant.get(f"{LIST}/{consent.id}")
    sent = await lending.inhabitant.get(f"{LIST}/{consent.id}/receipt.json")
    document = sent.json()
    origin = lending.workspace.territory.origin
    keys = (await lending.workspace.passer.get("/.well-known/jwks.json")).json()
    claims = verify_document(
        document["jws"], keys, kind=CONSENT_RECEIPT_TYPE, issuer=origin, audience=origin
    )
    record = claims["dpv:hasRecordOfActivity"]

    assert page.status_code == 200
    assert "Choisir dix rues à ombrager." in page.text
    assert claims == document["receipt"]
    assert record["dpv:hasDataSubject"]["@id"] == (
        f"urn:uuid:{consent.recipient_reference}"
    )
    [version] = await lending.versions()
    assert record["dpv:hasNotice"]["spdx:checksumValue"] == f"sha256:{version.sha256}"
    for secret in (lending.login.email, lending.login.name, lending.login.subject):
        assert secret not in json.dumps(claims)
    assert str(await lending.person_id()) not in json.dumps(claims)
    assert (consent.expires_at - consent.answered_at).days in range(89, 93)


async def test_a_yes_ends_with_the_agreement_at_the_latest(lending: Lending) -> None:
    consent = await lending.give(await lending.open(months="24"))
    [agreement] = await lending.rows(AccessAgreement)

    assert consent.expires_at == agreement.ends_at


async def test_a_yes_wants_a_login_of_five_minutes_and_a_no_does_not(
    lending: Lending,
) -> None:
    question = await lending.open()
    await lending.make_login_old(6)
    page = await lending.inhabitant.get(question)
    late = await lending.inhabitant.post(question, data=YES)
    states = await lending.states()
    await lending.make_login_old(4)
    given = await lending.inhabitant.post(question, data=YES)
    await lending.make_login_old(60)
    refused = await lending.neighbour.post(question, data=NO)

    assert (late.status_code, states) == (403, [])
    assert 'name="fresh" value="true"' in page.text
    assert [given.status_code, refused.status_code] == [303, 303]
    assert sorted(await lending.states()) == ["given", "refused"]


async def test_who_is_not_logged_in_leaves_nothing(lending: Lending) -> None:
    question = await lending.open()
    left = await lending.workspace.passer.get(f"{question}?answer=no", headers=ENGLISH)
    posted = await lending.workspace.passer.post(question, data=YES)

    assert "nothing is kept of your answer" in left.text
    assert posted.status_code in {302, 303, 401}
    assert await lending.states() == []


@pytest.mark.thorough
async def test_what_is_neither_yes_nor_no_is_refused(lending: Lending) -> None:
    question = await lending.open()
    sent = await lending.inhabitant.post(question, data={"answer": "maybe"})

    assert sent.status_code == 422
    assert await lending.states() == []


@pytest.mark.thorough
async def test_the_same_yes_twice_is_one(lending: Lending) -> None:
    question = await lending.open()
    first = await lending.give(question)
    second = await lending.give(question)

    assert first.id == second.id
    assert (await lending.versions())[0].given == 1


async def test_a_refused_purpose_is_not_put_again_for_six_months(
    lending: Lending,
) -> None:
    question = await lending.open()
    await lending.inhabitant.post(question, data=NO)
    await lending.inhabitant.post(question, data=NO)
    [refusal] = await lending.rows(Consent)
    again = await lending.open(question="Et maintenant ?")
    page = await lending.inhabitant.get(again, headers=ENGLISH)
    own_response = await lending.inhabitant.get(f"{again}?again=1", headers=ENGLISH)
    other = await lending.neighbour.get(again, headers=ENGLISH)

    assert (refusal.expires_at - refusal.answered_at).days in range(180, 186)
    assert (refusal.revision, refusal.receipt) == (0, "")
    assert 'class="equal"' not in page.text
    assert "not put to you again before" in page.text
    assert len(read_answers(own_response.text)) == len(read_answers(other.text)) == 2

    await lending.let_time_pass(Consent, expires_at=now())

    assert await lending.states() == []
    assert 'class="equal"' in (await lending.inhabitant.get(again)).text


@pytest.mark.thorough
async def test_a_yes_after_a_no_forgets_the_no(lending: Lending) -> None:
    question = await lending.open()
    await lending.inhabitant.post(question, data=NO)
    await lending.give(question)

    assert await lending.states() == ["given"]


async def test_a_no_after_a_yes_is_a_stop(lending: Lending) -> None:
    question = await lending.open()
    await lending.give(question)
    refused = await lending.inhabitant.post(question, data=NO)

    assert refused.status_code == 409
    assert await lending.states() == ["given"]


async def test_one_click_stops_at_once_and_twice_is_once(lending: Lending) -> None:
    question = await lending.open()
    consent = await lending.give(question)
    before = await lending.inhabitant.get(LIST, headers=ENGLISH)
    stopped = await lending.inhabitant.post(f"{LIST}/{consent.id}/withdraw")
    twice = await lending.inhabitant.post(f"{LIST}/{consent.id}/withdraw")
    after = await lending.inhabitant.get(stopped.headers["location"], headers=ENGLISH)
    [row] = await lending.rows(Consent)
    [version] = await lending.versions()
    project = await lending.workspace.person.get(lending.page, headers=ENGLISH)

    assert f"{LIST}/{consent.id}/withdraw" in before.text
    assert [stopped.status_code, twice.status_code] == [303, 303]
    assert (row.state, row.revision > consent.revision) == ("withdrawn", True)
    assert 'role="status"' in after.text
    assert "No project reads data about you" in after.text
    assert (version.given, version.stopped) == (0, 1)
    assert "erase what you read before" in project.text
    assert "sees that somebody stopped, and not who" in after.text
    assert "must erase" not in after.text


async def test_nobody_else_sees_or_stops_it(lending: Lending) -> None:
    consent = await lending.give(await lending.open())
    one = f"{LIST}/{consent.id}"

    for client in (lending.neighbour, lending.workspace.person, lending.workspace.team):
        assert (await client.get(one)).status_code == 404
        assert (await client.get(f"{one}/receipt.json")).status_code == 404
        assert (await client.post(f"{one}/withdraw")).status_code == 404
        assert str(consent.id) not in (await client.get(LIST)).text
    assert await lending.states() == ["given"]


async def test_pages_of_one_person_read_no_row_of_another(lending: Lending) -> None:
    await lending.give(await lending.open())
    database = lending.workspace.site.database
    tenant = lending.workspace.territory.id
    mine = await lending.person_id()
    counts = []
    for person in (mine, tenant):
        async with database.session(tenant, person=person) as session:
            counts.append(len((await session.scalars(select(Consent))).all()))

    assert counts == [1, 0]


async def test_a_new_version_asks_again_and_moves_no_consent(lending: Lending) -> None:
    first = await lending.give(await lending.open())
    second_question = await lending.open(reason="Choisir vingt rues.")
    page = await lending.inhabitant.get(second_question, headers=ENGLISH)
    states = await lending.states()
    second = await lending.give(second_question)
    rows = {row.id: row for row in await lending.rows(Consent)}

    assert states == ["given"]
    assert "The question has changed since you said yes" in page.text
    assert [words for _, words in read_answers(page.text)] == [
        "No, stop it",
        "Yes, I agree",
    ]
    assert (rows[first.id].state, rows[first.id].replaced_by) == ("replaced", second.id)
    assert rows[second.id].state == "given"
    assert [row.given for row in await lending.versions()] == [0, 1]


async def test_time_ends_a_yes(lending: Lending) -> None:
    await lending.give(await lending.open())
    await lending.let_time_pass(Consent)
    before = await lending.states()
    await lending.let_time_pass(Consent, expires_at=now() - timedelta(seconds=1))

    assert (before, await lending.states()) == (["given"], ["expired"])


@pytest.mark.thorough
async def test_a_yes_whose_time_is_over_is_given_anew(lending: Lending) -> None:
    """The clock has not come by yet."""
    question = await lending.open()
    former = await lending.give(question)
    await lending.change(Consent, expires_at=now() - timedelta(seconds=1))
    consent = await lending.give(question)
    rows = {row.id: row.state for row in await lending.rows(Consent)}

    assert consent.id != former.id
    assert rows == {former.id: "expired", consent.id: "given"}
    assert (await lending.versions())[0].given == 1


@pytest.mark.thorough
async def test_a_no_after_a_yes_whose_time_is_over_is_a_no(lending: Lending) -> None:
    question = await lending.open()
    await lending.give(question)
    await lending.change(Consent, expires_at=now() - timedelta(seconds=1))
    refused = await lending.inhabitant.post(question, data=NO)

    assert refused.status_code == 303
    assert sorted(await lending.states()) == ["expired", "refused"]


@by_depth(
    ("state", "words"),
    [
        (AgreementState.SUSPENDED, "The agreement with the project is suspended."),
        (AgreementState.REVOKED, "The producer ended the agreement"),
        (AgreementState.GIVEN_UP, "The project gave the agreement up."),
        (AgreementState.ENDED, "The agreement with the project has ended."),
    ],
    by_default=[0, 1],
)
async def test_nobody_is_asked_once_the_agreement_is_off_and_the_page_says_why(
    lending: Lending, state: AgreementState, words: str
) -> None:
    question = await lending.open()
    await lending.change(AccessAgreement, state=state)
    await lending.change(PublicAgreement, state=state)
    given = await lending.inhabitant.post(question, data=YES)
    pages = [
        await lending.inhabitant.get(question, headers=ENGLISH),
        await lending.workspace.passer.get(question, headers=ENGLISH),
        await lending.workspace.passer.get(f"/embed{question}?lang=en"),
    ]

    sides = await lending.workspace.person.get(lending.page, headers=ENGLISH)

    assert given.status_code == 409
    assert "Open: people answer" not in sides.text
    assert words in sides.text
    for page in pages:
        assert words in page.text
        assert 'class="equal"' not in page.text


async def test_a_request_in_the_hour_of_the_yes_is_one(lending: Lending) -> None:
    consent = await lending.give(await lending.open())
    [version] = await lending.versions()
    hour = now().replace(minute=0, second=0, microsecond=0) - timedelta(days=40)
    before = await lending.inhabitant.get(LIST, headers=ENGLISH)
    await lending.change(Consent, answered_at=hour + timedelta(minutes=20))
    credential = ProjectCredential(
        project_id=version.project_id,
        node_id=consent.node_id,
        name="Machine",
        sha256="0" * 64,
        created_by=await lending.person_id(),
        created_at=hour - timedelta(days=1),
        expires_at=now() + timedelta(days=1),
        last_used_at=hour,
    )
    async with lending.workspace.site.database.session(
        lending.workspace.territory.id, role="worker"
    ) as session:
        session.add(credential)
    after = await lending.inhabitant.get(LIST, headers=ENGLISH)

    assert "none reported since your yes" in before.text
    assert "What people of the project read on pages is not counted." in before.text
    assert "none reported since your yes" not in after.text
    assert f'datetime="{hour.date().isoformat()}' in after.text


@pytest.mark.thorough
async def test_a_receipt_does_not_say_what_the_portal_does_not_know(
    lending: Lending,
) -> None:
    await lending.change(Node, url="https://noeud.test")
    consent = await lending.give(await lending.open())
    one = f"{LIST}/{consent.id}"
    page = await lending.inhabitant.get(one, headers=ENGLISH)
    linked = await lending.inhabitant.get(f"{one}?linked=1", headers=ENGLISH)

    assert "If it does already, you have nothing to do." in page.text
    assert "nothing is lent" not in page.text
    assert 'name="ticket"' not in page.text
    assert "it counts at once, or after" in linked.text
    assert "We do not send it to the project" in page.text


async def test_nobody_is_sent_to_the_node_with_more_than_five_numbers_in_thirty_days(
    lending: Lending,
) -> None:
    await lending.change(Node, url="https://noeud.test")
    question = await lending.open()

    async def ask(consent: Consent, by: httpx.AsyncClient) -> bool:
        page = await by.get(f"{LIST}/{consent.id}?step=number", headers=ENGLISH)
        assert page.status_code == 200
        has_ticket = 'name="ticket" value="ey' in page.text
        assert ("that is the limit" in page.text) != has_ticket
        return has_ticket

    first = await lending.give(question)
    other = await lending.give(question, lending.neighbour)
    answers = [await ask(first, lending.inhabitant) for _ in range(3)]
    await lending.inhabitant.post(f"{LIST}/{first.id}/withdraw")
    second = await lending.give(question)
    answers += [await ask(second, lending.inhabitant) for _ in range(3)]

    assert answers == [True] * 5 + [False]
    assert await ask(other, lending.neighbour)

    await lending.change(Consent, link_ticket_at=now() - timedelta(days=31))

    assert await ask(second, lending.inhabitant)


async def test_nobody_writes_a_number_at_a_node_that_is_not_secure(
    lending: Lending,
) -> None:
    consent = await lending.give(await lending.open())
    one = f"{LIST}/{consent.id}"
    pages = []
    for url in ("http://noeud.test", "https://noeud.test"):
        await lending.change(Node, url=url, takes_subject_requests=True)
        for query in ("", "?step=number"):
            answer = await lending.inhabitant.get(f"{one}{query}", headers=ENGLISH)
            assert answer.status_code == 200
            pages.append(answer.text)
    [row] = await lending.rows(Consent)

    for page in pages[:2]:
        assert "noeud.test" not in page
        assert "Write my number" not in page
        assert 'name="ticket"' not in page
        assert "Do not write your number on the site of" in page
        assert "The counter of" in page
    assert 'name="ticket"' in pages[3]
    assert "Do not write your number" not in pages[2] + pages[3]
    assert row.link_tickets == 1


@by_depth("state", [AgreementState.REVOKED, AgreementState.GIVEN_UP], by_default=[0])
async def test_the_end_of_the_agreement_ends_a_yes(
    lending: Lending, state: AgreementState
) -> None:
    await lending.give(await lending.open())
    await lending.let_time_pass(AccessAgreement, state=state)

    assert await lending.states() == ["revoked"]


async def test_what_ended_is_forgotten_after_three_years(lending: Lending) -> None:
    consent = await lending.give(await lending.open())
    await lending.inhabitant.post(f"{LIST}/{consent.id}/withdraw")
    await lending.let_time_pass(Consent, ended_at=now() - timedelta(days=1090))
    before = await lending.states()
    await lending.let_time_pass(Consent, ended_at=now() - timedelta(days=1100))

    assert (before, await lending.states()) == (["withdrawn"], [])


async def test_the_team_ends_a_question_that_was_wrong(lending: Lending) -> None:
    question = await lending.open()
    await lending.give(question)
    [version] = await lending.versions()
    why = {"reason": "Le but n’est pas dit."}
    refused = await lending.workspace.person.post(f"{question}/invalidate", data=why)
    without = await lending.workspace.team.post(f"{question}/invalidate", data={})
    ended = await lending.workspace.team.post(f"{question}/invalidate", data=why)
    twice = await lending.workspace.team.post(f"{question}/invalidate", data=why)
    job = Job(
        INVALIDATE,
        lending.workspace.territory.id,
        {"notice": str(version.id)},
        0,
        last=False,
    )
    await invalidate_consents(lending.workspace.site, job)
    page = await lending.inhabitant.get(question)

    assert [answer.status_code for answer in (refused, without, ended, twice)] == [
        403,
        422,
        303,
        409,
    ]
    assert await lending.states() == ["invalidated"]
    assert "Le but n’est pas dit." in page.text
    assert 'class="equal"' not in page.text


async def test_who_leaves_lends_nothing_any_more(lending: Lending) -> None:
    question = await lending.open()
    consent = await lending.give(question)
    await lending.give(question, lending.neighbour)
    tenant = lending.workspace.territory.id
    async with lending.workspace.site.database.session(
        tenant, role="worker"
    ) as session:
        person = await session.get_one(Person, (tenant, await lending.person_id()))
        await end_account(session, person, [stop_lending], [])
    rows = {row.id: row.state for row in await lending.rows(Consent)}

    assert rows.pop(consent.id) == "withdrawn"
    assert list(rows.values()) == ["given"]


async def test_the_log_says_that_people_lend_and_not_who(lending: Lending) -> None:
    consent = await lending.give(await lending.open())
    await lending.inhabitant.post(f"{LIST}/{consent.id}/withdraw")
    events = [
        row for row in await lending.rows(AuditEvent) if row.name.startswith("consent.")
    ]

    assert sorted(event.name for event in events) == [
        "consent.given",
        "consent.withdrawn",
    ]
    for event in events:
        assert (event.actor_id, event.subject_id) == (None, consent.notice_id)
        assert str(consent.id) not in json.dumps(event.facts)


async def test_the_page_of_my_data_has_what_i_lend(lending: Lending) -> None:
    consent = await lending.give(await lending.open())
    mine = await lending.inhabitant.get("/my-space/my-data.json")
    other = await lending.neighbour.get("/my-space/my-data.json")

    assert str(consent.recipient_reference) in mine.text
    assert str(consent.recipient_reference) not in other.text


async def test_a_frame_decides_nothing_and_has_no_cookie(lending: Lending) -> None:
    question = await lending.open()
    frame = await lending.inhabitant.get(f"/embed{question}?lang=en")
    refused = await lending.inhabitant.get(f"/embed{question}?lang=en&answer=no")

    assert read_answers(frame.text) == [
        ("btn", "No, I refuse"),
        ("btn", "Yes, I agree"),
    ]
    assert f'<form action="{question}" target="_top">' in frame.text
    assert "method" not in frame.text
    assert "set-cookie" not in frame.headers
    assert "frame-ancestors *" in frame.headers["content-security-policy"]
    assert lending.login.name not in frame.text
    assert "nothing is kept of your answer" in refused.text
    assert await lending.states() == []


@pytest.mark.thorough
async def test_a_frame_shows_the_newest_version(lending: Lending) -> None:
    first = await lending.open()
    await lending.open(question="Et celle-ci ?")
    frame = await lending.workspace.passer.get(f"/embed{first}")
    waiting = await lending.submit(question="Pas encore ?")

    assert "Et celle-ci ?" in frame.text
    gone = await lending.workspace.passer.get(f"/embed/consents/{waiting.id}")
    assert gone.status_code == 404
