"""Notices: the project writes in plain words, the producer accepts or refuses, a new version asks again."""

import pytest

from tests.depth import by_depth
from tests.portal.consents.conftest import NOTICE, Lending
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import AccessAgreement
from udi.portal.consents.queries import notice_of
from udi.protocol.consent import notice_digest, write_notice

ENGLISH = {"Accept-Language": "en"}


async def test_a_version_goes_to_the_producer_who_accepts_it(lending: Lending) -> None:
    version = await lending.submit()
    notice = notice_of(version)
    closed = await lending.inhabitant.get(f"/consents/{version.id}")
    inbox = await lending.workspace.producer.get("/inbox")

    assert (version.state, version.version) == ("submitted", 1)
    assert version.sha256 == notice_digest(notice)
    assert version.document == write_notice(notice)
    assert (notice.recipient.name, notice.effect_of_refusing) == (
        "Réseau Goéland",
        "none",
    )
    assert notice.fields == ("îlot", "énergie")
    assert closed.status_code == 404
    assert lending.page in inbox.text
    assert "chaleur" in inbox.text

    accepted = await lending.workspace.producer.post(
        f"{lending.page}/{version.id}/accept"
    )

    assert accepted.status_code == 303
    assert (await lending.inhabitant.get(f"/consents/{version.id}")).status_code == 200
    assert lending.page not in (await lending.workspace.producer.get("/inbox")).text
    events = await lending.workspace.events()
    assert events[-2:] == ["notice.submitted", "notice.accepted"]


@by_depth(
    ("name", "text", "words"),
    [
        ("question", "", "This is empty."),
        ("question", "mot simple " * 12, "This has 131 characters."),
        ("data", " ".join(["mot"] * 26), "has 26 words"),
        ("reason", "PRÊTEZ VOS DONNÉES", "in capital letters"),
        ("reason", "Intercommunalisationnellement", "is hard to read"),
        ("months", "0", "1 month at least"),
        ("months", "25", "1 month at least"),
        ("months", "douze", "not a number of months"),
    ],
    by_default=[0],
)
async def test_words_that_are_hard_to_read_are_refused_at_their_place(
    lending: Lending, name: str, text: str, words: str
) -> None:
    sent = await lending.workspace.person.post(
        lending.page, data={**NOTICE, name: text}, headers=ENGLISH
    )

    assert sent.status_code == 422
    assert words in sent.text
    assert f'href="#{name}"' in sent.text
    assert await lending.versions() == []


async def test_only_the_two_sides_see_the_page_and_each_does_its_part(
    lending: Lending,
) -> None:
    version = await lending.submit()
    workspace = lending.workspace

    assert (await lending.inhabitant.get(lending.page)).status_code == 404
    assert (await workspace.producer.post(lending.page, data=NOTICE)).status_code == 403
    for event in ("accept", "refuse"):
        address = f"{lending.page}/{version.id}/{event}"
        assert (await workspace.person.post(address)).status_code == 403
        assert (await lending.inhabitant.post(address)).status_code == 404
    elsewhere = f"{lending.page}/{lending.agreement.split('/')[-1]}/accept"
    assert (await workspace.producer.post(elsewhere)).status_code == 404
    assert [row.state for row in await lending.versions()] == ["submitted"]


@pytest.mark.thorough
async def test_a_producer_refuses_with_a_reason_and_decides_once(
    lending: Lending,
) -> None:
    version = await lending.submit()
    address = f"{lending.page}/{version.id}"
    empty = await lending.workspace.producer.get(lending.page)
    without = await lending.workspace.producer.post(
        f"{address}/refuse", data={"reason": ""}
    )
    refused = await lending.workspace.producer.post(
        f"{address}/refuse", data={"reason": "Trop vague."}
    )
    again = await lending.workspace.producer.post(f"{address}/accept")
    page = await lending.workspace.person.get(lending.page)

    assert [without.status_code, refused.status_code, again.status_code] == [
        422,
        303,
        409,
    ]
    assert f'value="{NOTICE["reason"]}"' not in empty.text
    assert "Trop vague." in page.text
    assert (await lending.inhabitant.get(f"/consents/{version.id}")).status_code == 404


@pytest.mark.thorough
async def test_a_later_version_replaces_the_one_that_waits_and_the_one_that_is_open(
    lending: Lending,
) -> None:
    first = await lending.open()
    await lending.submit(question="Deuxième question ?")
    await lending.submit(question="Troisième question ?")
    before = await lending.inhabitant.get(first)
    third = (await lending.versions())[-1]
    await lending.workspace.producer.post(f"{lending.page}/{third.id}/accept")
    after = await lending.inhabitant.get(first)

    assert before.status_code == 200
    assert (after.status_code, after.headers["location"]) == (
        303,
        f"/consents/{third.id}",
    )
    assert [row.state for row in await lending.versions()] == [
        "replaced",
        "replaced",
        "accepted",
    ]


async def test_nobody_is_asked_under_an_agreement_that_ended(lending: Lending) -> None:
    question = await lending.open()
    await lending.let_time_pass(AccessAgreement, state=AgreementState.REVOKED)
    sent = await lending.workspace.person.post(lending.page, data=NOTICE)
    page = await lending.inhabitant.get(question)
    given = await lending.inhabitant.post(question, data={"answer": "yes"})

    assert [sent.status_code, page.status_code, given.status_code] == [409, 200, 409]
    assert 'value="yes"' not in page.text
    assert await lending.states() == []


@pytest.mark.thorough
async def test_a_person_who_leads_a_project_alone_cannot_ask(lending: Lending) -> None:
    [row] = await lending.rows(AccessAgreement)
    document = {**row.document}
    document["requester"] = {**document["requester"], "kind": "person"}
    await lending.let_time_pass(AccessAgreement, document=document)
    sent = await lending.workspace.person.post(
        lending.page, data=NOTICE, headers=ENGLISH
    )
    page = await lending.workspace.person.get(lending.page, headers=ENGLISH)

    assert sent.status_code == 409
    assert "An organisation must lead" in page.text
    assert 'name="question"' not in page.text
