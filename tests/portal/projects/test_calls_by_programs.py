"""A call for projects by programs, from its draft to its laureates, by the tokens of those whom it concerns and no other."""

from typing import Any

import httpx
import pytest

from tests.depth import by_depth
from tests.portal.projects.test_by_programs import ask, token_of
from tests.portal.projects.test_calls import (
    CRITERIA,
    Workspace,
    bring_to,
    moment,
    workspace,
)
from udi.portal.projects.calls.models import (
    CallCriterion,
    Conflict,
    Juror,
    Score,
    Submission,
)
from udi.portal.projects.calls.transitions import CallState

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
    team = await token_of(workshop.team, "calls")
    candidate = await token_of(workshop.other, "calls", "projects")
    juror_client, juror_login = workspace.jury[0]
    juror = await token_of(juror_client, "calls")

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
    closed = (await ask(workshop, "GET", f"{address}/progress", team)).json()
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
    assert (progress["submitted"], progress["submissions"]) == (1, [])
    assert [entry["answer"] for entry in closed["submissions"]] == [
        "Une meilleure carte."
    ]
    assert (early["submissions"], early["questions"], early["jurors"]) == ([], [], [])
    assert early["submitted"] is None
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
    team = await token_of(workshop.team, "calls")
    candidate = await token_of(workshop.other, "calls", "projects")
    profile = await token_of(workshop.team, "profile")
    projects = await token_of(workshop.team, "projects")
    created = await ask(workshop, "POST", BASE, team, call_text())
    address = created.headers["location"]
    await ask(workshop, "POST", f"{address}/events", team, {"event": "open"})

    refusals: dict[str, httpx.Response] = {
        "nobody": await ask(workshop, "POST", BASE, None, call_text()),
        "no right": await ask(workshop, "POST", BASE, profile, call_text()),
        "right to projects": await ask(workshop, "POST", BASE, projects, call_text()),
        "no organiser": await ask(workshop, "POST", BASE, candidate, call_text()),
        "no criteria": await ask(workshop, "POST", BASE, team, call_text(criteria=[])),
        "no text": await ask(workshop, "POST", BASE, team, call_text(title="Rues\x00")),
        "no text in a list": await ask(
            workshop, "POST", BASE, team, call_text(datasets=["\x00"])
        ),
        "no text by language": await ask(
            workshop, "POST", BASE, team, call_text(titles={"en": "\x00"})
        ),
        "no language": await ask(
            workshop, "POST", BASE, team, call_text(titles={"en\x00": "Streets"})
        ),
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
        "right to projects": 403,
        "no organiser": 403,
        "no criteria": 422,
        "no text": 422,
        "no text in a list": 422,
        "no text by language": 422,
        "no language": 422,
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


async def test_a_juror_reads_no_result_before_it_is_public(
    workspace: Workspace,
) -> None:
    await bring_to(workspace, CallState.JUDGED)
    workshop = workspace.workshop
    address = f"/api/v1{workspace.address}"
    [submission] = await workspace.rows(Submission)
    decision = {
        "event": "decide",
        "submission": str(submission.id),
        "laureate": True,
        "reason": "Utile.",
    }
    team = await token_of(workshop.team, "calls")
    juror = await token_of(workspace.jury[0][0], "calls")
    decided = await ask(workshop, "POST", f"{address}/events", team, decision)

    async def read(by: dict[str, str]) -> list[tuple[Any, ...]]:
        progress = (await ask(workshop, "GET", f"{address}/progress", by)).json()
        return [
            (entry["points"], entry["laureate"], entry["reason"])
            for entry in progress["submissions"]
        ]

    before = await read(juror)
    organisers = await read(team)
    await ask(workshop, "POST", f"{address}/events", team, {"event": "publish"})
    after = await read(juror)

    assert decided.status_code == 200
    assert before == [(None, None, "")]
    assert [(row[1], row[2]) for row in organisers] == [(True, "Utile.")]
    assert organisers[0][0] is not None
    assert after == organisers


async def test_the_order_of_submissions_tells_a_juror_no_result(
    workspace: Workspace,
) -> None:
    await bring_to(workspace, CallState.OPEN)
    await workspace.send(workspace.workshop.leader, "Arbres")
    await workspace.pass_hour()
    submissions = {row.title: row for row in await workspace.rows(Submission)}
    for client, _ in workspace.jury:
        await workspace.declare(client)
        await workspace.score(client, submissions["Ombres"], 1)
        await workspace.score(client, submissions["Arbres"], 0)
    await workspace.act("judge")
    address = f"/api/v1{workspace.address}/progress"
    titles = []
    for client in (workspace.jury[0][0], workspace.team):
        by = await token_of(client, "calls")
        progress = (await ask(workspace.workshop, "GET", address, by)).json()
        titles.append([entry["title"] for entry in progress["submissions"]])

    page = (await workspace.jury[0][0].get(f"{workspace.address}/jury")).text

    assert titles == [["Arbres", "Ombres"], ["Ombres", "Arbres"]]
    assert 0 < page.index("Arbres</a>") < page.index("Ombres</a>")


@by_depth("points", ["7.5", "abc", "-3", "٣", "1000", ""], by_default=[0])
async def test_points_that_are_no_whole_number_are_refused(
    workspace: Workspace, points: str
) -> None:
    await bring_to(workspace, CallState.CLOSED)
    [submission] = await workspace.rows(Submission)
    juror, _ = workspace.jury[0]
    await workspace.declare(juror)
    criteria = [str(row.id) for row in await workspace.rows(CallCriterion)]
    address = f"{workspace.address}/submissions/{submission.id}"
    fields = {
        "points": dict.fromkeys(criteria, " 1 ") | {criteria[0]: points},
        "reasons": dict.fromkeys(criteria, "Utile."),
    }
    by = await token_of(juror, "calls")
    form = {f"points-{key}": value for key, value in fields["points"].items()}
    form |= {f"reason-{key}": value for key, value in fields["reasons"].items()}

    answer = await ask(
        workspace.workshop, "PUT", f"/api/v1{address}/scores", by, fields
    )
    page = await juror.post(address, data=form)

    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [
        f"points-{criteria[0]}"
    ]
    assert page.status_code == 422
    assert await workspace.rows(Score) == []


@by_depth("key", ["x", "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d"], by_default=[0])
async def test_a_conflict_with_no_submission_of_the_call_is_refused(
    workspace: Workspace, key: str
) -> None:
    await bring_to(workspace, CallState.CLOSED)
    juror, login = workspace.jury[0]
    by = await token_of(juror, "calls")
    address = f"/api/v1{workspace.address}/conflicts"

    answer = await ask(
        workspace.workshop, "PUT", address, by, {"conflicts": {key: "J’y travaille."}}
    )

    [error] = answer.json()["errors"]
    assert answer.status_code == 422
    assert (error["field"], error["code"]) == ("conflicts", "unknown-value")
    assert await workspace.rows(Conflict) == []
    declared = {row.email: row.declared_at for row in await workspace.rows(Juror)}
    assert declared[login.email] is None


@pytest.mark.thorough
async def test_the_text_of_a_draft_is_read_as_it_is_sent(workspace: Workspace) -> None:
    workshop = workspace.workshop
    team = await token_of(workshop.team, "calls")
    other = await token_of(workshop.other, "calls")
    sent = call_text(
        closes_at=f"{moment(10)[:10]}T18:00",
        results_at=f"{moment(30)[:10]}T18:00",
        criteria_by_language={"en": "Useful\nKind\nQuick\nOpen"},
    )
    created = await ask(workshop, "POST", BASE, team, sent)
    address = created.headers["location"]

    text = (await ask(workshop, "GET", f"{address}/text", team)).json()
    changed = await ask(workshop, "PUT", address, team, text)
    again = (await ask(workshop, "GET", f"{address}/text", team)).json()
    mine, theirs = [
        (await ask(workshop, "GET", f"{BASE}/mine", by)).json() for by in (team, other)
    ]
    drafted = [
        await ask(workshop, "GET", f"{address}/text", by) for by in (other, None)
    ]
    await ask(workshop, "POST", f"{address}/events", team, {"event": "open"})
    opened = await ask(workshop, "GET", f"{address}/text", other)

    assert {name: text[name] for name in sent} == sent
    assert (changed.status_code, again) == (200, text)
    assert [draft["id"] for draft in mine["drafts"]] == [created.json()["id"]]
    assert [draft["state"] for draft in mine["drafts"]] == ["draft"]
    assert theirs == {"drafts": [], "juries": [], "submissions": []}
    assert [answer.status_code for answer in drafted] == [404, 401]
    assert opened.status_code == 403


async def test_a_submission_is_for_its_candidate_then_the_jury_then_with_its_result(
    workspace: Workspace,
) -> None:
    await bring_to(workspace, CallState.OPEN)
    workshop = workspace.workshop
    tokens = {
        "candidate": await token_of(workshop.other, "calls"),
        "juror": await token_of(workspace.jury[0][0], "calls"),
        "team": await token_of(workshop.team, "calls"),
        "stranger": await token_of(workshop.leader, "calls"),
        "no right": await token_of(workshop.other, "projects"),
    }
    mine = (await ask(workshop, "GET", f"{BASE}/mine", tokens["candidate"])).json()
    judged = (await ask(workshop, "GET", f"{BASE}/mine", tokens["juror"])).json()
    [sent_entry] = mine["submissions"]
    call_address = f"{BASE}/{sent_entry['call']}"

    async def read() -> dict[str, Any]:
        answers = {
            name: await ask(workshop, "GET", sent_entry["url"], by)
            for name, by in tokens.items()
        }
        return {
            name: answer.json() if answer.status_code == 200 else answer.status_code
            for name, answer in answers.items()
        }

    opened = await read()
    await workspace.pass_hour()
    [submission] = await workspace.rows(Submission)
    juror, _ = workspace.jury[0]
    await workspace.declare(juror)
    await workspace.score(juror, submission)
    await workspace.act("judge")
    decision = {
        "submission": sent_entry["id"],
        "laureate": "no",
        "reason": "Trop loin.",
    }
    await workspace.act("decide", **decision)
    closed = await read()
    progress = await ask(workshop, "GET", f"{call_address}/progress", tokens["team"])
    await workspace.act("publish")
    published = await read()

    assert mine["drafts"] == mine["juries"] == judged["submissions"] == []
    assert sent_entry["project"] == str(submission.project_id)
    assert [call["id"] for call in judged["juries"]] == [sent_entry["call"]]
    assert opened["candidate"]["answer"] == "Une carte."
    assert [opened[name] for name in tokens if name != "candidate"] == [404] * 3 + [403]
    assert closed["candidate"] == opened["candidate"]
    assert [closed[name] for name in ("stranger", "no right")] == [404, 403]
    results = {
        name: (reply["points"], reply["laureate"], reply["reason"])
        for name, reply in closed.items()
        if name in {"candidate", "juror", "team"}
    }
    hidden = (None, None, "")
    full_result = (submission_points(closed["team"]), False, "Trop loin.")
    assert results == {"candidate": hidden, "juror": hidden, "team": full_result}
    assert [score["points"] for score in closed["juror"]["scores"]] != []
    assert (closed["juror"]["results"], closed["team"]["scores"]) == ([], [])
    assert closed["candidate"]["results"] == []
    assert sorted(entry["scored"] for entry in progress.json()["jurors"]) == [0, 0, 1]
    assert published["candidate"]["results"] == closed["team"]["results"]
    assert published["candidate"]["reason"] == "Trop loin."


def submission_points(detail: dict[str, Any]) -> float:
    """The sum of the means that the jury gave by criterion."""
    return sum(result["mean"] for result in detail["results"])


async def test_a_juror_reads_their_own_conflict(workspace: Workspace) -> None:
    await bring_to(workspace, CallState.CLOSED)
    [submission] = await workspace.rows(Submission)
    await workspace.declare(workspace.jury[0][0], submission)
    address = f"/api/v1{workspace.address}/submissions/{submission.id}"

    conflicts = []
    for juror, _ in workspace.jury[:2]:
        by = await token_of(juror, "calls")
        detail = (await ask(workspace.workshop, "GET", address, by)).json()
        conflicts.append(detail["conflict"])

    assert conflicts == ["J’y travaille.", None]
