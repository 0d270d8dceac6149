"""The doctor tries the mail relay, and sends one mail where it is given an address."""

import pytest

from tests.portal.notifications.conftest import Relay, relay
from udi.cli.checks.mail import check_mail, send_trial
from udi.kit.tenancy import Territory
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
    assert "security none, without a login" in finding.said
    assert relay.raw == []


async def test_a_relay_that_is_away_is_a_fault_with_its_remedy(
    relayed: Settings,
) -> None:
    away = relayed.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": 9})

    [finding] = await send_trial(away, ADDRESS)

    assert finding.severity == "fault"
    assert "127.0.0.1:9 does not answer" in finding.said
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
