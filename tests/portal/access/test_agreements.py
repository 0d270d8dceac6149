"""Agreements: signed, listed, changed, delivered; every state and event, and what each side and everybody may see."""

import itertools
import json
import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from tests.portal.access.conftest import Workspace
from tests.portal.transitions import list_trials, read_transitions
from udi.kit.errors import ConflictError
from udi.kit.keys import verify, verify_document
from udi.portal.access.agreements.transitions import (
    AGREEMENT,
    AgreementEvent,
    AgreementState,
)
from udi.portal.access.models import AccessAgreement, PublicAgreement
from udi.portal.organisations.models import Organisation
from udi.protocol.agreement import AGREEMENT_TYPE, fingerprint, read_agreement
from udi.protocol.credentials import READING
from udi.protocol.policy import Requester
from udi.protocol.terms import Purpose

PAGE = Path(__file__).parents[3] / "docs/reference/access.md"
NAMES = {
    "suspend": "suspended", "resume": "resumed", "revoke": "revoked", "give_notice": "notice_given", "keep": "notice_withdrawn",
    "give_up": "given_up", "close": "closed", "end": "ended", "confirm": "confirmed",
}  # fmt: skip
WHY = {"words": "La mesure a changé.", "days": "30"}
TRANSITIONS = read_transitions("""
    unconfirmed confirm     active
    unconfirmed revoke      revoked
    unconfirmed give_up     given_up
    unconfirmed end         ended
    active      suspend     suspended
    active      revoke      revoked
    active      give_notice revoking
    active      give_up     given_up
    active      end         ended
    suspended   resume      active
    suspended   revoke      revoked
    suspended   give_up     given_up
    suspended   end         ended
    revoking    suspend     suspended
    revoking    revoke      revoked
    revoking    keep        active
    revoking    give_up     given_up
    revoking    close       revoked
    revoking    end         ended
""")
"""The table of `docs/reference/access.md`, written a second time."""
BY_PRODUCER = ("suspend", "resume", "revoke", "give_notice", "keep")
ON_PAGES = (*BY_PRODUCER, "give_up")
UNANNOUNCED = ("confirm", "end")
"""What the connector and the clock bring about in any state; the end of a notice needs one."""


async def bring_to(workspace: Workspace, state: AgreementState) -> str:
    await workspace.set_policy()
    if state is AgreementState.UNCONFIRMED:
        return await workspace.agree_with_machine()
    address = await workspace.agree()
    events = {
        "suspended": "suspend",
        "revoking": "give_notice",
        "revoked": "revoke",
        "given_up": "give_up",
    }
    if state in events:
        await act(workspace, address, events[state])
    elif state is AgreementState.ENDED:
        await bring_about(workspace, address, "end")
    assert (await workspace.agreement_row(address)).state == state
    return address


async def act(workspace: Workspace, address: str, event: str) -> httpx.Response:
    """Do it on the page of the agreement, as whoever may."""
    actor = workspace.producer if event in BY_PRODUCER else workspace.person
    return await actor.post(f"{address}/{event}", data=WHY)


async def bring_about(workspace: Workspace, address: str, event: str) -> None:
    """Let the connector confirm, or the clock reach the end of the notice or of the agreement."""
    if event == "confirm":
        with suppress(ConflictError):
            await workspace.confirm(address)
        return
    agreement_row = await workspace.agreement_row(address)
    moment = agreement_row.closes_at if event == "close" else agreement_row.ends_at
    assert moment is not None
    await workspace.sweep(moment)


@pytest.mark.parametrize(
    ("state", "events"),
    list_trials(itertools.product(AgreementState, ON_PAGES), TRANSITIONS),
)
async def test_an_event_on_a_page_follows_the_table(
    workspace: Workspace, state: AgreementState, events: list[str]
) -> None:
    address = await bring_to(workspace, state)
    before = await workspace.events()
    revision = (await workspace.agreement_row(address)).revision

    for event in events:
        response = await act(workspace, address, event)

        target = TRANSITIONS.get((state, event))
        state_after = TRANSITIONS.get((state, event), state)
        assert response.status_code == (303 if target else 409), response.text
        assert (await workspace.agreement_row(address)).state == state_after, event
        assert (await workspace.events())[len(before) :] == (
            [f"agreement.{NAMES[event]}"] if target else []
        )
    await check_agreement(
        workspace,
        address,
        target or state,
        revised=bool(target) and revision > 0,
        above=revision,
    )


