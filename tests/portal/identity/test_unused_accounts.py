"""Accounts that nobody uses: who is warned, in which look and language, what counts as a use, who is deleted or kept."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.mails import text_of
from tests.portal.identity.deletions import add_organisation, suspend
from tests.portal.identity.unused import (
    UnusedStage,
    ago,
    last_use_before,
    today,
    warned_twice,
)
from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse, make_person
from udi.kit.clock import now
from udi.kit.mail_relay import EmailError
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.audit.models import AuditEvent
from udi.portal.identity.credentials.tokens import API_TOKEN
from udi.portal.identity.deletion import unused
from udi.portal.identity.deletion.handovers import HANDOVERS, Handover
from udi.portal.identity.models import ApiToken, Person, WatchedAccount
from udi.ui.site import Site

__all__ = ["relay"]


@pytest.fixture
async def stage(portal_site: Site, demo: Territory, relay: Relay) -> UnusedStage:
    return UnusedStage(portal_site, make_person(demo))


async def count_events(stage: UnusedStage, territory: Territory, name: str) -> int:
    query = select(func.count()).where(AuditEvent.name == name)
    async with stage.site.database.session(territory.id, role="worker") as session:
        return await session.scalar(query.select_from(AuditEvent)) or 0


async def test_nobody_is_warned_before_the_first_notice(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(64))

    await stage.review()

    assert relay.mails == []
    assert (await stage.read(demo)).unused_warned_at is None


async def test_the_first_warning_leaves_sixty_days_before_and_once(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(57))

    await stage.review()
    await stage.review()

    [mail] = relay.mails
    person = await stage.read(demo)
    assert mail["To"] == stage.login.email
    assert mail["Subject"].startswith("Votre compte sera supprimé le ")
    assert demo.slug in mail["From"]
    assert f"{demo.origin}/login?back=/my-space" in text_of(mail)
    assert person.unused_warned_at is not None
    assert person.unused_warned_again_at is None
    assert await count_events(stage, demo, "person.unused_warned") == 1
    assert await stage.list_deletions(demo) == []


async def test_the_second_warning_has_another_identifier_and_says_that_it_is_the_last(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(57))
    await stage.review()
    await stage.know(demo, used_at=last_use_before(10), unused_warned_at=ago(50))

    await stage.review()
    await stage.review()

    first, second = relay.mails
    assert second["Subject"].startswith("Dernier avis")
    assert first["Message-ID"] != second["Message-ID"]
    assert (await stage.read(demo)).unused_warned_again_at is not None
    assert await stage.list_deletions(demo) == []


async def test_warnings_leave_to_the_address_of_today_where_it_is_proven(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(57))
    stage.change_address("unproven@people.example", proven=False)
    await stage.review()
    stage.change_address("new@people.example")
    await stage.know(demo, used_at=last_use_before(10), unused_warned_at=ago(50))

    await stage.review()
    begun = await stage.read(demo)
    await stage.know(demo, used_at=last_use_before(-40), unused_warned_at=ago(50))
    await stage.review()

    assert [mail["To"] for mail in relay.mails] == [
        stage.login.email,
        "new@people.example",
        "new@people.example",
    ]
    assert [mail["Subject"].split()[0] for mail in relay.mails] == [
        "Votre",
        "Votre",
        "Dernier",
    ]
    assert begun.unused_warned_at is not None
    assert begun.unused_warned_at > ago(1)


async def test_who_was_warned_at_another_address_is_warned_anew(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    stage.change_address("new@people.example")

    await stage.review()

    assert [mail["To"] for mail in relay.mails] == ["new@people.example"]
    assert await stage.list_deletions(demo) == []
    assert (await stage.read(demo)).unused_warned_again_at is None


async def test_what_must_be_handed_over_in_a_suspended_territory_keeps_an_account(
    stage: UnusedStage,
    demo: Territory,
    other: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A domain says that they lead a project there, without any role in an organisation."""

    async def list_projects(
        _session: AsyncSession, territory: Territory, _person: Person
    ) -> list[Handover]:
        project = Handover("It would have no leader.", "Z", "", "", is_private=True)
        return [project] if territory.id == other.id else []

    services = stage.site.services
    monkeypatch.setitem(services._contributions, HANDOVERS, [list_projects])
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.know(other, used_at=last_use_before(-9))
    await suspend(stage.site.database, other)

    await stage.review()

    assert await stage.list_deletions(demo) == []


