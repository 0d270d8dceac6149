"""The pages of consents on every screen, in French and English, light enough for a phone."""

import pytest

from tests.portal.consents.conftest import NO, Lending
from tests.ui.tab import NARROW, WIDE, Tab
from udi.kit.clock import now
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import AccessAgreement, PublicAgreement
from udi.portal.consents.models import Consent
from udi.portal.nodes.models import Node

LIGHT = 75_000
"""Bytes of a page at most: what is left is for the styles."""
TARGET = 44
"""Pixels: what a thumb hits (WCAG 2.2, 2.5.5)."""
DRAWN = """() => [...document.querySelectorAll('.equal button')].map(button => {
  const {width, height, y} = button.getBoundingClientRect();
  const {color, backgroundColor, fontSize, fontWeight, borderTopWidth, borderTopColor} = getComputedStyle(button);
  return {width: Math.round(width), height: Math.round(height), y: Math.round(y),
    color, backgroundColor, fontSize, fontWeight, borderTopWidth, borderTopColor};
})"""
"""How each answer looks and how large it is."""


@pytest.mark.thorough
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


async def test_yes_and_no_are_drawn_in_one_size(lending: Lending, tab: Tab) -> None:
    """And look alike, on the page and in a frame, in each language, on a phone too."""
    question = await lending.open()
    origin = lending.workspace.territory.origin
    drawn = {}
    for language in ("fr", "en", "es"):
        for path in (question, f"/embed{question}?lang={language}"):
            await tab.visit(lending.inhabitant, f"{origin}{path}", language)
            for screen in (WIDE, NARROW):
                await tab.page.set_viewport_size(screen)
                case = (path, language, screen["width"])
                drawn[case] = await tab.page.evaluate(DRAWN)

    assert len(drawn) == 12
    for case, answers in drawn.items():
        assert len(answers) == 2, case
        assert answers[0] == answers[1], case
        assert answers[0]["height"] >= TARGET, case


@pytest.mark.thorough
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