@pytest.mark.parametrize(
    ("state", "events"),
    list_trials(
        [("revoking", "close"), *itertools.product(AgreementState, UNANNOUNCED)],
        TRANSITIONS,
    ),
)
async def test_an_event_of_the_connector_or_the_clock_follows_the_table(
    workspace: Workspace, state: str, events: list[str]
) -> None:
    address = await bring_to(workspace, AgreementState(state))
    before = await workspace.events()
    revision = (await workspace.agreement_row(address)).revision

    for event in events:
        await bring_about(workspace, address, event)

        target = TRANSITIONS.get((state, event))
        state_after = TRANSITIONS.get((state, event), state)
        assert (await workspace.agreement_row(address)).state == state_after
        assert (await workspace.events())[len(before) :] == (
            [f"agreement.{NAMES[event]}"] if target else []
        )
    revised = bool(target) and (revision > 0 or event == "confirm")
    await check_agreement(
        workspace, address, target or state, revised=revised, above=revision
    )


@pytest.mark.parametrize(
    "state", [state for state in AgreementState if state != "revoking"]
)
def test_no_notice_ends_where_none_was_given(state: AgreementState) -> None:
    with pytest.raises(ConflictError, match="has changed"):
        AGREEMENT.next_state(state, AgreementEvent.CLOSE)


async def check_agreement(
    workspace: Workspace, address: str, state: str, *, revised: bool, above: int
) -> None:
    """Check where an agreement stands, whether its revision is a higher one, and who sees it."""
    agreement_row = await workspace.agreement_row(address)
    assert agreement_row.state == state
    assert (agreement_row.revision > above) == revised
    listed = [agreement.state for agreement in await workspace.rows(PublicAgreement)]
    assert listed == ([agreement_row.state] if agreement_row.revision else [])
    assert (await workspace.person.get(address)).status_code == 200
    assert (await workspace.producer.get(address)).status_code == 200
    assert (await workspace.passer.get(address)).status_code == (
        200 if agreement_row.revision else 404
    )


