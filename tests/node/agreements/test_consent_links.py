"""The numbers that people bring: for one column, in one form, one at a time, and confirmed as the producer saw them."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.node.agreements.granting import Grant
from tests.node.agreements.lenders import ENGLISH, Lenders
from udi.kit.clock import now
from udi.node.agreements.models import ConsentLink, HeldConsent, PersonColumn
from udi.protocol.consent import ConsentState
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.columns.identifiers import (
    UnreadableIdentifierError,
    may_identify,
    normalise_identifier,
    read_identifier,
)

REFERENCE = re.compile(r"reference: ([0-9A-F]{8})")


@pytest.fixture
async def grant(lenders: Lenders) -> Grant:
    grant = lenders.portal.grant(lenders.dataset)
    await lenders.portal.push(lenders.machine, grant)
    return grant


async def test_what_is_confirmed_is_the_number_that_the_page_showed(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column(is_secret=False)
    loan = await lenders.lend(grant, "PA-0003")
    seen = await lenders.see(loan)
    await lenders.bring(loan, "PA-0007")
    answers = [
        await lenders.decide(loan, "confirm", seen),
        await lenders.decide(loan, "reject", seen),
        await lenders.decide(loan, "confirm", {}),
    ]
    [link] = await lenders.rows(ConsentLink)
    now_seen = await lenders.decide(loan, "confirm")

    assert [answer.status_code for answer in answers] == [409] * 3
    assert link.state == "pending"
    assert now_seen.status_code == 303
    assert await lenders.read(grant) == ["PA-0007"]


@pytest.mark.thorough
async def test_a_number_that_is_brought_again_is_another(
    lenders: Lenders, grant: Grant
) -> None:
    """Mine, then hers, then mine again: what was said of the first is not said of the third."""
    await lenders.name_column(is_secret=False)
    loan = await lenders.lend(grant, "PA-0003")
    seen = await lenders.see(loan)
    await lenders.bring(loan, "PA-0007")
    await lenders.bring(loan, "PA-0003")

    assert (await lenders.decide(loan, "confirm", seen)).status_code == 409


async def test_each_number_has_a_reference_of_its_own(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column(is_secret=False)
    loan = lenders.portal.lend(grant)
    await lenders.push(loan)
    references = []
    for code in ("PA-0003", "PA-0007"):
        form = await lenders.open_form(loan)
        match = REFERENCE.search(form.text)
        assert match
        await lenders.send(form, code)
        page = await lenders.producer.client.get(lenders.page, headers=ENGLISH)
        assert f"Reference {match[1]}" in page.text
        references.append(match[1])

    assert len(set(references)) == 2


async def test_an_open_form_sends_one_number(lenders: Lenders, grant: Grant) -> None:
    """Its reference is that of one number: the same again changes nothing, another is refused."""
    await lenders.name_column()
    loan = lenders.portal.lend(grant)
    await lenders.push(loan)
    form = await lenders.open_form(loan)
    first = await lenders.send(form, "PA-0003")
    same = await lenders.send(form, "PA-0003")
    other = await lenders.send(form, "PA-0007")
    [link] = await lenders.rows(ConsentLink)

    assert [first.status_code, same.status_code, other.status_code] == [303, 303, 409]
    assert (link.code, link.attempts) == ("PA-0003", 1)


@pytest.mark.thorough
async def test_a_double_click_brings_one_number(lenders: Lenders, grant: Grant) -> None:
    await lenders.name_column()
    for code in ("PA-0003", "PA-0004", "PA-0005"):
        loan = lenders.portal.lend(grant)
        await lenders.push(loan)
        form = await lenders.open_form(loan)
        answers = await asyncio.gather(
            *(lenders.send(form, code) for _ in range(4)),
        )
        assert [answer.status_code for answer in answers] == [303] * 4

    assert [link.attempts for link in await lenders.rows(ConsentLink)] == [1] * 3


async def test_of_two_who_bring_a_secret_number_at_once_one_waits(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    for code in ("PA-0003", "PA-0004", "PA-0005"):
        loans = [lenders.portal.lend(grant) for _ in range(3)]
        for loan in loans:
            await lenders.push(loan)
        forms = [await lenders.open_form(loan) for loan in loans]
        await asyncio.gather(*(lenders.send(form, code) for form in forms))

    states = [link.state for link in await lenders.rows(ConsentLink)]
    assert sorted(states) == ["confirmed"] * 3 + ["pending"] * 6


async def test_another_column_makes_every_number_wait_again(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    await lenders.lend(grant, "PA-0003")
    await lenders.name_column("note")
    other = await lenders.read(grant)
    await lenders.name_column()

    assert other == ["no_consent"]
    assert await lenders.read(grant) == ["no_consent"]


@pytest.mark.thorough
async def test_a_column_that_is_named_again_makes_every_number_wait(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    await lenders.name_column("")
    await lenders.name_column()
    again = await lenders.read(grant)
    confirmed = await lenders.decide(loan, "confirm")

    assert again == ["no_consent"]
    assert confirmed.status_code == 303
    assert await lenders.read(grant) == ["PA-0003"]


async def test_numbers_that_are_not_secret_any_more_wait(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    await lenders.lend(grant, "PA-0003")
    await lenders.name_column()
    same = await lenders.read(grant)
    await lenders.name_column(is_secret=False)

    assert same == ["PA-0003"]
    assert await lenders.read(grant) == ["no_consent"]


async def test_a_number_counts_for_its_own_column(
    lenders: Lenders, grant: Grant
) -> None:
    """Whatever its state says: the column stands in the number itself."""
    await lenders.name_column()
    await lenders.lend(grant, "PA-0003")
    async with lenders.database.session(lenders.tenant.id, role="worker") as session:
        await session.execute(update(ConsentLink).values(column_name="note"))

    assert await lenders.read(grant) == ["no_consent"]


@pytest.mark.thorough
async def test_a_number_that_the_new_column_cannot_hold_is_not_confirmed(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    await lenders.name_column("index")
    refused = await lenders.decide(loan, "confirm")
    await lenders.bring(loan, "3")
    await lenders.decide(loan, "confirm")

    assert refused.status_code == 409
    assert await lenders.read(grant) == ["PA-0003"]


@pytest.mark.thorough
async def test_a_confirmed_number_can_be_rejected_later(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    before = await lenders.read(grant)
    rejected = await lenders.decide(loan, "reject")

    after = await lenders.read(grant)
    for _ in range(2):
        await lenders.bring(loan, "PA-0003")

    assert (before, rejected.status_code) == (["PA-0003"], 303)
    assert after == ["no_consent"]
    assert await lenders.read(grant) == ["no_consent"]


async def test_confirming_one_does_not_leave_the_number_to_another(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    stranger = await lenders.lend(grant, "PA-0003")
    owner = await lenders.lend(grant, "PA-0003")
    page = await lenders.producer.client.get(
        lenders.page, headers={"Accept-Language": "en"}
    )
    await lenders.decide(owner, "confirm")
    states = {link.id: link.state for link in await lenders.rows(ConsentLink)}

    assert page.text.count("brought more than once") == 2
    assert states == {owner.id: "confirmed", stranger.id: "pending"}


@pytest.mark.thorough
async def test_one_person_may_lend_the_same_rows_twice(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    other = lenders.portal.grant(lenders.dataset)
    await lenders.portal.push(lenders.machine, other)
    await lenders.lend(grant, "PA-0003")
    second = await lenders.lend(other, "PA-0003")
    await lenders.decide(second, "confirm", {**await lenders.see(second), "same": "1"})

    assert await lenders.read(grant) == ["PA-0003"]
    assert await lenders.read(other) == ["PA-0003"]


@pytest.mark.parametrize(
    "text",
    [
        "+12",
        pytest.param("12.0", marks=pytest.mark.thorough),
        pytest.param("1.5", marks=pytest.mark.thorough),
        pytest.param("9e16", marks=pytest.mark.thorough),
        pytest.param("-3", marks=pytest.mark.thorough),
        pytest.param("1 2", marks=pytest.mark.thorough),
        "١٢",
    ],
)
async def test_a_whole_number_is_digits_only(
    lenders: Lenders, grant: Grant, text: str
) -> None:
    await lenders.name_column("index")
    loan = lenders.portal.lend(grant)
    await lenders.push(loan)

    assert (await lenders.bring(loan, text)).status_code == 422
    assert await lenders.rows(ConsentLink) == []


@pytest.mark.thorough
async def test_zeros_before_a_whole_number_make_no_other(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column("index")
    await lenders.lend(grant, "12")
    await lenders.lend(grant, "0012")

    states = sorted(link.state for link in await lenders.rows(ConsentLink))
    assert states == ["confirmed", "pending"]


async def test_a_column_of_places_says_nobody(lenders: Lenders) -> None:
    refused = await lenders.producer.client.post(
        lenders.page, data={"column": "latitude"}, headers=ENGLISH
    )

    assert refused.status_code == 422
    assert "two people could share a value" in refused.text


async def test_rows_are_not_found_by_measures(lenders: Lenders, grant: Grant) -> None:
    """A column that was of codes and is of measures now, in a newer file, gives nothing."""
    await lenders.name_column()
    await lenders.lend(grant, "PA-0003")
    async with lenders.database.session(lenders.tenant.id, role="worker") as session:
        await session.execute(update(PersonColumn).values(name="latitude"))
        await session.execute(
            update(ConsentLink).values(column_name="latitude", code="48.003")
        )

    assert await lenders.read(grant) == ["other_columns"]


@pytest.mark.parametrize("kind", list(ColumnType))
def test_kinds_of_columns_that_may_identify(kind: ColumnType) -> None:
    never = {
        ColumnType.NUMBER, ColumnType.YEAR, ColumnType.BOOLEAN, ColumnType.DATE, ColumnType.DATETIME, ColumnType.TIME,
        ColumnType.LATITUDE, ColumnType.LONGITUDE, ColumnType.POINT, ColumnType.JSON, ColumnType.EMPTY,
    }  # fmt: skip

    assert may_identify(TypedColumn("a", kind)) == (kind not in never)


def test_whole_numbers_are_compared_as_whole_numbers() -> None:
    whole = TypedColumn("a", ColumnType.INTEGER)

    assert read_identifier(whole, "90071992547409931") == 90071992547409931
    assert normalise_identifier(whole, "000") == "0"
    for text in ("012", "9" * 19, "1.0", "", " 1"):
        with pytest.raises(UnreadableIdentifierError):
            read_identifier(whole, text)
    assert read_identifier(TypedColumn("a", ColumnType.CODE), "012") == "012"
    with pytest.raises(UnreadableIdentifierError):
        read_identifier(TypedColumn("a", ColumnType.TEXT), "a\x00")


async def test_an_end_is_taken_whatever_its_revision(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    loan = await lenders.lend(grant, "PA-0003")
    lenders.portal.revision += 1
    loan.change(state=ConsentState.GIVEN)
    given = await lenders.push(loan)
    held_revision = loan.status.revision
    lenders.portal.revision = 0
    loan.change(state=ConsentState.WITHDRAWN)
    ended = await lenders.push(loan)
    [held] = await lenders.rows(HeldConsent)

    assert given.json()["consent"] == {
        "id": str(loan.id),
        "state": "given",
        "revision": held_revision,
    }
    assert ended.json()["consent"] == {
        "id": str(loan.id),
        "state": "withdrawn",
        "revision": held_revision,
    }
    assert (held.state, held.revision) == ("withdrawn", held_revision)
    assert await lenders.read(grant) == ["no_consent"]


async def test_the_form_may_lead_back_to_the_portal(
    lenders: Lenders, grant: Grant
) -> None:
    loan = lenders.portal.lend(grant)
    await lenders.push(loan)
    form = await lenders.open_form(loan)
    invalid = await lenders.send(form, "")
    policies = [answer.headers["content-security-policy"] for answer in (form, invalid)]
    targets = [
        part
        for policy in policies
        for part in policy.split(";")
        if "form-action" in part
    ]

    assert [lenders.portal.origin in part for part in targets] == [True, True]


async def test_of_two_live_agreements_the_one_that_is_lent_to_is_read(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    other = lenders.portal.grant(lenders.dataset, ends_at=now() + timedelta(days=900))
    other.change(credentials=grant.standing.credentials)
    await lenders.portal.push(lenders.machine, other)
    await lenders.lend(grant, "PA-0003")
    under_first = await lenders.read(grant)
    await lenders.stop(lenders.portal.loans[-1])
    await lenders.lend(other, "PA-0007")

    assert under_first == ["PA-0003"]
    assert await lenders.read(grant) == ["PA-0007"]


async def test_a_node_that_cannot_know_who_lends_says_what_to_do(
    lenders: Lenders, grant: Grant
) -> None:
    await lenders.name_column()
    await lenders.lend(grant, "PA-0003")
    await lenders.set_freshness(seconds=-1)
    answer = await lenders.machine.get(
        f"/api/resources/{lenders.dataset}/data/csv/",
        headers={**grant.headers, "Accept-Language": "en"},
    )

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert answer.json()["code"] == "consents_stale"
    assert "Try again in a few minutes" in answer.text


async def test_the_page_of_the_number_promises_what_the_node_does(
    lenders: Lenders, grant: Grant
) -> None:
    loan = lenders.portal.lend(grant)
    await lenders.push(loan)
    form = await lenders.open_form(loan)

    assert "never see this number" not in form.text
    assert "the project then reads it there" in form.text
