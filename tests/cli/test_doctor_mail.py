"""The doctor tries the mail relay, and sends one mail where it is given an address."""

import pytest
from litestar import Litestar
from sqlalchemy import update

from tests.portal.notifications.conftest import Relay, relay
from tests.visitors import browse, make_person
from udi.cli.checks.mail import check_addresses, check_mail, send_trial
from udi.kit.clock import now
from udi.kit.tenancy import Territory
from udi.portal.identity.models import Person
from udi.settings import Settings
from udi.ui.site import Site

__all__ = ["relay"]
ADDRESS = "operator@people.example"


@pytest.fixture
async def relayed(portal_site: Site, relay: Relay) -> Settings:
    """The settings of an installation whose relay is the test's."""
    return portal_site.settings


async def test_a_relay_that_answers_is_all_right_and_gets_no_mail(
    relayed: Settings, relay: Relay
) -> None:
    [finding] = await check_mail(relayed)

    assert finding.severity == "ok"
    assert "security none, without a login" in finding.message
    assert relay.raw == []


async def test_a_relay_that_is_away_is_a_fault_with_its_remedy(
    relayed: Settings,
) -> None:
    away = relayed.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": 9})

    [finding] = await send_trial(away, ADDRESS)

    assert finding.severity == "fault"
    assert "127.0.0.1:9 does not answer" in finding.message
    assert finding.remedy


async def test_a_login_without_its_secret_names_the_file(relayed: Settings) -> None:
    unknown = relayed.model_copy(update={"smtp_user": "udi"})

    [finding] = await check_mail(unknown)

    assert finding.severity == "warning"
    assert "smtp_password" in finding.remedy


async def test_a_trial_mail_leaves_from_the_sender_of_the_territory(
    relayed: Settings, relay: Relay, demo: Territory
) -> None:
    findings = await send_trial(relayed, ADDRESS)

    assert {finding.severity for finding in findings} == {"ok"}
    assert f"no-reply@{demo.slug}.example" in [
        mail["From"].addresses[0].addr_spec for mail in relay.mails
    ]
    assert {str(mail["To"]) for mail in relay.mails} == {ADDRESS}


async def test_a_trial_mail_that_is_not_taken_is_a_fault(
    relayed: Settings, relay: Relay, demo: Territory
) -> None:
    relay.away = True

    findings = await send_trial(relayed, ADDRESS)

    faults = {finding.name for finding in findings if finding.severity == "fault"}
    assert f"from no-reply@{demo.slug}.example" in faults


async def test_people_whose_address_refuses_mails_are_counted(
    relayed: Settings, portal_site: Site, portal_app: Litestar, demo: Territory
) -> None:
    login = make_person(demo)
    async with browse(portal_app, demo, login):
        before = await check_addresses(relayed)
        async with portal_site.database.session(demo.id, role="worker") as session:
            mine = Person.subject == login.subject
            await session.execute(
                update(Person).where(mine).values(mail_refused_at=now())
            )
        [after] = await check_addresses(relayed)

    assert after.severity == "warning"
    assert after.message not in [finding.message for finding in before]
