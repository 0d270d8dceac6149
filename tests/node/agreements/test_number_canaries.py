"""The numbers by which producers know who lends are in no clear column, no file, no log, no mail, and are told to no portal."""

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.node.agreements.granting import Grant, Loan
from tests.node.agreements.lenders import ENGLISH, Lenders
from tests.node.relays import Relay, relay
from tests.node.subject_requests.test_canaries import (
    WrittenWords,
    dump,
    list_in,
    words,
)
from tests.node.test_sealed_canaries import files_in_clear, rows_in_clear
from tests.node.test_sealed_canaries import first_transaction as first_transaction
from udi.node.agreements.models import ConsentLink
from udi.node.agreements.portal_sync import AgreementSync
from udi.node.agreements.use_reports import report_uses
from udi.node.subject_requests.pages.lending_pages import CONSENTS_PATH
from udi.node.subject_requests.portal_sync.withdrawal_reports import report_withdrawals
from udi.protocol.consent_withdrawals import PATH as WITHDRAWALS
from udi.settings import Settings

__all__ = ["relay", "words"]
USES = "/kalim/v1/agreements/uses"


@pytest.fixture
async def grant(lenders: Lenders) -> Grant:
    grant = lenders.portal.grant(lenders.dataset)
    await lenders.portal.push(lenders.machine, grant)
    return grant


async def say_yes(lenders: Lenders, grant: Grant) -> Loan:
    loan = lenders.portal.lend(grant)
    assert (await lenders.push(loan)).status_code == 200
    return loan


async def bring_secret_numbers(
    lenders: Lenders, grant: Grant, words: WrittenWords
) -> list[Loan]:
    """Of a column of which only the person knows the number: it counts at once, unless two bring it."""
    await lenders.name_column()
    counted = await lenders.lend(grant, words["counts at once"])
    shared = [
        await lenders.lend(grant, words["brought by two people"]) for _ in range(2)
    ]
    late = await say_yes(lenders, grant)
    form = await lenders.open_form(late)
    unsent = await lenders.send(form, words["sent without a login"], cookie="other=1")
    sent = await lenders.send(form, words["sent after the login"])
    other = await lenders.send(form, words["another in the same form"])
    long = await lenders.bring(await say_yes(lenders, grant), words["too long"] * 9)
    answers = [unsent, sent, other, long]
    assert [answer.status_code for answer in answers] == [303, 303, 409, 422]
    assert words["too long"] not in json.dumps(
        [str(answer.headers) for answer in answers]
    )
    return [counted, *shared, late]


async def bring_known_numbers(
    lenders: Lenders, grant: Grant, words: WrittenWords
) -> list[Loan]:
    """Of a column whose numbers others know too: each waits for the producer."""
    await lenders.name_column(is_secret=False)
    waiting = await lenders.lend(grant, words["waits"])
    confirmed = await lenders.lend(grant, words["confirmed"])
    rejected = await lenders.lend(grant, words["rejected"])
    later = await lenders.lend(grant, words["confirmed, then rejected"])
    again = await lenders.lend(grant, words["brought first"])
    assert (await lenders.bring(again, words["brought again"])).status_code == 303
    decisions = [
        await lenders.decide(confirmed, "confirm"),
        await lenders.decide(rejected, "reject"),
        await lenders.decide(later, "confirm"),
        await lenders.decide(later, "reject"),
    ]
    assert [decision.status_code for decision in decisions] == [303] * 4
    return [waiting, confirmed, rejected, later, again]


async def stop_some(
    lenders: Lenders, at_node: Loan, at_portal: Loan, asker: AgreementSync
) -> None:
    """One at the node, which tells the portal; one at the portal."""
    headers = {**ENGLISH, "Cookie": lenders.cookies[at_node.id]}
    page = await lenders.machine.get(CONSENTS_PATH, headers=headers)
    stopped = await lenders.machine.post(
        f"{CONSENTS_PATH}/{at_node.id}/stop", headers=headers
    )
    await lenders.stop(at_portal)
    assert (page.status_code, stopped.status_code) == (200, 303)
    outcomes = {"consents": {str(at_node.id): "withdrawn"}}
    lenders.portal.answers.append((200, outcomes))
    await report_withdrawals(asker.database, asker.portal, lenders.tenant)


async def read_by_number(lenders: Lenders, grant: Grant, number: str) -> None:
    """The project asks for the rows of a number that it has of its own."""
    address = f"/api/resources/{lenders.dataset}/data/?compteur__exact={number}"
    answer = await lenders.machine.get(address, headers=grant.headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == []


async def test_nothing_of_the_numbers_of_consents_is_in_clear(
    lenders: Lenders,
    grant: Grant,
    asker: AgreementSync,
    words: WrittenWords,
    first_transaction: int,
    relay: Relay,
    postgres: str,
    settings: Settings,
    run_folder: Path,
) -> None:
    """Rows of both databases, their dumps, all files of the server with its log of writes, mails, logs, all that the portal is told.

    No number is one of the table, whose cells are the producer's own.
    """
    with capture_logs() as logs:
        secret = await bring_secret_numbers(lenders, grant, words)
        known = await bring_known_numbers(lenders, grant, words)
        page = await lenders.producer.client.get(lenders.page)
        await read_by_number(lenders, grant, words["asked for by the project"])
        await report_uses(asker.database, asker.portal, lenders.tenant)
        await stop_some(lenders, secret[0], known[1], asker)

    links = await lenders.rows(ConsentLink)
    patterns = words.patterns
    names = list(settings.database_names.values())
    outgoing: Any = [logs, lenders.portal.pushed]
    mails = "\n".join(mail.as_string() for mail in relay.mails)
    outgoing_text = json.dumps(outgoing, default=str) + mails
    assert len(patterns) == 13
    assert words["waits"] in page.text
    assert words["waits"] in {link.code for link in links}
    assert [path for _, path, *_ in lenders.portal.pushed] == [USES, WITHDRAWALS]
    assert await rows_in_clear(postgres, names, patterns, first_transaction) == []
    assert list_in(b"".join(dump(postgres, name) for name in names), patterns) == []
    assert files_in_clear(run_folder, words) == []
    assert list_in(outgoing_text.encode(), patterns) == []
