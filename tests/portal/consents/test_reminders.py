"""Thirty days before a consent ends its person gets one mail: the day, and nothing of who reads what."""

from datetime import datetime, timedelta

import pytest

from tests.mails import html_of, text_of
from tests.portal.consents.conftest import NOTICE, Lending
from tests.portal.notifications.conftest import Relay
from udi.kit.clock import now
from udi.kit.jobs import Job
from udi.kit.mail_relay import EmailError
from udi.portal.consents.models import Consent
from udi.portal.consents.reminders import REMIND, queue_reminders, task_handlers


async def queue(lending: Lending, moment: datetime) -> int:
    """Look at what ends soon at a moment."""
    async with lending.workspace.site.database.session(
        lending.workspace.territory.id, role="worker"
    ) as session:
        return await queue_reminders(session, moment)


async def send(lending: Lending, consent: Consent) -> None:
    """Do the job of a reminder, as the worker would."""
    site = lending.workspace.site
    payload = {"consent": str(consent.id)}
    job = Job(REMIND, lending.workspace.territory.id, payload, 0, last=False)
    await task_handlers(site)[REMIND](job)


async def test_queue_reminders_queues_one_thirty_days_before_the_end(
    lending: Lending,
) -> None:
    consent = await lending.give(await lending.open())
    end = consent.expires_at

    queued = [
        await queue(lending, moment)
        for moment in (
            end - timedelta(days=30, seconds=1),
            end - timedelta(days=30),
            end - timedelta(days=29),
        )
    ]

    assert queued == [0, 1, 0]


async def test_queue_reminders_has_none_of_what_is_over(lending: Lending) -> None:
    consent = await lending.give(await lending.open())

    assert await queue(lending, consent.expires_at) == 0


@pytest.mark.thorough
async def test_queue_reminders_has_none_of_what_was_stopped(lending: Lending) -> None:
    consent = await lending.give(await lending.open())
    await lending.inhabitant.post(f"/my-data/consents/{consent.id}/withdraw")

    assert await queue(lending, consent.expires_at - timedelta(days=1)) == 0


@pytest.mark.thorough
async def test_queue_reminders_has_none_of_a_consent_of_less_than_two_months(
    lending: Lending,
) -> None:
    consent = await lending.give(await lending.open(months="1"))

    assert await queue(lending, consent.expires_at - timedelta(days=1)) == 0


@pytest.mark.thorough
async def test_queue_reminders_has_none_of_a_refusal(lending: Lending) -> None:
    question = await lending.open()
    await lending.inhabitant.post(question, data={"answer": "no"})
    [consent] = await lending.rows(Consent)

    assert await queue(lending, consent.expires_at - timedelta(days=1)) == 0


async def test_the_mail_has_the_day_and_nothing_of_who_reads_what(
    lending: Lending, relay: Relay
) -> None:
    consent = await lending.give(await lending.open())
    notice = (await lending.versions())[0].document

    await send(lending, consent)

    [mail] = relay.mails
    assert mail["To"] == lending.login.email
    assert "Un de vos consentements prend fin le" in text_of(mail)
    assert str(consent.expires_at.year) in text_of(mail)
    assert "/my-data/consents" in text_of(mail)
    content = text_of(mail) + html_of(mail) + str(mail["Subject"])
    for secret in (
        NOTICE["question"],
        NOTICE["data"],
        notice["project_title"],
        notice["dataset_title"],
        notice["holder"]["name"],
        notice["recipient"]["name"],
        str(consent.id),
        str(consent.recipient_reference),
    ):
        assert secret not in content


async def test_a_consent_that_was_stopped_meanwhile_has_no_mail(
    lending: Lending, relay: Relay
) -> None:
    consent = await lending.give(await lending.open())
    await lending.inhabitant.post(f"/my-data/consents/{consent.id}/withdraw")

    await send(lending, consent)

    assert relay.mails == []


async def test_a_consent_whose_time_is_over_has_no_mail(
    lending: Lending, relay: Relay
) -> None:
    consent = await lending.give(await lending.open())
    await lending.change(Consent, expires_at=now() - timedelta(seconds=1))

    await send(lending, consent)

    assert relay.mails == []


@pytest.mark.thorough
async def test_a_relay_that_is_away_gets_it_later(
    lending: Lending, relay: Relay
) -> None:
    consent = await lending.give(await lending.open())
    relay.away = True
    with pytest.raises(EmailError):
        await send(lending, consent)
    relay.away = False

    await send(lending, consent)

    assert len(relay.mails) == 1