def test_the_documented_table_is_the_tested_one() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| [^|]+ \| `(\w+)` \| [^|]+ \| `agreement\.",
        PAGE.read_text(),
        re.MULTILINE,
    )

    assert {(state, event): target for state, event, target in rows} == TRANSITIONS
    assert (
        {event for _, event in TRANSITIONS}
        == {*AgreementEvent}
        == {*ON_PAGES, *UNANNOUNCED, "close"}
    )


async def test_what_was_asked_is_what_is_signed(workspace: Workspace) -> None:
    await workspace.set_policy()
    async with workspace.site.database.session(
        workspace.territory.id, role="worker"
    ) as session:
        await session.execute(
            update(Organisation)
            .where(Organisation.slug == "armor")
            .values(kind="company")
        )
    address = await workspace.agree()
    agreement_row = await workspace.agreement_row(address)
    keys = (await workspace.passer.get("/.well-known/jwks.json")).json()
    signed = await workspace.person.get(f"{address}/agreement.jws")

    claims = verify_document(
        signed.text,
        keys,
        kind=AGREEMENT_TYPE,
        issuer=workspace.territory.origin,
        audience=workspace.territory.links["node"],
    )

    agreement = read_agreement(claims)
    assert agreement_row.sha256 == fingerprint(signed.text)
    assert (agreement.purpose, agreement.terms.columns, agreement.terms.months) == (
        Purpose.RESEARCH,
        ("îlot", "énergie"),
        6,
    )
    assert [row_filter.values for row_filter in agreement.terms.rows] == [
        ("2026-01-01",)
    ]
    assert agreement.terms.attribution == "Données d’Armorine Métropole"
    assert agreement.terms.bytes_a_month == 2_000_000_000
    assert (agreement.provider.name, agreement.requester.name) == (
        "Armorine Métropole",
        "Réseau Goéland",
    )
    assert (agreement.provider.kind, agreement.requester.kind) == (
        Requester.COMPANY,
        Requester.RESEARCH,
    )
    assert (agreement.ends_at - agreement.starts_at).days in range(181, 185)
    assert "Armorine Métropole" in agreement.text["fr"] != agreement.text["en"]
    page = await workspace.producer.get(address)
    assert "Réseau Goéland" in page.text


async def test_an_offer_that_is_accepted_is_what_is_signed(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask(
        months="24", columns=["îlot", "début", "logements", "énergie"]
    )
    offer = {
        "months": "6",
        "columns": "îlot\nénergie",
        "rows": "début >= 2026-05-01",
        "megabytes": "500",
    }
    assert (await workspace.decide(address, "counter", **offer)).status_code == 303
    stale = await workspace.person.post(
        f"{address}/accept", data={"offer": "2020-01-01T00:00:00+00:00"}
    )
    page = await workspace.person.get(address)
    accepted = await workspace.accept(address)

    assert (stale.status_code, accepted.status_code) == (412, 303)
    assert "2026-05-01" in page.text
    [agreement_row] = await workspace.rows(AccessAgreement)
    terms = read_agreement(agreement_row.document).terms
    assert (terms.months, terms.columns, terms.bytes_a_month) == (
        6,
        ("îlot", "énergie"),
        500_000_000,
    )
    assert terms.rows[0].values == ("2026-05-01",)


async def test_a_confidential_project_is_in_no_public_place(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.agree()
    api = await workspace.passer.get("/api/v1/agreements")

    for answer in (await workspace.passer.get("/agreements"), await workspace.passer.get("/agreements.atom"), api,
                   await workspace.passer.get(address), await workspace.team.get(address)):  # fmt: skip
        assert answer.status_code == 200
        assert "Consommation d" in answer.text
        assert "Rafraîchir la ville" not in answer.text
        assert "Repérer les îlots" not in answer.text
    assert api.json()["items"][0]["project"] is None
    for private in ("agreement.jws", "agreement.jsonld", "files"):
        assert (await workspace.team.get(f"{address}/{private}")).status_code == 404
        passer = await workspace.passer.get(f"{address}/{private}")
        assert passer.status_code == 303
    odrl = (await workspace.person.get(f"{address}/agreement.jsonld")).json()
    assert odrl["@type"] == "Agreement"


async def test_who_leads_the_project_is_led_to_the_node_with_a_ticket(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.agree()

    led = await workspace.person.get(f"{address}/files")
    other = await workspace.producer.get(f"{address}/files")
    await workspace.producer.post(f"{address}/revoke", data=WHY)
    late = await workspace.person.get(f"{address}/files")

    node = workspace.territory.links["node"]
    ticket = re.findall(r'name="ticket" value="(ey[^"]+)"', led.text)
    assert f'<form action="{node}{address}/files" method="post">' in led.text
    assert (
        f"form-action 'self' {workspace.site.settings.keycloak_url} {node};"
        in led.headers["content-security-policy"]
    )
    assert led.headers["cache-control"] == "no-store"
    keys = (await workspace.passer.get("/.well-known/jwks.json")).json()
    signed = verify(
        ticket[0], keys, kind=READING, issuer=workspace.territory.origin, audience=node
    )
    assert signed.subject == address.rpartition("/")[2]
    assert (other.status_code, late.status_code) == (403, 409)


async def test_the_producer_says_why_and_gives_notice(workspace: Workspace) -> None:
    await workspace.set_policy()
    address = await workspace.agree()

    empty = await workspace.producer.post(f"{address}/revoke", data={"words": ""})
    long = await workspace.producer.post(
        f"{address}/give_notice", data=WHY | {"days": "366"}
    )
    notice = await workspace.producer.post(
        f"{address}/give_notice", data=WHY | {"days": "10"}
    )

    assert (empty.status_code, long.status_code, notice.status_code) == (422, 422, 303)
    agreement_row = await workspace.agreement_row(address)
    assert agreement_row.closes_at is not None
    assert (
        timedelta(days=9)
        < agreement_row.closes_at - agreement_row.since
        <= timedelta(days=10)
    )
    assert "La mesure a changé." in (await workspace.person.get(address)).text
    assert "La mesure a changé." not in (await workspace.passer.get(address)).text


async def test_an_agreement_is_renewed_as_often_as_the_policy_lets(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.agree()
    first = await workspace.agreement_row(address)

    empty = await workspace.person.post(f"{address}/renew", data={"words": ""})
    renewal = await workspace.person.post(
        f"{address}/renew", data={"words": "Un été de plus."}
    )
    assert (
        await workspace.decide(renewal.headers["location"], "grant")
    ).status_code == 303

    assert empty.status_code == 422
    second = next(
        agreement
        for agreement in await workspace.rows(AccessAgreement)
        if agreement.id != first.id
    )
    assert (second.renews_id, second.renewal, second.starts_at) == (
        first.id,
        1,
        first.ends_at,
    )
    again = await workspace.person.post(
        f"/agreements/{second.id}/renew", data={"words": "Encore."}
    )
    assert again.status_code == 409


async def test_the_policy_is_odrl_too(workspace: Workspace) -> None:
    await workspace.set_policy()

    document = await workspace.passer.get(f"{workspace.home}/access-policy.jsonld")
    turtle = await workspace.passer.get(f"{workspace.home}/access-policy.ttl")

    assert json.loads(document.text)["@type"] == "Offer"
    assert "odrl:Offer" in turtle.text
    assert UUID(str(workspace.dataset))
    assert f"{workspace.territory.origin}/data/{workspace.dataset}" in turtle.text
