"""Coming back from the node: once, by the account that began; whatever else comes stores nothing."""

import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace
from uuid import uuid4

import pytest

from tests.depth import by_depth
from tests.portal.selfdata.requests.conftest import ENGLISH, HOME, Inhabitants
from udi.kit.clock import now, today
from udi.portal.selfdata.requests.queries import get_own_request
from udi.portal.selfdata.requests.returns import ReturnOutcome, confirm_return
from udi.protocol.credentials import CONFIRMATION
from udi.protocol.deadlines import answer_day


async def test_a_return_gives_a_receipt_with_the_day(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("kerlevan")

    answer = await inhabitants.go(draft.id)

    row = await inhabitants.row(draft.id)
    day = today(inhabitants.territory.zone)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{HOME}/{draft.id}"
    assert (row.state, row.received_on) == ("submitted", day)
    assert row.due_on == answer_day(day, "FR")
    assert row.confirmation_hash == CONFIRMATION.hexdigest(
        inhabitants.secrets[draft.id]
    )
    page = await inhabitants.person.get(f"{HOME}/{draft.id}", headers=ENGLISH)
    assert draft.number in page.text
    assert "Mairie de Kerlévan received it on" in unescape(page.text)


async def test_the_secret_itself_is_not_kept(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")

    row = await inhabitants.row(request.id)

    assert inhabitants.secrets[request.id] not in str(vars(row))


async def test_the_same_return_twice_changes_nothing(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")

    again = await inhabitants.come_back(request.id, inhabitants.secrets[request.id])

    after = await inhabitants.row(request.id)
    assert again.status_code == 303
    assert (after.state, after.confirmation_hash, after.received_on) == (
        request.state,
        request.confirmation_hash,
        request.received_on,
    )


async def test_another_confirmation_is_not_stored(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")

    answer = await inhabitants.come_back(request.id, CONFIRMATION.generate())

    assert answer.status_code == 409
    assert "The first one counts." in unescape(answer.text)
    row = await inhabitants.row(request.id)
    assert row.confirmation_hash == request.confirmation_hash


async def test_another_account_stores_nothing(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    await inhabitants.person.get(f"{HOME}/{draft.id}")

    answer = await inhabitants.come_back(
        draft.id, CONFIRMATION.generate(), inhabitants.other
    )

    assert answer.status_code == 404
    assert "another account" in unescape(answer.text)
    row = await inhabitants.row(draft.id)
    assert (row.state, row.confirmation_hash) == ("drafted", "")


async def test_an_unknown_request_stores_nothing(inhabitants: Inhabitants) -> None:
    answer = await inhabitants.come_back(uuid4(), CONFIRMATION.generate())

    assert answer.status_code == 404
    assert await inhabitants.rows() == []


@by_depth("secret", ["", "short", "x" * 44, "é" * 43, "x" * 42 + "="], by_default=[0])
async def test_a_malformed_confirmation_stores_nothing(
    inhabitants: Inhabitants, secret: str
) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    await inhabitants.person.get(f"{HOME}/{draft.id}")

    answer = await inhabitants.come_back(draft.id, secret)

    assert answer.status_code == 409
    assert (await inhabitants.row(draft.id)).confirmation_hash == ""


async def test_a_draft_that_never_went_to_a_node_stores_nothing(
    inhabitants: Inhabitants,
) -> None:
    [draft] = await inhabitants.ask("kerlevan")

    answer = await inhabitants.come_back(draft.id, CONFIRMATION.generate())

    assert answer.status_code == 409
    assert (await inhabitants.row(draft.id)).state == "drafted"


async def test_a_draft_that_lapsed_stores_nothing(inhabitants: Inhabitants) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    await inhabitants.change(draft.id, state="lapsed")

    answer = await inhabitants.go(draft.id)

    assert answer.status_code == 409
    assert "This draft has ended." in unescape(answer.text)
    assert (await inhabitants.row(draft.id)).confirmation_hash == ""


@pytest.mark.parametrize(("hours", "status"), [(23, 303), (24, 409)])
async def test_a_return_after_a_day_is_refused_in_words(
    inhabitants: Inhabitants, hours: int, status: int
) -> None:
    """Its node waits no more for the confirmation, and would never tell how it stands."""
    [draft] = await inhabitants.ask("kerlevan")
    await inhabitants.person.get(f"{HOME}/{draft.id}")
    outcomes = await inhabitants.send(inhabitants.report(draft.id))
    told_at = (await inhabitants.row(draft.id)).written_at
    await inhabitants.change(draft.id, written_at=now() - timedelta(hours=hours))

    answer = await inhabitants.go(draft.id)

    assert outcomes == {str(draft.id): "unconfirmed"}
    assert told_at is not None
    assert answer.status_code == status
    assert ("more than 24 hours" in answer.text) is (status == 409)
    row = await inhabitants.row(draft.id)
    assert (row.confirmation_hash == "") is (status == 409)


@pytest.mark.thorough
async def test_what_was_written_only_is_not_called_unsent(
    inhabitants: Inhabitants,
) -> None:
    [draft] = await inhabitants.ask("kerlevan")
    await inhabitants.person.get(f"{HOME}/{draft.id}")
    await inhabitants.send(inhabitants.report(draft.id))
    await inhabitants.change(draft.id, state="lapsed", ended_on=now().date())

    request_page = await inhabitants.person.get(f"{HOME}/{draft.id}", headers=ENGLISH)
    listed = await inhabitants.person.get(HOME, headers=ENGLISH)

    for page in (request_page, listed):
        assert "This request is not followed here" in page.text
        assert "nothing was sent" not in page.text
    assert f"https://node.example/subjects/requests/{draft.id}" in request_page.text


async def test_of_two_returns_at_once_the_first_counts(
    inhabitants: Inhabitants,
) -> None:
    """The second one read the request as a draft, before the first was stored."""
    [draft] = await inhabitants.ask("kerlevan")
    await inhabitants.person.get(f"{HOME}/{draft.id}")
    member = SimpleNamespace(person_id=draft.person_id)

    async with inhabitants.site.database.session(
        inhabitants.territory.id, person=draft.person_id
    ) as session:
        own_request = await get_own_request(session, member, draft.id)  # type: ignore[arg-type]  # the person is all that it reads
        assert (await inhabitants.go(draft.id)).status_code == 303
        outcome = await confirm_return(
            session, inhabitants.territory, own_request, CONFIRMATION.generate()
        )

    assert outcome is ReturnOutcome.OTHER
    row = await inhabitants.row(draft.id)
    assert row.confirmation_hash == CONFIRMATION.hexdigest(
        inhabitants.secrets[draft.id]
    )


@pytest.mark.thorough
async def test_a_calendar_names_the_number_alone(inhabitants: Inhabitants) -> None:
    [request] = await inhabitants.submit("kerlevan")

    one = await inhabitants.person.get(f"{HOME}/{request.id}/due.ics", headers=ENGLISH)
    every = await inhabitants.person.get(f"{HOME}.ics", headers=ENGLISH)

    assert one.headers["content-type"].startswith("text/calendar")
    assert request.due_on is not None
    for calendar in (one.text, every.text):
        text = re.sub(r"\r\n ", "", calendar)
        assert f"Last day to answer request {request.number}" in text
        assert f"DTSTART;VALUE=DATE:{request.due_on:%Y%m%d}" in text
        assert "erl" not in text.lower().replace("calendar", "")
