"""The register of an organisation: stated, written, published, corrected by its administrators, and by nobody else."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.depth import by_depth
from tests.portal.selfdata.conftest import (
    CANTEEN,
    ENGLISH,
    KERLEVAN,
    REGISTER,
    SEVE,
    TownHall,
)
from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.portal.organisations.models import Organisation
from udi.portal.selfdata import register_templates
from udi.portal.selfdata.models import (
    LifeMoment,
    ProcessingEntry,
    ProcessingStatement,
)
from udi.protocol.subject_rights import LegalBasis

HEALTH = re.compile("health|vaccine|diet|allerg|medical")
STATEMENT = {
    "holds_data": "yes",
    "officer_email": "dpo@kerlevan.example",
    "officer_address": "Place de la Mairie",
}
ACTS = [
    ("GET", ""),
    ("GET", "/new"),
    ("GET", "/templates/commune"),
    ("GET", "/export.csv"),
    ("GET", "/export.json"),
    ("GET", "/entries/{entry}"),
    ("POST", "/statement"),
    ("POST", "/review"),
    ("POST", "/publish"),
    ("POST", "/import"),
    ("POST", "/templates/commune"),
    ("POST", "/new"),
    ("POST", "/entries/{entry}"),
    ("POST", "/entries/{entry}/publish"),
    ("POST", "/entries/{entry}/withdraw"),
    ("POST", "/entries/{entry}/delete"),
]


async def test_an_organisation_says_what_it_holds(town_hall: TownHall) -> None:
    sent = await town_hall.manager.post(f"{REGISTER}/statement", data=STATEMENT)
    page = await town_hall.manager.get(REGISTER)

    statement = await town_hall.statement()
    assert sent.status_code == 303
    assert statement.holds_data
    assert statement.officer_email == "dpo@kerlevan.example"
    assert statement.officer_address == "Place de la Mairie"
    assert statement.author_id is not None
    assert 'value="dpo@kerlevan.example"' in page.text
    assert await town_hall.events() == ["processing.stated"]


async def test_a_statement_is_kept_without_what_a_copy_adds(
    town_hall: TownHall,
) -> None:
    untidy = {
        "holds_data": "yes",
        "officer_email": " dpo@kerlevan.example\x00 ",
        "officer_address": "\x00 Mairie \r\nPlace de la Mairie\x00 ",
    }

    sent = await town_hall.manager.post(f"{REGISTER}/statement", data=untidy)

    statement = await town_hall.statement()
    assert sent.status_code == 303
    assert statement.officer_email == "dpo@kerlevan.example"
    assert statement.officer_address == "Mairie\nPlace de la Mairie"


@by_depth(
    ("changed", "words"),
    [
        ({"holds_data": ""}, "Say whether your organisation holds personal data."),
        ({"holds_data": "maybe"}, "Say whether your organisation holds personal data"),
        ({"officer_email": "kerlevan"}, "This is not a mail address."),
        ({"officer_email": "dpo@a.fr?bcc=b%40c.example"}, "This is not a mail"),
        ({"officer_address": "x" * 301}, "Write 300 characters at most."),
    ],
    by_default=[0],
)
async def test_a_statement_that_is_wrong_changes_nothing(
    town_hall: TownHall, changed: dict[str, str], words: str
) -> None:
    sent = await town_hall.manager.post(
        f"{REGISTER}/statement", data={**STATEMENT, **changed}, headers=ENGLISH
    )

    assert sent.status_code == 422
    assert words in unescape(sent.text)
    assert await town_hall.rows(ProcessingStatement) == []


async def test_an_organisation_that_publishes_services_cannot_hold_nothing(
    town_hall: TownHall,
) -> None:
    row = await town_hall.add()
    await town_hall.publish(row)
    nothing = {**STATEMENT, "holds_data": "no"}

    refused = await town_hall.manager.post(f"{REGISTER}/statement", data=nothing)
    await town_hall.manager.post(f"{REGISTER}/entries/{row.id}/withdraw")
    accepted = await town_hall.manager.post(f"{REGISTER}/statement", data=nothing)

    assert refused.status_code == 409
    assert accepted.status_code == 303
    assert not (await town_hall.statement()).holds_data


async def test_a_service_is_written_published_corrected_and_deleted(
    town_hall: TownHall,
) -> None:
    row = await town_hall.add(service_en="School canteen", special_data="1")
    assert (row.state, row.language, row.special_data) == ("draft", "fr", True)
    assert row.texts_of("service") == {
        "fr": "Cantine scolaire",
        "en": "School canteen",
    }

    await town_hall.publish(row)
    [published] = await town_hall.entries()
    assert published.is_published
    assert (await town_hall.statement()).holds_data

    address = f"{REGISTER}/entries/{row.id}"
    changed = {
        **CANTEEN,
        "retention": "Deux ans",
        "changed_at": published.changed_at.isoformat(),
    }
    assert (await town_hall.manager.post(address, data=changed)).status_code == 303
    again = await town_hall.manager.post(address, data=changed | {"people": "Tous"})
    assert again.status_code == 412
    [corrected] = await town_hall.entries()
    assert corrected.people == CANTEEN["people"]
    assert (corrected.retention, corrected.state) == ("Deux ans", "published")

    await town_hall.manager.post(f"{address}/delete")
    assert await town_hall.entries() == []
    assert await town_hall.events() == [
        "processing.entry_added",
        "processing.entry_published",
        "processing.entry_changed",
        "processing.entry_deleted",
    ]


@by_depth(
    ("changed", "field"),
    [
        ({"service": " "}, "service"),
        ({"service": "x" * 121}, "service"),
        ({"data": "x" * 601}, "data"),
        ({"legal_basis": "because"}, "legal_basis"),
        ({"moments": ["childhood", "moon"]}, "moments"),
        ({"purpose_fr": "x" * 601}, "purpose_fr"),
    ],
    by_default=[0],
)
async def test_a_service_that_is_wrong_is_not_kept(
    town_hall: TownHall, changed: dict[str, Any], field: str
) -> None:
    sent = await town_hall.manager.post(
        f"{REGISTER}/new", data={**CANTEEN, **changed}, headers=ENGLISH
    )

    assert sent.status_code == 422
    assert f'href="#{field}"' in sent.text
    assert await town_hall.entries() == []


@by_depth(
    "missing",
    ["people", "data", "purpose", "legal_basis", "retention"],
    by_default=[0],
)
async def test_a_service_that_lacks_something_stays_a_draft(
    town_hall: TownHall, missing: str
) -> None:
    whole = await town_hall.add()
    row = await town_hall.add(service="Crèche", **{missing: ""})

    alone = await town_hall.publish(row)
    together = await town_hall.manager.post(f"{REGISTER}/publish", headers=ENGLISH)

    assert (alone.status_code, together.status_code) == (422, 422)
    assert "Crèche" in together.text
    assert "Say this before everybody reads it." in together.text
    assert {entry.state for entry in await town_hall.entries()} == {"draft"}
    await town_hall.publish(whole)
    read = {row.id: row for row in await town_hall.entries()}[whole.id]
    emptied = await town_hall.manager.post(
        f"{REGISTER}/entries/{whole.id}",
        data={**CANTEEN, missing: "", "changed_at": read.changed_at.isoformat()},
    )
    assert emptied.status_code == 422


@pytest.mark.thorough
async def test_all_drafts_are_published_at_once(town_hall: TownHall) -> None:
    await town_hall.add()
    await town_hall.add(service="Médiathèque")

    sent = await town_hall.manager.post(f"{REGISTER}/publish")

    assert sent.status_code == 303
    assert {entry.state for entry in await town_hall.entries()} == {"published"}


@pytest.mark.thorough
async def test_a_register_is_reviewed(town_hall: TownHall) -> None:
    unsaid = await town_hall.manager.post(f"{REGISTER}/review")
    row = await town_hall.add()
    await town_hall.publish(row)
    old = now().date() - timedelta(days=400)
    async with town_hall.site.database.session(
        town_hall.territory.id, role="worker"
    ) as session:
        await session.execute(update(ProcessingEntry).values(reviewed_on=old))
        await session.execute(update(ProcessingStatement).values(reviewed_on=old))

    reviewed = await town_hall.manager.post(f"{REGISTER}/review")

    assert (unsaid.status_code, reviewed.status_code) == (409, 303)
    [entry] = await town_hall.entries()
    assert entry.reviewed_on > old
    assert (await town_hall.statement()).reviewed_on > old


async def test_a_register_is_its_administrators_business(town_hall: TownHall) -> None:
    row = await town_hall.add()
    before = vars(row) | {"_sa_instance_state": None}
    for method, path in ACTS:
        address = f"{REGISTER}{path.format(entry=row.id)}"

        member = await town_hall.publisher.request(method, address, data={})
        stranger = await town_hall.stranger.request(method, address, data={})
        passer_by = await town_hall.anyone.request(method, address, data={})

        assert (member.status_code, stranger.status_code) == (403, 403), address
        assert passer_by.status_code in {302, 303, 401}, address
        [after] = await town_hall.entries()
        assert vars(after) | {"_sa_instance_state": None} == before, address
        assert await town_hall.rows(ProcessingStatement) == [], address


async def test_a_service_of_another_organisation_is_not_there(
    town_hall: TownHall,
) -> None:
    row = await town_hall.add()
    elsewhere = f"/my-space/organisations/seve/processing/entries/{row.id}"

    for path in ("", "/publish", "/withdraw", "/delete"):
        answer = await town_hall.stranger.post(f"{elsewhere}{path}", data=CANTEEN)
        assert answer.status_code == 404
    assert [entry.state for entry in await town_hall.entries()] == ["draft"]


@pytest.mark.thorough
async def test_services_of_a_template_become_drafts(town_hall: TownHall) -> None:
    address = f"{REGISTER}/templates/commune"
    page = await town_hall.manager.get(address)
    empty = await town_hall.manager.post(address, data={})
    added = await town_hall.manager.post(address, data={"entry": ["0", "4", "999"]})
    unknown = await town_hall.manager.get(f"{REGISTER}/templates/moon")

    assert "Cantine scolaire" in page.text
    assert (empty.status_code, added.status_code) == (422, 303)
    assert unknown.status_code == 404
    canteen, library = await town_hall.entries()
    assert (canteen.service, library.service) == ("Cantine scolaire", "Médiathèque")
    assert canteen.state == library.state == "draft"
    assert canteen.texts_of("service")["en"] == "School canteen"
    assert (await town_hall.publish(canteen)).status_code == 303


@pytest.mark.parametrize("name", register_templates.NAMES)
def test_a_template_is_whole_in_each_language(name: str) -> None:
    entries = register_templates.read_template(name)

    assert 10 <= len(entries) <= 15
    for entry in entries:
        assert set(entry.texts) == {
            "service",
            "people",
            "data",
            "purpose",
            "retention",
            "recipients",
        }
        for texts in entry.texts.values():
            assert set(texts) == {"en", "fr", "es"}
            assert [text for text in texts.values() if not 0 < len(text) < 120] == []
        assert entry.legal_basis in set(LegalBasis)
        assert entry.moments
        assert set(entry.moments) <= set(LifeMoment)


@pytest.mark.parametrize("name", register_templates.NAMES)
def test_a_sample_list_says_that_data_of_health_are_sensitive(name: str) -> None:
    entries = register_templates.read_template(name)
    of_health = [
        entry for entry in entries if HEALTH.search(entry.texts["data"]["en"].lower())
    ]

    assert of_health
    assert [
        entry.texts["service"]["en"] for entry in of_health if not entry.special_data
    ] == []


async def test_a_register_has_two_hundred_services_at_most(
    town_hall: TownHall,
) -> None:
    table = "service\r\n" + "".join(f"Service {n}\r\n" for n in range(200))
    files = {"file": ("register.csv", table.encode(), "text/csv")}
    await town_hall.manager.post(f"{REGISTER}/import", files=files)

    one_more = await town_hall.manager.post(f"{REGISTER}/new", data=CANTEEN)

    assert one_more.status_code == 409
    assert len(await town_hall.entries()) == 200


async def test_administrators_are_asked_a_week_after_they_came(
    town_hall: TownHall,
) -> None:
    at_once = (await town_hall.manager.get("/inbox.json")).json()
    async with town_hall.site.database.session(
        town_hall.territory.id, role="worker"
    ) as session:
        week = now() - timedelta(days=8)
        await session.execute(update(Organisation).values(created_at=week))
    inbox = (await town_hall.manager.get("/inbox.json")).json()
    member = (await town_hall.publisher.get("/inbox.json")).json()
    page = await town_hall.manager.get("/inbox", headers=ENGLISH)
    await town_hall.manager.post(f"{REGISTER}/statement", data={"holds_data": "no"})
    settled = (await town_hall.manager.get("/inbox.json")).json()

    [item] = inbox["items"]
    assert (item["kind"], item["id"]) == ("processing", str(KERLEVAN))
    assert item["url"].endswith(REGISTER)
    assert "Say whether it holds personal data" in page.text
    assert at_once["total"] == member["total"] == settled["total"] == 0


async def test_an_author_who_leaves_is_forgotten(town_hall: TownHall) -> None:
    await town_hall.publish(await town_hall.add())
    async with town_hall.site.database.session(
        town_hall.territory.id, role="owner"
    ) as session:
        await session.execute(delete(Person))

    [entry] = await town_hall.entries()
    assert entry.author_id is None
    assert (await town_hall.statement()).author_id is None


async def test_a_register_goes_with_its_organisation(town_hall: TownHall) -> None:
    await town_hall.publish(await town_hall.add())
    async with town_hall.site.database.session(
        town_hall.territory.id, role="owner"
    ) as session:
        await session.execute(delete(Organisation).where(Organisation.id == KERLEVAN))

    assert await town_hall.rows(ProcessingEntry) == []
    assert await town_hall.rows(ProcessingStatement) == []


async def test_another_territory_sees_no_register(
    town_hall: TownHall, other: Territory
) -> None:
    await town_hall.publish(await town_hall.add())
    database = town_hall.site.database
    for role in ("app", "public", "worker"):
        async with database.session(other.id, role=role) as session:
            assert (await session.get(ProcessingEntry, (other.id, KERLEVAN))) is None
            for model in (ProcessingEntry, ProcessingStatement):
                rows = await session.run_sync(lambda s, m=model: s.query(m).all())
                assert rows == []


async def test_drafts_are_hidden_from_passers_by_in_the_database(
    town_hall: TownHall,
) -> None:
    await town_hall.add(service="Brouillon")
    await town_hall.publish(await town_hall.add())
    async with town_hall.site.database.session(
        town_hall.territory.id, role="public"
    ) as session:
        rows = await session.run_sync(lambda s: s.query(ProcessingEntry).all())

    assert [row.service for row in rows] == ["Cantine scolaire"]
    assert SEVE not in {row.organisation_id for row in rows}
