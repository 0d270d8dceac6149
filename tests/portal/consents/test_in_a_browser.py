"""The pages of consents on every screen, in French and English, light enough for a phone."""

from tests.portal.consents.conftest import NO, Lending
from tests.ui.tab import Tab
from udi.kit.clock import now
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import AccessAgreement, PublicAgreement
from udi.portal.consents.models import Consent
from udi.portal.nodes.models import Node

LIGHT = 75_000
"""Bytes of a page at most: what is left is for the styles."""


async def test_pages_hold_on_every_screen_and_stay_light(
    lending: Lending, tab: Tab
) -> None:
    question = await lending.open()
    consent = await lending.give(question)
    await lending.neighbour.post(question, data=NO)
    other = await lending.give(await lending.open(reason="Choisir vingt rues."))
    stopped = await lending.inhabitant.post(f"/my-data/consents/{other.id}/withdraw")
    await lending.submit(question="Prêter aussi vos horaires ?")
    present = f"/consents/{other.notice_id}"
    origin = lending.workspace.territory.origin
    passer, inhabitant = lending.workspace.passer, lending.inhabitant

    for who, path, name in (
        (passer, present, "consent"),
        (passer, f"/embed{present}", "consent-embed"),
        (inhabitant, present, "consent-member"),
        (lending.neighbour, present, "consent-refused"),
        (inhabitant, stopped.headers["location"], "consents"),
        (inhabitant, f"/my-data/consents/{consent.id}", "consent-receipt"),
        (lending.workspace.person, lending.page, "notice-project"),
        (lending.workspace.producer, lending.page, "notice-producer"),
    ):
        assert await tab.find_faults(who, f"{origin}{path}", name, "fr", "en") == []
        page = await who.get(path)
        assert len(page.content) < LIGHT


async def test_the_way_to_the_node_and_a_suspended_question_hold_on_every_screen(
    lending: Lending, tab: Tab
) -> None:
    await lending.change(Node, url="https://noeud.test")
    question = await lending.open()
    consent = await lending.give(question)
    receipt = f"/my-data/consents/{consent.id}"
    await lending.change(AccessAgreement, state=AgreementState.SUSPENDED)
    await lending.change(PublicAgreement, state=AgreementState.SUSPENDED)
    await lending.change(Consent, link_tickets=3, link_ticket_at=now())
    origin = lending.workspace.territory.origin

    for who, path, name in (
        (lending.inhabitant, f"{receipt}?linked=1", "consent-linked"),
        (lending.inhabitant, f"{receipt}?step=number", "consent-number"),
        (lending.inhabitant, f"{receipt}?step=number", "consent-too-many"),
        (lending.neighbour, question, "consent-suspended"),
        (lending.workspace.passer, f"/embed{question}", "consent-embed-suspended"),
    ):
        assert await tab.find_faults(who, f"{origin}{path}", name, "fr", "en") == []
