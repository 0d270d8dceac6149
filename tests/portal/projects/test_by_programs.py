"""Calls and requests for data by programs: what everybody reads, and what the token of a person does in their name."""

import base64
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from tests.depth import by_depth
from tests.portal.projects.conftest import Workshop, picture
from tests.portal.projects.test_calls import Workspace
from udi.kit.clock import now
from udi.portal.projects.calls.models import Call, Submission
from udi.portal.projects.data_requests.models import DataRequest

CALLS = "/api/v1/calls"
NEEDS = "/api/v1/data-requests"
NEED = {
    "title": "Ombres portées des bâtiments",
    "words": "Savoir où planter.",
    "theme": "environment",
}


async def token_of(client: httpx.AsyncClient, *scopes: str) -> dict[str, str]:
    page = await client.post(
        "/my-space/tokens", data={"name": "Essai", "days": "30", "scope": list(scopes)}
    )
    match = re.search(r"udi_me_[\w-]+", page.text)
    assert match is not None
    return {"Authorization": f"Bearer {match[0]}"}


async def ask(
    workshop: Workshop,
    method: str,
    address: str,
    by: dict[str, str] | None = None,
    fields: Any = None,
) -> httpx.Response:
    headers = {"Accept": "application/json", **(by or {})}
    return await workshop.anyone.request(
        method, address, headers=headers, **({"json": fields} if fields else {})
    )


async def test_a_call_is_read_from_its_opening_to_its_laureates(
    workshop: Workshop,
) -> None:
    workspace = Workspace(workshop, [])
    await workspace.write()
    address = f"/api/v1{workspace.address}"
    draft = await ask(workshop, "GET", address)
    await workspace.act("open")
    await workspace.send(workshop.leader, "Ombres")
    opened = (await ask(workshop, "GET", address)).json()
    listed = (await ask(workshop, "GET", f"{CALLS}?size=1")).json()
    async with workshop.site.database.session(
        workshop.territory.id, role="worker"
    ) as session:
        laureate = {"laureate": True, "reason": "Utile dès cet été.", "total": 72.5}
        await session.execute(update(Submission).values(**laureate))
    before_publication = (await ask(workshop, "GET", address)).json()
    async with workshop.site.database.session(
        workshop.territory.id, role="worker"
    ) as session:
        await session.execute(
            update(Call).values(state="published", published_at=now())
        )
    published = (await ask(workshop, "GET", address)).json()

    assert draft.status_code == 404
    assert (opened["state"], opened["organiser"], opened["laureates"]) == (
        "open",
        None,
        [],
    )
    assert [criterion["points"] for criterion in opened["criteria"]] == [40, 30, 20, 10]
    assert [call["url"] for call in listed["items"]] == [address]
    assert before_publication["laureates"] == []
    assert published["laureates"] == [
        {
            "title": "Ombres",
            "titles": {"fr": "Ombres"},
            "summary": "Pour Ombres.",
            "summaries": {"fr": "Pour Ombres."},
            "points": 72.5,
            "reason": "Utile dès cet été.",
        }
    ]


@pytest.mark.thorough
async def test_data_are_asked_for_supported_and_promised(workshop: Workshop) -> None:
    mine = await token_of(workshop.leader, "access")
    other = await token_of(workshop.other, "access")
    team = await token_of(workshop.team, "access")
    creation = await ask(workshop, "POST", NEEDS, mine, NEED)
    assert creation.status_code == 201, creation.text
    home = creation.headers["location"]
    corrected = await ask(
        workshop, "PUT", home, mine, NEED | {"title": "Ombres des bâtiments"}
    )
    supported = [await ask(workshop, "PUT", f"{home}/support", other) for _ in range(2)]
    own_support = await ask(workshop, "PUT", f"{home}/support", mine)
    board = (await ask(workshop, "GET", NEEDS)).json()["items"]
    listed = (await ask(workshop, "GET", f"{NEEDS}/mine", mine)).json()
    promise = {"event": "promise", "day": "2099-05-31", "words": "Après la campagne."}
    refused = await ask(workshop, "POST", f"{home}/events", other, promise)
    promised = await ask(workshop, "POST", f"{home}/events", team, promise)
    wordless = await ask(workshop, "POST", f"{home}/events", team, {"event": "decline"})
    left = await ask(workshop, "DELETE", f"{home}/support", other)

    assert corrected.json()["title"] == "Ombres des bâtiments"
    assert [answer.status_code for answer in (*supported, own_support, left)] == [
        204,
        204,
        409,
        204,
    ]
    assert [
        (data_request["title"], data_request["supporters"]) for data_request in board
    ] == [("Ombres des bâtiments", 1)]
    assert [data_request["id"] for data_request in listed["sent"]] == [
        creation.json()["id"]
    ]
    assert (refused.status_code, promised.status_code, wordless.status_code) == (
        403,
        200,
        422,
    )
    assert (promised.json()["state"], promised.json()["promised"]) == (
        "promised",
        "2099-05-31",
    )


