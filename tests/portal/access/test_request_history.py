"""The course of a request from end to end, as people live it, with the mails that leave."""

from collections.abc import Callable

import pytest
from litestar import Litestar

from tests.mails import do_email_job, text_of
from tests.portal.access.conftest import Relay, Workspace
from tests.portal.access.policies import REQUEST_FORM
from tests.visitors import browse
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.portal.access.agreements.actions import TELL_AGREEMENT
from udi.portal.access.models import AccessAgreement, PublicAgreement
from udi.portal.access.requests.thread import TELL
from udi.portal.access.tasks import task_handlers
from udi.protocol.agreement import read_agreement


async def tell(workspace: Workspace, address: str, event: str, side: str) -> None:
    """Do the job that was queued for an event, as the worker does."""
    request = await workspace.one(address)
    payload = {
        "request": str(request.id),
        "revision": request.revision,
        "state": request.state,
        "event": event,
    }
    await do_email_job(
        workspace.site,
        workspace.territory,
        task_handlers(workspace.site),
        TELL,
        payload | {"side": side, "step": ""},
    )


async def test_a_student_is_refused_asks_better_and_gets_half_the_columns_for_six_months(
    workspace: Workspace,
    portal_app: Litestar,
    make_person: Callable[..., Login],
    relay: Relay,
) -> None:
    await workspace.set_policy(requesters=["person", "research"])
    async with browse(
        portal_app, workspace.territory, make_person(workspace.territory)
    ) as student:
        form = REQUEST_FORM | {
            "organisation": "",
            "requester": "",
            "months": "24",
            "columns": [],
        }
        address = await workspace.ask(student, **form)
        await tell(workspace, address, "correct", "requester")
        await workspace.decide(
            address, "refuse", "La finalité ne demande pas une donnée aussi fine."
        )
        await tell(workspace, address, "refuse", "producer")
        refusal_page = await student.get(address)
        better = form | {
            "words": "Comparer dix îlots, de mai à septembre.",
            "months": "12",
        }
        again = await student.post(f"{address}/correct", data=better)
        await workspace.decide(
            address,
            "counter",
            "Les totaux suffisent.",
            months="6",
            columns="îlot\nénergie",
        )
        await tell(workspace, address, "counter", "producer")
        offered = await student.get(address)
        accepted = await student.post(
            f"{address}/accept",
            data={"offer": (await workspace.one(address)).since.isoformat()},
        )

    assert "La finalité ne demande pas une donnée aussi fine." in refusal_page.text
    assert (again.status_code, accepted.status_code) == (303, 303)
    assert "Les totaux suffisent." in offered.text
    [agreement_row] = await workspace.rows(AccessAgreement)
    terms = read_agreement(agreement_row.document).terms
    assert (terms.columns, terms.months) == (("îlot", "énergie"), 6)
    [listed] = await workspace.rows(PublicAgreement)
    assert (listed.project_title, listed.dataset_title) == (
        "",
        "Consommation d'électricité par îlot",
    )
    title = "«\N{NO-BREAK SPACE}Consommation d'électricité par îlot\N{NO-BREAK SPACE}»"
    subjects = [str(mail["Subject"]) for mail in relay.mails]
    assert [subject.partition(title)[0] for subject in subjects] == [
        "Demande d’accès à ",
        "Votre demande d’accès à ",
        "Votre demande d’accès à ",
        "Votre demande d’accès à ",
    ]
    assert "réponse attendue le" in subjects[0]
    assert subjects[1].endswith("est envoyée")
    assert subjects[2].endswith("est refusée")
    assert "une proposition à accepter avant le" in subjects[3]
    assert len({mail["Message-ID"] for mail in relay.mails}) == 4
    assert all(
        f"{workspace.territory.origin}{address}" in text_of(mail)
        for mail in relay.mails
    )
    assert not any(
        "finalité" in text_of(mail) or "totaux" in text_of(mail) for mail in relay.mails
    )


@pytest.mark.thorough
async def test_a_producer_revokes_and_the_project_is_told_without_the_reason(
    workspace: Workspace, relay: Relay
) -> None:
    await workspace.set_policy()
    address = await workspace.agree()
    await workspace.producer.post(
        f"{address}/revoke", data={"words": "Une fuite a été constatée."}
    )
    agreement_row = await workspace.agreement_row(address)
    payload = {
        "agreement": str(agreement_row.id),
        "state": agreement_row.state,
        "event": "revoked",
    }

    await task_handlers(workspace.site)[TELL_AGREEMENT](
        Job(TELL_AGREEMENT, workspace.territory.id, payload, 0, last=False)
    )

    [mail] = relay.mails
    assert (
        mail["Subject"]
        == "L’accès à «\N{NO-BREAK SPACE}Consommation d'électricité par îlot\N{NO-BREAK SPACE}» est fermé"
    )
    assert "fuite" not in text_of(mail)
    assert "Une fuite a été constatée." in (await workspace.person.get(address)).text
