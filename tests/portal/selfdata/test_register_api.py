"""A register by programs: read by all, written whole by the tokens of administrators."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.depth import by_depth
from tests.portal.selfdata.conftest import CANTEEN, KERLEVAN, SEVE, TownHall

PATH = f"/api/v1/organisations/{KERLEVAN}/processing"
PROGRAM = {"Accept": "application/json"}


def body(**changed: Any) -> dict[str, Any]:
    """A register of one service."""
    return {
        "holds_data": True,
        "officer_email": "dpo@kerlevan.example",
        "entries": [{**CANTEEN, "state": "published"}],
        **changed,
    }


async def put(
    town_hall: TownHall, token: dict[str, str], sent: dict[str, Any]
) -> httpx.Response:
    """Write a register, by the revision that is read now unless `sent` has another."""
    read = await town_hall.anyone.get(PATH, headers=token)
    revision = {"revision": read.json().get("revision", "")}
    return await town_hall.anyone.put(PATH, json=revision | sent, headers=token)


async def test_a_register_is_written_and_read(town_hall: TownHall) -> None:
    token = await town_hall.token(town_hall.manager, "access")
    draft = {"service": "Crèche", "translations": {"service": {"en": "Nursery"}}}
    entries = [*body()["entries"], draft]

    written = await put(town_hall, token, body(entries=entries))
    public = await town_hall.anyone.get(PATH, headers=PROGRAM)
    response = await town_hall.anyone.get(PATH, headers=token)

    assert written.status_code == 200, written.text
    assert written.json() == response.json()
    assert len(response.json()["entries"]) == 2
    assert public.json()["officer_email"] == "dpo@kerlevan.example"
    assert [entry["service"] for entry in public.json()["entries"]] == [
        "Cantine scolaire"
    ]
    assert public.json()["entries"][0]["language"] == "fr"


@pytest.mark.thorough
async def test_a_statement_is_taken_as_the_form_takes_it(town_hall: TownHall) -> None:
    token = await town_hall.token(town_hall.manager, "access")
    untidy = body(
        officer_email=" dpo@kerlevan.example\x00 ",
        officer_address="\x00 Mairie \r\nPlace de la Mairie\x00 ",
        entries=[{**CANTEEN, "purpose": "Préparer\x00 les repas "}],
    )

    written = await put(town_hall, token, untidy)

    assert written.status_code == 200, written.text
    register = written.json()
    assert register["officer_email"] == "dpo@kerlevan.example"
    assert register["officer_address"] == "Mairie\nPlace de la Mairie"
    assert register["entries"][0]["purpose"] == "Préparer les repas"


@pytest.mark.thorough
async def test_what_is_left_out_goes(town_hall: TownHall) -> None:
    token = await town_hall.token(town_hall.manager, "access")
    first = (await put(town_hall, token, body())).json()
    [entry] = first["entries"]
    changed = {"id": entry["id"], **CANTEEN, "retention": "Dix ans"}

    second = await put(
        town_hall,
        token,
        body(entries=[changed, {"service": "Crèche"}]),
    )
    third = await put(
        town_hall,
        token,
        body(holds_data=False, entries=[]),
    )

    assert [row["retention"] for row in second.json()["entries"]] == ["Dix ans", ""]
    assert third.json()["entries"] == []
    assert third.json()["holds_data"] is False
    assert await town_hall.entries() == []


@pytest.mark.parametrize("written", [[], [body()]])
async def test_a_register_that_changed_meanwhile_is_not_overwritten(
    town_hall: TownHall, written: list[dict[str, Any]]
) -> None:
    token = await town_hall.token(town_hall.manager, "access")
    for register in written:
        await put(town_hall, token, register)
    read = (await town_hall.anyone.get(PATH, headers=token)).json()
    await town_hall.add(service="Brouillon")

    late = await put(town_hall, token, body(revision=read["revision"], entries=[]))

    assert late.status_code == 412
    assert "Brouillon" in [entry.service for entry in await town_hall.entries()]


@by_depth(
    ("changed", "field"),
    [
        ({"holds_data": "yes"}, "holds_data"),
        ({"moon": 1}, ""),
        ({"officer_email": "moon"}, "officer_email"),
        ({"entries": [{"service": 1}]}, "entries[0].service"),
        ({"entries": [{"people": "x"}]}, "entries[0]"),
        ({"entries": [{"service": ""}]}, "service"),
        ({"entries": [CANTEEN, {"service": "x" * 121}]}, "entries[1].service"),
        ({"entries": [CANTEEN, {"service": "a", "state": "x"}]}, "entries[1].state"),
        ({"entries": [{"service": "a", "language": "de"}]}, "entries[0].language"),
        (
            {"entries": [{"service": "a", "translations": {"moon": {}}}]},
            "entries[0].translations",
        ),
        (
            {"entries": [{"service": "a", "translations": {"data": {"de": "x"}}}]},
            "entries[0].translations",
        ),
        ({"entries": [{**CANTEEN, "id": str(uuid4())}]}, "entries[0].id"),
    ],
    by_default=[0],
)
async def test_a_body_that_is_wrong_is_named_and_changes_nothing(
    town_hall: TownHall, changed: dict[str, Any], field: str
) -> None:
    token = await town_hall.token(town_hall.manager, "access")
    row = await town_hall.add(service="Médiathèque")

    answer = await put(town_hall, token, body(**changed))

    assert answer.status_code == 422, answer.text
    [refusal] = answer.json()["errors"]
    assert refusal.get("field", "") == field
    assert [entry.id for entry in await town_hall.entries()] == [row.id]


async def test_what_is_no_json_is_refused(town_hall: TownHall) -> None:
    token = await town_hall.token(town_hall.manager, "access")

    answer = await town_hall.anyone.put(PATH, content=b"{", headers=token)

    assert answer.status_code == 422


async def test_who_publishes_services_cannot_hold_nothing(town_hall: TownHall) -> None:
    token = await town_hall.token(town_hall.manager, "access")

    answer = await put(town_hall, token, body(holds_data=False))

    assert answer.status_code == 409
    assert await town_hall.entries() == []


async def test_tokens_write_for_their_own_organisation_with_their_right(
    town_hall: TownHall,
) -> None:
    other_right = await town_hall.token(town_hall.manager, "profile")
    publisher = await town_hall.token(town_hall.publisher, "access")
    stranger = await town_hall.token(town_hall.stranger, "access")

    for token, status in (
        (other_right, 403),
        (publisher, 403),
        (stranger, 403),
        (PROGRAM, 401),
    ):
        assert (await put(town_hall, token, body())).status_code == status
    assert await town_hall.entries() == []


@pytest.mark.parametrize(("organisation", "status"), [(UUID(int=99), 404), (SEVE, 200)])
async def test_drafts_are_read_by_their_administrators_alone(
    town_hall: TownHall, organisation: UUID, status: int
) -> None:
    await town_hall.add()
    publisher = await town_hall.token(town_hall.publisher, "access")
    stranger = await town_hall.token(town_hall.stranger, "access")

    for token in (publisher, stranger, PROGRAM):
        answer = await town_hall.anyone.get(PATH, headers=token)
        assert answer.json()["entries"] == []
    elsewhere = f"/api/v1/organisations/{organisation}/processing"
    answer = await town_hall.anyone.get(elsewhere, headers=PROGRAM)
    assert answer.status_code == status
