"""A call for projects by programs, from its draft to its laureates, by the tokens of those whom it concerns and no other."""

from typing import Any

import httpx

from tests.portal.projects.test_by_programs import ask, token_of
from tests.portal.projects.test_calls import CRITERIA, Workspace, moment, workspace
from udi.portal.projects.calls.models import Submission

__all__ = ["workspace"]
BASE = "/api/v1/calls"
PROJECT = {"title": "Ombres", "summary": "Où marcher au frais.", "purpose": "civic"}


def call_text(**changed: Any) -> dict[str, Any]:
    return {
        "title": "Rafraîchir la ville",
        "summary": "Où planter, où ombrager.",
        "words": "Un service ou une carte.",
        "criteria": CRITERIA.splitlines(),
        "closes_at": moment(10),
        "results_at": moment(30),
        "titles": {"en": "Cooler streets"},
        **changed,
    }


async def test_a_call_goes_from_its_draft_to_its_laureates(
    workspace: Workspace,
) -> None:
    workshop = workspace.workshop
    team = await token_of(workshop.team, "projects")
    candidate = await token_of(workshop.other, "projects")
    juror_client, juror_login = workspace.jury[0]
    juror = await token_of(juror_client, "projects")

    created = await ask(workshop, "POST", BASE, team, call_text())
    address = created.headers["location"]
    changed = await ask(
        workshop, "PUT", address, team, call_text(title="Rafraîchir les rues")
    )
    hidden = await ask(workshop, "GET", address)
    jury = {"event": "jury", "emails": [juror_login.email]}
    steps = [
        await ask(workshop, "POST", f"{address}/events", team, fields)
        for fields in (jury, {"event": "open"})
    ]
    question = await ask(
        workshop, "POST", f"{address}/questions", candidate, {"question": "Pour qui ?"}
    )
    project = (
        await ask(workshop, "POST", "/api/v1/projects", candidate, PROJECT)
    ).json()["id"]
    answer_address = f"{address}/projects/{project}"
    answers = [
        await ask(workshop, method, answer_address, candidate, fields)
        for method, fields in (
            ("PUT", {"answer": "Une carte."}),
            ("DELETE", None),
            ("DELETE", None),
            ("PUT", {"answer": "Une meilleure carte."}),
        )
    ]
    progress = (await ask(workshop, "GET", f"{address}/progress", team)).json()
    early = (await ask(workshop, "GET", f"{address}/progress", juror)).json()
    replied = await ask(
        workshop,
        "POST",
        f"{address}/events",
        team,
        {
            "event": "answer",
            "question": progress["questions"][0]["id"],
            "answer": "Pour tous.",
        },
    )
    await workspace.pass_hour()
    [submission] = await workspace.rows(Submission)
    conflicts = await ask(
        workshop, "PUT", f"{address}/conflicts", juror, {"conflicts": {}}
    )
    scores = {
        "points": {entry["id"]: str(entry["points"]) for entry in progress["criteria"]},
        "reasons": {entry["id"]: "Utile." for entry in progress["criteria"]},
    }
    score_address = f"{address}/submissions/{submission.id}/scores"
    scored = await ask(workshop, "PUT", score_address, juror, scores)
    decision = {
        "event": "decide",
        "submission": str(submission.id),
        "laureate": True,
        "reason": "Utile.",
    }
    endings = [
        await ask(workshop, "POST", f"{address}/events", team, fields)
        for fields in ({"event": "judge"}, decision, {"event": "publish"})
    ]
    published = (await ask(workshop, "GET", address)).json()

    assert (created.status_code, changed.status_code, hidden.status_code) == (
        201,
        200,
        404,
    )
    assert [step.json()["state"] for step in steps] == ["draft", "open"]
    assert (question.status_code, replied.status_code) == (204, 200)
    assert [answer.status_code for answer in answers] == [204, 204, 404, 204]
    assert [entry["answer"] for entry in progress["submissions"]] == [
        "Une meilleure carte."
    ]
    assert (early["submissions"], early["questions"], early["jurors"]) == ([], [], [])
    assert (conflicts.status_code, scored.status_code) == (204, 204)
    assert [ending.json()["state"] for ending in endings] == [
        "judged",
        "judged",
        "published",
    ]
    assert published["title"] == "Rafraîchir les rues"
    assert published["titles"]["en"] == "Cooler streets"
    assert [entry["points"] for entry in published["laureates"]] == [100]


async def test_nobody_does_what_is_for_others(workspace: Workspace) -> None:
    workshop = workspace.workshop
    team = await token_of(workshop.team, "projects")
    candidate = await token_of(workshop.other, "projects")
    profile = await token_of(workshop.team, "profile")
    created = await ask(workshop, "POST", BASE, team, call_text())
    address = created.headers["location"]
    await ask(workshop, "POST", f"{address}/events", team, {"event": "open"})

    refusals: dict[str, httpx.Response] = {
        "nobody": await ask(workshop, "POST", BASE, None, call_text()),
        "no right": await ask(workshop, "POST", BASE, profile, call_text()),
        "no organiser": await ask(workshop, "POST", BASE, candidate, call_text()),
        "no criteria": await ask(workshop, "POST", BASE, team, call_text(criteria=[])),
        "no hour": await ask(workshop, "POST", BASE, team, call_text(closes_at="soon")),
        "no organisation": await ask(
            workshop, "POST", BASE, team, call_text(organisation="nobody")
        ),
        "candidate changes": await ask(
            workshop, "PUT", address, candidate, call_text()
        ),
        "changed late": await ask(workshop, "PUT", address, team, call_text()),
        "candidate decides": await ask(
            workshop, "POST", f"{address}/events", candidate, {"event": "judge"}
        ),
        "judged early": await ask(
            workshop, "POST", f"{address}/events", team, {"event": "judge"}
        ),
        "unknown step": await ask(
            workshop, "POST", f"{address}/events", team, {"event": "sing"}
        ),
        "candidate looks": await ask(workshop, "GET", f"{address}/progress", candidate),
        "no juror": await ask(
            workshop, "PUT", f"{address}/conflicts", candidate, {"conflicts": {}}
        ),
        "no question": await ask(
            workshop, "POST", f"{address}/questions", candidate, {"question": " "}
        ),
    }

    assert {name: answer.status_code for name, answer in refusals.items()} == {
        "nobody": 401,
        "no right": 403,
        "no organiser": 403,
        "no criteria": 422,
        "no hour": 422,
        "no organisation": 404,
        "candidate changes": 403,
        "changed late": 409,
        "candidate decides": 403,
        "judged early": 409,
        "unknown step": 422,
        "candidate looks": 403,
        "no juror": 403,
        "no question": 422,
    }
