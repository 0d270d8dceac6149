"""Somebody who did everything at a portal and a node deletes their account: nothing of them is found in either database."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from tests.contract.credentials.test_leaving import Leaver, leaver
from tests.personal_rows import connect, search
from udi.kit.errors import ProvisionError
from udi.kit.jobs import Job
from udi.node.identity.models import Person as NodePerson
from udi.portal.identity.deletion.actions import DELETE_ACCOUNT
from udi.portal.identity.deletion.tasks import task_handlers
from udi.portal.identity.models import Membership, Person
from udi.settings import Settings

__all__ = ["leaver"]


async def hand_over(leaver: Leaver) -> None:
    """Have somebody else manage what the leaver manages."""
    world = leaver.world
    async with world.portal.database.session(
        world.territory.id, role="worker"
    ) as session:
        colleague = Person(
            issuer=world.issuer.url,
            subject=str(uuid4()),
            name="Autre compte",
            email="colleague@people.example",
            locale="fr",
        )
        session.add(colleague)
        await session.flush()
        session.add_all(
            Membership(
                person_id=colleague.id, organisation_slug=slug, groups=["managers"]
            )
            for slug in world.actor.memberships
        )


async def delete_account(leaver: Leaver) -> None:
    """Do the task that the page queues."""
    await hand_over(leaver)
    login = leaver.world.login
    payload = {"issuer": login.issuer, "subject": login.subject, "language": "fr"}
    handlers = task_handlers(leaver.world.portal, lambda: leaver.double)  # type: ignore[arg-type, return-value]  # a double has what the task asks of it
    job = Job(DELETE_ACCOUNT, leaver.world.territory.id, payload, 0, last=False)
    await handlers[DELETE_ACCOUNT](job)


async def find(
    leaver: Leaver, postgres: str, settings: Settings
) -> dict[str, set[str]]:
    """Where the address and the subject stand, by program and table."""
    login = leaver.world.login
    words_by_table: dict[str, set[str]] = {}
    for program in ("portal", "node"):
        connection = await connect(postgres, settings, program)  # type: ignore[arg-type]  # the name is one of a loop over both programs
        tables = await search(connection, {login.email, login.subject})
        await connection.close()
        words_by_table |= {f"{program} {name}": words for name, words in tables.items()}
    return words_by_table


async def test_a_deleted_account_is_found_nowhere_but_in_its_last_mail(
    leaver: Leaver, postgres: str, settings: Settings
) -> None:
    login = leaver.world.login
    before = await find(leaver, postgres, settings)

    await delete_account(leaver)
    at_portal = await find(leaver, postgres, settings)
    await leaver.asker.check_accounts(leaver.world.territory)
    at_last = await find(leaver, postgres, settings)

    both = {login.email, login.subject}
    assert login.subject in login.email
    assert before["portal app.person"] == before["node app.person"] == both
    assert at_portal == {
        "node app.person": both,
        "portal queue.pgqueuer": both,
    }
    assert at_last == {"portal queue.pgqueuer": both}
    assert leaver.double.accounts == {}
    assert leaver.double.logged_out == [login.subject]
    assert await leaver.opening() & {"session at the node", "key of a space"} == set()


async def test_nothing_is_erased_while_the_identity_service_is_away(
    leaver: Leaver, postgres: str, settings: Settings
) -> None:
    before = await find(leaver, postgres, settings)
    leaver.double.away = True

    with pytest.raises(ProvisionError):
        await delete_account(leaver)

    assert await find(leaver, postgres, settings) == before


@pytest.mark.thorough
async def test_a_deletion_that_is_done_twice_changes_nothing_more(
    leaver: Leaver, postgres: str, settings: Settings
) -> None:
    await delete_account(leaver)
    first = await find(leaver, postgres, settings)

    await delete_account(leaver)

    assert await find(leaver, postgres, settings) == first


async def test_a_node_that_comes_back_from_a_backup_erases_again(
    leaver: Leaver, postgres: str, settings: Settings
) -> None:
    world = leaver.world
    await delete_account(leaver)
    await leaver.asker.check_accounts(world.territory)
    async with world.node.database.session(
        world.territory.id, role="worker"
    ) as session:
        session.add(
            NodePerson(
                issuer=world.issuer.url,
                subject=world.login.subject,
                name="Compte de test",
                email=world.login.email,
                locale="fr",
            )
        )

    await leaver.asker.check_accounts(world.territory)

    remaining = await find(leaver, postgres, settings)
    assert "node app.person" not in remaining


async def test_an_account_that_a_node_alone_knows_is_erased_there(
    leaver: Leaver, postgres: str, settings: Settings
) -> None:
    world = leaver.world
    async with world.portal.database.session(
        world.territory.id, role="worker"
    ) as session:
        person = (
            await session.scalars(
                select(Person).where(Person.subject == world.login.subject)
            )
        ).one()
        person.subject = "somebody-else"
        person.email = "other@people.example"

    await delete_account(leaver)
    await leaver.asker.check_accounts(world.territory)

    remaining = await find(leaver, postgres, settings)
    assert "node app.person" not in remaining


async def test_somebody_else_is_not_erased(leaver: Leaver) -> None:
    world = leaver.world
    async with world.portal.database.session(
        world.territory.id, role="worker"
    ) as session:
        session.add(
            Person(
                issuer=world.issuer.url,
                subject="somebody-else",
                name="Autre compte",
                email="other@people.example",
                locale="fr",
            )
        )

    await delete_account(leaver)

    async with world.portal.database.session(
        world.territory.id, role="worker"
    ) as session:
        query = select(Person.email).where(Person.subject == "somebody-else")
        assert await session.scalar(query) == "other@people.example"
