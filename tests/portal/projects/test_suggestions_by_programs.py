"""Suggestions by programs: whatever the pages do, with the token of the person, and for nobody else."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.portal.projects.fair import Fair, fair
from tests.portal.projects.test_by_programs import ask, token_of
from udi.portal.projects.suggestions.models import (
    DeclaredInterest,
    SuggestionMark,
    SuggestionMessage,
)

__all__ = ["fair"]
BASE = "/api/v1/suggestions"
NOISE = {"looks_for": "le bruit des rues la nuit", "seeks": ["testers"]}
HELPER = {"offers": ["testers"], "discoverable": True, "name": "Les Marcheuses"}


async def read(fair: Fair, by: dict[str, str]) -> dict[str, Any]:
    answer = await ask(fair.workshop, "GET", BASE, by)
    assert answer.status_code == 200, answer.text
    overview: dict[str, Any] = answer.json()
    return overview


@pytest.mark.thorough
async def test_suggestions_are_turned_on_answered_and_turned_off(fair: Fair) -> None:
    workshop = fair.workshop
    leader = await token_of(workshop.leader, "projects")
    other = await token_of(workshop.other, "projects")

    before = await read(fair, leader)
    declared = await ask(workshop, "PUT", f"{BASE}/interests", leader, NOISE)
    helper = await ask(workshop, "PUT", f"{BASE}/interests", other, HELPER)
    listed = (await read(fair, leader))["items"]
    things = {item["title"]: item for item in listed}
    noise = things["Bruit des rues de jour"]
    party = next(item for item in listed if item["thing"] == "interest")
    marks = [
        await ask(
            workshop,
            "POST",
            f"{BASE}/marks",
            leader,
            {"thing": "dataset", "id": noise["id"], "mark": mark},
        )
        for mark in ("useful", "never", "perhaps")
    ]
    message = {"to": party["id"], "words": "Bonjour, essayons ensemble."}
    written = [
        await ask(workshop, "POST", f"{BASE}/messages", leader, fields)
        for fields in (message, message, message | {"to": str(uuid4())})
    ]
    rows = [
        len(await workshop.rows(table)) for table in (SuggestionMark, SuggestionMessage)
    ]
    ended = [
        await ask(workshop, "POST", f"{BASE}/off", leader, {"organisation": ""})
        for _ in range(2)
    ]
    after = await read(fair, leader)

    assert (before["state"], before["items"]) == ("undecided", [])
    assert (declared.status_code, helper.status_code) == (200, 200)
    assert declared.json()["interests"]["seeks"] == ["testers"]
    assert noise["page"].startswith(f"{workshop.territory.origin}/data/")
    assert "bruit" in noise["common_words"]
    assert [answer.status_code for answer in marks] == [204, 204, 404]
    assert [answer.status_code for answer in written] == [204, 409, 404]
    assert rows == [1, 1]
    assert [answer.status_code for answer in ended] == [204, 204]
    assert (after["state"], after["interests"], after["items"]) == ("off", None, [])
    assert len(await workshop.rows(DeclaredInterest)) == 1


async def test_what_is_wrong_is_named_and_nothing_is_kept(fair: Fair) -> None:
    workshop = fair.workshop
    leader = await token_of(workshop.leader, "projects")
    profile = await token_of(workshop.leader, "profile")
    address = f"{BASE}/interests"

    refusals: dict[str, httpx.Response] = {
        "nobody": await ask(workshop, "PUT", address, None, NOISE),
        "no right": await ask(workshop, "PUT", address, profile, NOISE),
        "no list": await ask(workshop, "PUT", address, leader, NOISE | {"seeks": "x"}),
        "no choice": await ask(
            workshop, "PUT", address, leader, NOISE | {"seeks": ["money for all"]}
        ),
        "no yes or no": await ask(
            workshop, "PUT", address, leader, NOISE | {"discoverable": 1}
        ),
        "nameless": await ask(
            workshop, "PUT", address, leader, NOISE | {"discoverable": True}
        ),
        "old": await ask(
            workshop, "PUT", address, leader, NOISE | {"revision": "2020"}
        ),
        "others": await ask(
            workshop, "PUT", address, leader, NOISE | {"organisation": "port"}
        ),
        "not turned on": await ask(
            workshop,
            "POST",
            f"{BASE}/marks",
            leader,
            {"thing": "dataset", "id": str(uuid4()), "mark": "useful"},
        ),
    }

    assert {name: answer.status_code for name, answer in refusals.items()} == {
        "nobody": 401,
        "no right": 403,
        "no list": 422,
        "no choice": 422,
        "no yes or no": 422,
        "nameless": 422,
        "old": 412,
        "others": 404,
        "not turned on": 409,
    }
    assert await workshop.rows(DeclaredInterest) == []
