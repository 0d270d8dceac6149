"""Adding a producer, inviting its people, and bringing what the portal knows of them up to date."""

import asyncio
import email
import json
import secrets
import tomllib
from collections.abc import Iterator
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from sqlalchemy import select

from tests.cli.conftest import Run
from tests.mails import text_of
from tests.visitors import make_person
from udi.kit.db import Database
from udi.kit.errors import ConflictError, InvalidError, NotFoundError
from udi.kit.sessions import save_person
from udi.kit.tenancy import Territory
from udi.node.spaces.models import Space
from udi.portal.identity.models import TABLES, Membership
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.queries import list_members
from udi.portal.organisations.models import Organisation
from udi.portal.tenants.toml.schema import OrganisationPart
from udi.settings import Settings

NAME = 'Syndicat « Les Eaux » de l\'"Aber"'
OPTIONS = (
    "--name",
    NAME,
    "--email",
    "contact@eaux.example",
    "--address",
    "1 quai des Brumes",
)


class StoredMails(Message):
    """Keeps what it receives."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[email.message.Message] = []

    def handle_message(self, message: email.message.Message) -> None:
        self.mails.append(message)


@pytest.fixture
def mailbox(keycloak: Settings) -> Iterator[StoredMails]:
    """Where Keycloak's mails arrive."""
    handler = StoredMails()
    controller = Controller(handler, hostname="127.0.0.1", port=keycloak.smtp_port)
    controller.start()
    yield handler
    controller.stop()


async def person(
    keycloak: Settings, groups: dict[str, list[str]], *, confirmed: bool = True
) -> tuple[str, str]:
    """Someone with an account, in groups by alias: their subject and address."""

    def create() -> tuple[str, str]:
        connection = admin.connect(keycloak)
        mail = f"{secrets.token_hex(4)}@people.example"
        answer = connection.post(
            "users",
            {
                "username": mail,
                "email": mail,
                "emailVerified": confirmed,
                "enabled": True,
                "firstName": "A",
                "lastName": "B",
            },
        )
        subject = str(answer.headers["Location"].rpartition("/")[2])
        apply_memberships(connection, subject, groups)
        return subject, mail

    return await asyncio.to_thread(create)


async def logged_in_once(
    keycloak: Settings, database: Database, territory: Territory, subject: str
) -> None:
    """The portal knows the person, and nothing of their organisations."""
    login = make_person(territory)
    async with database.session(territory.id) as session:
        keycloak_login = type(login)(
            **{**login.__dict__, "subject": subject, "issuer": keycloak.issuer}
        )
        await save_person(session, TABLES, keycloak_login)


async def groups_of(
    database: Database, territory: Territory, organisation: str
) -> list[list[str]]:
    async with database.session(territory.id) as session:
        return [groups for _, groups in await list_members(session, organisation)]


async def test_a_producer_is_added_everywhere_and_its_block_is_the_one_of_tenant_toml(
    run: Run, known: Territory, portal_database: Database, node_database: Database
) -> None:
    result = await run(
        "producer", "add", known.slug, "eaux", *OPTIONS, "--quota-gb", "7", "--json"
    )

    report = json.loads(result.stdout)
    assert set(report["changes"].values()) == {"created"}
    part = OrganisationPart.model_validate(
        tomllib.loads(report["toml"])["organisation"][0]
    )
    assert (part.slug, part.name, part.quota_gb) == ("eaux", NAME, 7)
    async with portal_database.session(known.id) as session:
        organisation = (await session.scalars(select(Organisation))).one()
    async with node_database.session(known.id) as session:
        space = (await session.scalars(select(Space))).one()
    assert (organisation.name, organisation.address) == (NAME, "1 quai des Brumes")
    assert (space.organisation_id, space.quota_bytes) == (organisation.id, 7 * 10**9)
    listed = json.loads((await run("producer", "list", known.slug, "--json")).stdout)
    assert listed == [
        {"slug": "eaux", "name": NAME, "email": "contact@eaux.example", "people": 0}
    ]


@pytest.mark.thorough
async def test_a_second_time_changes_nothing_not_even_the_room_given(
    run: Run, known: Territory, node_database: Database
) -> None:
    await run("producer", "add", known.slug, "eaux", *OPTIONS, "--quota-gb", "7")

    again = await run("producer", "add", known.slug, "eaux", *OPTIONS, "--json")

    assert set(json.loads(again.stdout)["changes"].values()) == {"unchanged"}
    async with node_database.session(known.id) as session:
        assert (await session.scalars(select(Space.quota_bytes))).one() == 7 * 10**9


async def test_a_wrong_answer_is_named_and_nothing_is_added(
    run: Run, known: Territory, portal_database: Database
) -> None:
    invalid_result = await run(
        "producer", "add", known.slug, "Eaux !", "--name", "Eaux", "--email", "nobody"
    )
    nowhere = await run("producer", "add", "nowhere", "eaux", *OPTIONS)

    assert isinstance(invalid_result.exception, InvalidError)
    assert {refusal.field for refusal in invalid_result.exception.refusals} == {
        "slug",
        "email",
    }
    assert isinstance(nowhere.exception, NotFoundError)
    async with portal_database.session(known.id) as session:
        assert (await session.scalars(select(Organisation))).all() == []