async def test_the_second_warning_waits_for_the_end_of_the_first_notice(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    """The relay was away for a month: sixty days pass all the same between the first mail and the deletion."""
    await stage.know(demo, used_at=last_use_before(-30), unused_warned_at=ago(44))
    await stage.review()
    early = len(relay.mails)
    await stage.know(demo, used_at=last_use_before(-30), unused_warned_at=ago(47))

    await stage.review()

    assert (early, len(relay.mails)) == (0, 1)


async def test_who_was_warned_twice_is_deleted_and_the_last_mail_says_why(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())

    await stage.review()
    leaving = await stage.read(demo)
    await stage.delete(demo)

    [mail] = relay.mails
    assert leaving.deletion_requested_at is not None
    assert mail["To"] == stage.login.email
    assert "Votre compte n’a pas servi depuis longtemps" in " ".join(
        text_of(mail).split()
    )
    assert stage.login.subject not in stage.service.accounts
    assert not await stage.is_known(demo)
    async with stage.site.database.session(demo.id, role="worker") as session:
        requests = list(await session.scalars(select(Person.deletion_requested_at)))
    assert requests == [None]


async def test_a_deletion_that_waits_is_not_requested_twice(
    stage: UnusedStage, demo: Territory
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())

    await stage.review()
    await stage.review()

    assert len(await stage.list_deletions(demo)) == 1


async def test_a_deletion_that_was_not_requested_everywhere_is_requested_when_the_worker_begins_again(
    stage: UnusedStage,
    demo: Territory,
    other: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker dies once one territory noted that the account is about to go: the other one queues the task."""
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.know(other, used_at=last_use_before(-9))

    async def end_here(*_: Any, **__: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(unused, "request_unused_deletion", end_here)
        with pytest.raises(ConnectionError):
            await stage.review()
    half = [(await stage.read(known)).deletion_requested_at for known in (demo, other)]

    await stage.review()
    await stage.review()

    assert [moment is None for moment in half] == [True, False]
    assert len(await stage.list_deletions(demo)) == 1
    assert (await stage.read(demo)).deletion_requested_at is not None


@pytest.mark.parametrize("columns", [{"unused_warned_at": ago(50)}, warned_twice()])
async def test_who_comes_back_is_told_nothing_more_and_stays(
    stage: UnusedStage,
    portal_app: Litestar,
    demo: Territory,
    relay: Relay,
    columns: dict[str, Any],
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **columns)
    async with browse(portal_app, demo, stage.login):
        await stage.review()

    assert relay.mails == []
    assert await stage.list_deletions(demo) == []


async def test_warnings_count_no_more_after_a_use_and_begin_anew(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    """They were warned twice, came back for a day, and are unused for twenty-four months again."""
    used_at = last_use_before(20)
    columns = {
        "unused_warned_at": used_at - timedelta(days=50),
        "unused_warned_again_at": used_at - timedelta(days=5),
    }
    await stage.know(demo, used_at=used_at, **columns)

    await stage.review()

    person = await stage.read(demo)
    assert [mail["Subject"][:12] for mail in relay.mails] == ["Votre compte"]
    assert person.unused_warned_at is not None
    assert person.unused_warned_at > used_at
    assert person.unused_warned_again_at is None


async def test_a_mail_that_the_relay_does_not_take_warns_nobody(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(57))
    relay.away = True
    with pytest.raises(EmailError):
        await stage.review()
    unwarned = await stage.read(demo)
    relay.away = False

    await stage.review()

    assert unwarned.unused_warned_at is None
    assert len(relay.mails) == 1


async def test_an_address_that_refuses_mails_warns_nobody_and_keeps_the_account(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(-400))
    relay.refuses = True

    await stage.review()
    await stage.review()

    person = await stage.read(demo)
    assert (person.unused_warned_at, relay.mails) == (None, [])
    assert person.mail_refused_at is not None
    assert await stage.list_deletions(demo) == []


async def test_a_login_in_any_territory_is_a_use_of_the_account(
    stage: UnusedStage, demo: Territory, other: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.know(other, used_at=ago(200))

    await stage.review()

    assert relay.mails == []
    assert await stage.list_deletions(demo) == []


async def test_of_two_territories_the_last_one_warns_in_its_look_and_deletes_in_both(
    stage: UnusedStage, demo: Territory, other: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(-40), locale="en")
    await stage.know(other, used_at=last_use_before(40), locale="en")
    await stage.review()
    await stage.know(other, used_at=last_use_before(-3), locale="en", **warned_twice())

    await stage.review()
    await stage.delete(other)

    warning, last = relay.mails
    assert warning["Subject"].startswith("Your account will be deleted on ")
    assert f"{other.origin}/login" in text_of(warning)
    assert last["Subject"] == "Your account is deleted"
    assert not await stage.is_known(demo)
    assert not await stage.is_known(other)


async def test_a_login_in_a_suspended_territory_is_a_use_too(
    stage: UnusedStage, demo: Territory, other: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.know(other, used_at=ago(200))
    await suspend(stage.site.database, other)

    await stage.review()

    assert relay.mails == []
    assert await stage.list_deletions(demo) == []


async def test_an_account_that_only_a_suspended_territory_knows_is_left(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    """Nobody can log in there, so nobody could answer the warning."""
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await suspend(stage.site.database, demo)

    await stage.review()

    assert relay.mails == []
    assert await stage.list_deletions(demo) == []


async def test_who_has_a_role_in_a_suspended_territory_stays_until_it_is_resumed(
    stage: UnusedStage, demo: Territory, other: Territory
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.know(other, used_at=last_use_before(-9), groups={"armor": ["managers"]})
    await suspend(stage.site.database, other)

    await stage.review()

    assert await stage.list_deletions(demo) == []


async def test_a_token_at_work_in_any_territory_is_a_use(
    stage: UnusedStage, demo: Territory, other: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.know(other, used_at=last_use_before(-30))
    person = await stage.read(other)
    async with stage.site.database.session(other.id, role="worker") as session:
        token = ApiToken(
            person_id=person.id,
            name="Veille",
            token_hash=API_TOKEN.digest(API_TOKEN.generate()),
            scopes=[],
            expires_at=now(),
            last_used_at=ago(100),
        )
        session.add(token)

    await stage.review()

    assert (relay.mails, await stage.list_deletions(demo)) == ([], [])


async def test_a_use_at_a_node_is_one_in_all_territories_that_know_the_person(
    stage: UnusedStage, demo: Territory, other: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.know(other, used_at=last_use_before(-30), node_used_on=ago(90).date())

    await stage.review()

    assert (relay.mails, await stage.list_deletions(demo)) == ([], [])


@pytest.mark.parametrize("territory_of_node", ["demo", "other"])
async def test_a_use_at_a_node_is_a_use_of_the_account(
    stage: UnusedStage,
    demo: Territory,
    other: Territory,
    relay: Relay,
    territory_of_node: str,
) -> None:
    """The node's territory knows the person, or the account alone: its row goes after two days, what it told stays."""
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    of_node = {"demo": demo, "other": other}[territory_of_node]
    async with stage.site.database.session(of_node.id, role="worker") as session:
        session.add(
            WatchedAccount(
                subject=stage.login.subject, requested_at=now(), node_used_on=today()
            )
        )
    await stage.review()
    async with stage.site.database.session(of_node.id, role="worker") as session:
        await session.execute(delete(WatchedAccount))

    await stage.review()

    assert (await stage.read(demo)).node_used_on == today()
    assert (relay.mails, await stage.list_deletions(demo)) == ([], [])


async def test_a_login_that_only_the_identity_service_knows_is_a_use_and_is_kept(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    stage.service.log_in(stage.login.subject, ago(80))
    stage.service.log_in("another", ago(1))

    await stage.review()
    stage.service.events.clear()
    await stage.review()

    assert (await stage.read(demo)).node_used_on == ago(80).date()
    assert (relay.mails, await stage.list_deletions(demo)) == ([], [])


async def test_the_last_manager_is_kept_and_the_team_told_once(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await add_organisation(stage.site.database, demo)
    await stage.know(
        demo,
        used_at=last_use_before(-3),
        groups={"armor": ["managers"]},
        **warned_twice(),
    )

    await stage.review()
    await stage.review()

    [mail] = relay.mails
    text = " ".join(text_of(mail).split())
    assert (mail["To"], "Armor" in text) == (demo.contact, True)
    assert f"{demo.origin}/my-space/organisations/armor" in text
    assert stage.login.email not in text
    assert await stage.list_deletions(demo) == []
    assert await count_events(stage, demo, "person.unused_kept") == 1


async def test_who_was_kept_is_deleted_once_somebody_else_took_over(
    stage: UnusedStage, demo: Territory
) -> None:
    await add_organisation(stage.site.database, demo)
    await stage.know(
        demo,
        used_at=last_use_before(-3),
        groups={"armor": ["managers"]},
        **warned_twice(),
    )
    await stage.review()
    successor = replace(make_person(demo), issuer=stage.login.issuer)
    heir = UnusedStage(stage.site, successor, stage.service)
    await heir.know(demo, used_at=now(), groups={"armor": ["managers"]})

    await stage.review()

    assert len(await stage.list_deletions(demo)) == 1


async def test_who_was_kept_for_long_is_warned_again_before_they_go(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(
        demo,
        used_at=last_use_before(-100),
        unused_warned_at=ago(160),
        unused_warned_again_at=ago(114),
        unused_reported_at=ago(100),
    )

    await stage.review()

    assert [mail["Subject"][:12] for mail in relay.mails] == ["Dernier avis"]
    assert await stage.list_deletions(demo) == []


async def test_the_last_operator_is_kept_and_another_one_is_not(
    stage: UnusedStage, demo: Territory
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    stage.service.operators = {stage.login.subject}
    await stage.review()
    alone = await stage.list_deletions(demo)
    stage.service.operators.add("another")

    await stage.review()

    assert alone == []
    assert len(await stage.list_deletions(demo)) == 1


async def test_an_operator_who_logs_in_at_the_installation_alone_uses_the_account(
    stage: UnusedStage, demo: Territory
) -> None:
    await stage.know(demo, used_at=last_use_before(-3), **warned_twice())
    await stage.know(stage.site.installation, used_at=ago(30))

    await stage.review()
    deletions = await stage.list_deletions(demo)
    async with stage.site.database.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(
            delete(Person).where(Person.subject == stage.login.subject)
        )

    assert deletions == []


async def test_nothing_is_done_where_the_installation_deletes_no_account(
    stage: UnusedStage,
    demo: Territory,
    relay: Relay,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await stage.know(demo, used_at=last_use_before(-400))
    settings = stage.site.settings.model_copy(update={"unused_account_months": 0})
    monkeypatch.setattr(stage.site, "settings", settings)

    await stage.review()

    assert (relay.mails, await stage.list_deletions(demo)) == ([], [])


async def test_an_account_that_the_identity_service_closed_is_not_warned(
    stage: UnusedStage, demo: Territory, relay: Relay
) -> None:
    await stage.know(demo, used_at=last_use_before(10))
    stage.service.accounts[stage.login.subject]["enabled"] = False

    await stage.review()

    assert relay.mails == []