async def test_what_is_withdrawn_or_hidden_is_for_its_author_and_the_team(
    workshop: Workshop,
) -> None:
    mine = await token_of(workshop.leader, "access")
    other = await token_of(workshop.other, "access")
    team = await token_of(workshop.team, "access")
    poor = await token_of(workshop.leader, "profile")
    homes = [
        (await ask(workshop, "POST", NEEDS, mine, NEED)).headers["location"]
        for _ in range(2)
    ]
    withdrawn = await ask(
        workshop, "POST", f"{homes[0]}/events", mine, {"event": "withdraw"}
    )
    hidden = await ask(
        workshop,
        "POST",
        f"{homes[1]}/events",
        team,
        {"event": "hide", "words": "Hors sujet."},
    )

    assert (withdrawn.json()["state"], hidden.json()["state"]) == (
        "withdrawn",
        "hidden",
    )
    for home in homes:
        read = [
            (await ask(workshop, "GET", home, by))
            for by in (mine, team, other, poor, None)
        ]
        assert [answer.status_code for answer in read] == [200, 200, 404, 404, 404]
        assert read[0].headers["cache-control"] == "no-store"
    assert (await ask(workshop, "POST", NEEDS, poor, NEED)).status_code == 403
    assert (await ask(workshop, "POST", NEEDS, None, NEED)).status_code == 401


@by_depth(
    ("body", "field"),
    [
        ({"title": "x"}, "words"),
        (NEED | {"theme": "fame"}, "theme"),
        (NEED | {"title": ""}, "title"),
        ([], ""),
    ],
    by_default=[0],
)
async def test_what_is_wrong_with_a_request_is_named(
    workshop: Workshop, body: Any, field: str
) -> None:
    mine = await token_of(workshop.leader, "access")

    headers = {"Accept": "application/json", **mine}
    answer = await workshop.anyone.post(NEEDS, json=body, headers=headers)

    assert answer.status_code == 422
    assert [error.get("field", "") for error in answer.json()["errors"]] == [field]
    assert await workshop.rows(DataRequest) == []


@pytest.mark.thorough
async def test_a_team_is_invited_joins_and_is_given_rights(workshop: Workshop) -> None:
    mine = await token_of(workshop.leader, "projects")
    other = await token_of(workshop.other, "projects")
    payload = {"title": "Ombrer", "summary": "Dix rues.", "purpose": "civic"}
    home = (await ask(workshop, "POST", "/api/v1/projects", mine, payload)).headers[
        "location"
    ]
    guest = {"email": workshop.logins["other"].email, "right": "see"}
    stranger = await ask(workshop, "GET", f"{home}/team", other)
    invited = await ask(workshop, "POST", f"{home}/team", mine, guest)
    twice = await ask(workshop, "POST", f"{home}/team", mine, guest)
    joined = await ask(
        workshop, "POST", f"{home}/invitation", other, {"event": "accept"}
    )
    [member] = (await ask(workshop, "GET", f"{home}/team", other)).json()["items"]
    edits = await ask(
        workshop, "PUT", f"{home}/team/{member['id']}", mine, {"right": "edit"}
    )
    changed_right = await ask(
        workshop, "PUT", f"{home}/team/{member['id']}", other, {"right": "edit"}
    )
    refusal = await ask(
        workshop, "PUT", f"{home}/team/{member['id']}", mine, {"right": "own"}
    )
    gone = await ask(workshop, "DELETE", f"{home}/team/{member['id']}", mine)
    again = await ask(workshop, "DELETE", f"{home}/team/{member['id']}", mine)
    left = await ask(workshop, "POST", f"{home}/invitation", other, {"event": "leave"})

    assert (
        stranger.status_code,
        invited.status_code,
        twice.status_code,
        joined.status_code,
    ) == (404, 201, 422, 204)
    assert (invited.json()["items"][0]["stage"], member["stage"], member["right"]) == (
        "invited",
        "joined",
        "see",
    )
    assert (
        edits.json()["items"][0]["right"],
        changed_right.status_code,
        refusal.status_code,
    ) == (
        "edit",
        403,
        422,
    )
    assert [answer.status_code for answer in (gone, again, left)] == [204, 409, 404]


@pytest.mark.thorough
async def test_a_picture_is_added_made_anew_and_taken_away(workshop: Workshop) -> None:
    mine = await token_of(workshop.leader, "projects")
    payload = {"title": "Ombrer", "summary": "Dix rues.", "purpose": "civic"}
    home = (await ask(workshop, "POST", "/api/v1/projects", mine, payload)).headers[
        "location"
    ]
    upload = {
        "alternative": "Une rue à l’ombre.",
        "content": base64.b64encode(picture()).decode(),
    }
    added = await ask(workshop, "POST", f"{home}/pictures", mine, upload)
    refusals = [
        await ask(workshop, "POST", f"{home}/pictures", mine, upload | changed)
        for changed in ({"content": "é"}, {"content": "aGVsbG8="}, {"alternative": ""})
    ]
    [stored_picture] = added.json()["items"]
    listed = (await ask(workshop, "GET", home, mine)).json()["pictures"]
    gone = await ask(
        workshop, "DELETE", f"{home}/pictures/{stored_picture['id']}", mine
    )
    after = (await ask(workshop, "GET", home, mine)).json()["pictures"]

    assert (added.status_code, stored_picture["alternative"]) == (
        201,
        "Une rue à l’ombre.",
    )
    assert [listed_picture["url"] for listed_picture in listed] == [
        stored_picture["url"]
    ]
    assert [refusal.status_code for refusal in refusals] == [422, 422, 422]
    assert (gone.status_code, after) == (204, [])