@pytest.mark.thorough
async def test_somebody_without_an_account_receives_one_mail(
    run: Run, keycloak: Settings, known: Territory, mailbox: StoredMails
) -> None:
    address = f"{secrets.token_hex(4)}@people.example"

    first = await run("producer", "invite", known.slug, "mairie", address, "--json")
    second = await run("producer", "invite", known.slug, "mairie", address, "--json")

    assert json.loads(first.stdout)["outcome"] == "invited"
    assert json.loads(second.stdout)["outcome"] == "already invited"
    [mail] = mailbox.mails
    assert mail["To"] == address
    parsed = email.message_from_bytes(mail.as_bytes(), policy=default)
    assert f"/realms/{keycloak.identity_realm}/" in text_of(parsed)


async def test_who_accepts_receives_their_right_at_the_next_sync(
    run: Run,
    known: Territory,
    keycloak: Settings,
    portal_database: Database,
    mailbox: StoredMails,
) -> None:
    subject, address = await person(keycloak, {})
    await logged_in_once(keycloak, portal_database, known, subject)
    await run("producer", "invite", known.slug, "mairie", address, "--manager")
    await run("tenant", "sync", known.slug)
    assert await groups_of(portal_database, known, "mairie") == []

    await asyncio.to_thread(
        apply_memberships,
        admin.connect(keycloak),
        subject,
        {f"{known.slug}--mairie": []},
    )
    synced = await run("tenant", "sync", known.slug, "--json")

    assert json.loads(synced.stdout) == [
        {"territory": known.slug, "members": 1, "people": 1, "changed": 1}
    ]
    assert await groups_of(portal_database, known, "mairie") == [["managers"]]
    assert (
        json.loads((await run("tenant", "sync", known.slug, "--json")).stdout)[0][
            "changed"
        ]
        == 0
    )


async def test_a_member_joins_the_group_at_once_and_no_mail_leaves(
    run: Run, known: Territory, keycloak: Settings, mailbox: StoredMails
) -> None:
    _, address = await person(keycloak, {f"{known.slug}--mairie": ["publishers"]})

    joined = await run(
        "producer",
        "invite",
        known.slug,
        "mairie",
        address.upper(),
        "--manager",
        "--json",
    )
    again = await run(
        "producer", "invite", known.slug, "mairie", address, "--manager", "--json"
    )

    assert json.loads(joined.stdout)["outcome"] == "joined"
    assert json.loads(again.stdout)["outcome"] == "unchanged"
    assert mailbox.mails == []


async def test_an_address_that_nobody_confirmed_gives_no_right(
    run: Run,
    known: Territory,
    keycloak: Settings,
    portal_database: Database,
    mailbox: StoredMails,
) -> None:
    subject, address = await person(keycloak, {}, confirmed=False)
    await logged_in_once(keycloak, portal_database, known, subject)
    await run("producer", "invite", known.slug, "mairie", address, "--manager")
    await asyncio.to_thread(
        apply_memberships,
        admin.connect(keycloak),
        subject,
        {f"{known.slug}--mairie": []},
    )

    await run("tenant", "sync", known.slug)
    again = await run("producer", "invite", known.slug, "mairie", address, "--manager")

    assert await groups_of(portal_database, known, "mairie") == [[]]
    assert isinstance(again.exception, ConflictError)


@pytest.mark.thorough
async def test_an_unknown_producer_is_refused(
    run: Run, known: Territory, keycloak: Settings
) -> None:
    result = await run("producer", "invite", known.slug, "nobody", "x@people.example")

    assert isinstance(result.exception, NotFoundError)
    assert "udi producer list" in result.exception.remedy


async def test_sync_forgets_who_left_and_leaves_other_territories_alone(
    run: Run,
    known: Territory,
    other: Territory,
    keycloak: Settings,
    portal_database: Database,
) -> None:
    subject, _ = await person(
        keycloak, {f"{known.slug}--seve": ["publishers"], known.slug: ["moderators"]}
    )
    for territory in (known, other):
        await logged_in_once(keycloak, portal_database, territory, subject)
    async with portal_database.session(other.id) as session:
        person_id = (await session.scalars(select(TABLES.person.id))).one()
        session.add(
            Membership(
                person_id=person_id, organisation_slug="seve", groups=["managers"]
            )
        )
    await run("tenant", "sync", known.slug)
    assert await groups_of(portal_database, known, "seve") == [["publishers"]]

    alias = f"{known.slug}--seve"

    def leave() -> None:
        connection = admin.connect(keycloak)
        organisations = connection.get(
            "organizations", q=f"udi.territory:{known.slug}", max=100
        )
        identifier = next(
            organisation["id"]
            for organisation in organisations
            if organisation["alias"] == alias
        )
        connection.delete(f"organizations/{identifier}/members/{subject}")

    await asyncio.to_thread(leave)
    await run("tenant", "sync", known.slug)

    assert await groups_of(portal_database, known, "seve") == []
    assert await groups_of(portal_database, other, "seve") == [["managers"]]
