"""Tokens that people make for their programs: shown once, good for what they were made for, until revoked or over."""

import re
from collections.abc import Sequence
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text

from tests.ui.tab import Answered, Tab
from tests.visitors import browse, make_person
from udi.kit.agent_tokens import Agent
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.identity.credentials.bearers import agent_bearer
from udi.portal.identity.credentials.tokens import SCOPES
from udi.ui.rate_limits import API_RATES, ApiRateLimiters

PAGE = "/my-space/tokens"
ME = "/api/v1/me"
DATASETS = "/api/v1/datasets/all"


@pytest.fixture
def owner(demo: Territory) -> Login:
    return make_person(demo, memberships={"mairie": ["publishers"]})


async def made(
    someone: httpx.AsyncClient, *, scopes: Sequence[str] = ("profile",)
) -> str:
    """A token as its owner copies it."""
    page = await someone.post(
        PAGE, data={"name": "tableau de bord", "days": "90", "scope": list(scopes)}
    )
    assert page.status_code == 201
    return re.findall(r"udi_me_[\w-]+", page.text)[0]


def bearer_headers(token: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept-Language": "en", **headers}


async def test_a_form_loses_the_character_that_no_database_keeps(
    demo: Territory, portal_app: Litestar, owner: Login
) -> None:
    form = {"na\x00me": "tableau\x00 de bord", "days": "90", "scope": ["\x00profile"]}

    async with browse(portal_app, demo, owner) as someone:
        page = await someone.post(PAGE, data=form)

    assert page.status_code == 201
    assert "tableau de bord" in page.text


async def test_a_token_is_shown_once_and_kept_as_a_digest(
    demo: Territory, portal_app: Litestar, portal_database: Database, owner: Login
) -> None:
    async with browse(portal_app, demo, owner) as someone:
        token = await made(someone)
        again = await someone.get(PAGE)

    async with portal_database.session(demo.id) as session:
        rows = (
            await session.execute(
                text("SELECT token_hash, api_token::text AS whole FROM app.api_token")
            )
        ).all()
    assert [bytes(row.token_hash) for row in rows] == [sha256(token.encode()).digest()]
    assert token not in again.text + rows[0].whole
    assert "tableau de bord" in again.text


async def test_a_program_is_told_who_it_speaks_for(
    demo: Territory, portal_app: Litestar, owner: Login
) -> None:
    async with (
        browse(portal_app, demo, owner) as someone,
        browse(portal_app, demo) as program,
    ):
        token = await made(someone)
        answer = await program.get(ME, headers=bearer_headers(token))
        page = await someone.get(PAGE, headers={"Accept-Language": "en"})

    profile = answer.json()
    assert (profile["name"], profile["email"]) == (owner.name, owner.email)
    assert [
        (organisation["slug"], organisation["groups"])
        for organisation in profile["organisations"]
    ] == [("mairie", ["publishers"])]
    assert profile["token"]["scopes"] == ["profile"]
    assert answer.headers["cache-control"] == "no-store"
    assert "<td>never</td>" not in page.text, "its use is noted"


async def test_a_token_gives_no_more_than_it_was_made_for(
    demo: Territory, portal_app: Litestar, owner: Login
) -> None:
    async with (
        browse(portal_app, demo, owner) as someone,
        browse(portal_app, demo) as program,
    ):
        token = await made(someone, scopes=[])
        refused, read = [
            await program.get(url, headers=bearer_headers(token))
            for url in (ME, DATASETS)
        ]
        own_page = await program.get("/my-space", headers=bearer_headers(token))
        nobody = await program.get(ME)

    assert refused.status_code == 403
    assert refused.headers["www-authenticate"].endswith(
        'error="insufficient_scope", scope="profile"'
    )
    assert refused.json()["detail"] == "This token was not given the right «profile»."
    assert read.status_code == 200
    assert own_page.status_code == 401, "pages are for people who log in"
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (
        401,
        'Bearer realm="udi"',
    )


@pytest.mark.parametrize("ended", ["revoked", "over", "unknown", "another program's"])
async def test_a_token_that_ended_opens_nothing_not_even_what_is_open(
    demo: Territory,
    portal_app: Litestar,
    portal_database: Database,
    owner: Login,
    ended: str,
) -> None:
    async with (
        browse(portal_app, demo, owner) as someone,
        browse(portal_app, demo) as program,
    ):
        token = await made(someone)
        if ended == "revoked":
            [address] = re.findall(
                rf"{PAGE}/[0-9a-f-]+/revoke", (await someone.get(PAGE)).text
            )
            await someone.post(address)
        async with portal_database.session(demo.id) as session:
            if ended == "over":
                await session.execute(
                    text(
                        "UPDATE app.api_token SET expires_at = now() - interval '1 second'"
                    )
                )
        token = {"unknown": token + "x", "another program's": "udi_" + token[7:]}.get(
            ended, token
        )
        answers = [
            await program.get(url, headers=bearer_headers(token))
            for url in (ME, DATASETS, "/ogc", "/api/3/action/package_list")
        ]

    assert [answer.status_code for answer in answers] == [401] * 4
    assert all(
        'error="invalid_token"' in answer.headers["www-authenticate"]
        for answer in answers
    )
    assert "open data need no token" in answers[0].json()["remedy"]


async def test_nobody_sees_or_revokes_the_token_of_another(
    demo: Territory,
    other: Territory,
    portal_app: Litestar,
    portal_database: Database,
    owner: Login,
) -> None:
    async with browse(portal_app, demo, owner) as someone:
        token = await made(someone)
        address = re.findall(
            rf"{PAGE}/[0-9a-f-]+/revoke", (await someone.get(PAGE)).text
        )[0]
    async with browse(portal_app, demo, make_person(demo)) as neighbour:
        assert "tableau de bord" not in (await neighbour.get(PAGE)).text
        assert (await neighbour.post(address)).status_code == 404
    async with browse(portal_app, other, make_person(other)) as stranger:
        assert (await stranger.post(address)).status_code == 404
        assert (
            await stranger.get(ME, headers=bearer_headers(token))
        ).status_code == 401
    async with portal_database.session(demo.id) as session:
        person = await session.scalar(text("SELECT person_id FROM app.api_token"))
    for who, rows in ((person, 1), ("00000000-0000-4000-8000-000000000000", 0)):
        async with portal_database.session(demo.id, person=who) as session:
            assert (
                await session.scalar(text("SELECT count(*) FROM app.api_token")) == rows
            )
    async with browse(portal_app, demo) as program:
        assert (await program.get(ME, headers=bearer_headers(token))).status_code == 200


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (
            {"name": " ", "days": "30"},
            "Give it a name that says which program uses it.",
        ),
        ({"name": "x", "days": "4000"}, "Choose a period of validity."),
        ({"name": "x", "days": "30", "scope": "everything"}, "There is no such right."),
    ],
)
async def test_what_cannot_be_made_is_said_beside_its_field(
    demo: Territory,
    portal_app: Litestar,
    owner: Login,
    form: dict[str, str],
    message: str,
) -> None:
    async with browse(portal_app, demo, owner) as someone:
        page = await someone.post(PAGE, data=form, headers={"Accept-Language": "en"})

    assert page.status_code == 422
    assert message in page.text
    assert "udi_me_" not in page.text


async def test_twenty_tokens_are_enough_until_one_is_revoked(
    demo: Territory, portal_app: Litestar, owner: Login
) -> None:
    async with browse(portal_app, demo, owner) as someone:
        for _ in range(20):
            await made(someone)
        more = await someone.post(PAGE, data={"name": "x", "days": "30"})
        address = re.findall(
            rf"{PAGE}/[0-9a-f-]+/revoke", (await someone.get(PAGE)).text
        )[0]
        await someone.post(address)
        await made(someone)

    assert more.status_code == 409


async def test_programs_are_counted_by_their_address_and_people_by_their_token(
    demo: Territory, portal_app: Litestar, owner: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: ApiRateLimiters = portal_app.state.site.services[API_RATES]
    for limiter, most in ((rates.passers_by, 2), (rates.people, 10)):
        monkeypatch.setattr(limiter, "limit", most)
        monkeypatch.setattr(limiter, "clock", lambda: 90.0)
    async with (
        browse(portal_app, demo, owner) as someone,
        browse(portal_app, demo) as program,
    ):
        token = await made(someone)
        passing = [await program.get(DATASETS) for _ in range(3)]
        authenticated_response = await program.get(
            DATASETS, headers=bearer_headers(token)
        )
        elsewhere = await program.get(
            DATASETS, headers={"X-Forwarded-For": "198.51.100.7"}
        )
        again = await program.get(
            DATASETS, headers={"X-Forwarded-For": "198.51.100.7", "If-None-Match": "*"}
        )
        page = await program.get("/data")

    assert [
        (answer.status_code, answer.headers["ratelimit"]) for answer in passing
    ] == [
        (200, '"api";r=1;t=30'),
        (200, '"api";r=0;t=30'),
        (429, '"api";r=0;t=30'),
    ]
    assert passing[0].headers["ratelimit-policy"] == '"api";q=2;w=60'
    assert passing[2].headers["retry-after"] == "30"
    assert passing[2].json()["type"] == "/problems/too-many-requests"
    assert "RateLimit" in passing[2].headers["access-control-expose-headers"]
    assert authenticated_response.headers["ratelimit"] == '"api";r=9;t=30'
    assert elsewhere.status_code == 200
    assert (again.status_code, again.headers["ratelimit"]) == (304, '"api";r=0;t=30')
    assert page.status_code == 200, "pages for people are not counted"


@pytest.mark.thorough
async def test_the_page_of_tokens_in_a_browser(
    demo: Territory, portal_app: Litestar, owner: Login, tab: Tab
) -> None:
    async with browse(portal_app, demo, owner) as someone:
        address = f"{demo.origin}{PAGE}"
        assert await tab.find_faults(someone, address, "tokens-empty", "fr") == []
        refusal = await someone.post(PAGE, data={"name": "", "days": ""})
        creation = await someone.post(
            PAGE,
            data={"name": "tableau-de-bord-" * 5, "days": "365", "scope": "profile"},
        )
        assert await tab.find_faults(someone, address, "tokens", "fr", "en") == []
        assert (
            await tab.find_faults(
                Answered(someone, PAGE, refusal), address, "tokens-wrong", "fr"
            )
            == []
        )
        assert (
            await tab.find_faults(
                Answered(someone, PAGE, creation), address, "tokens-made", "fr"
            )
            == []
        )


def test_a_program_that_reasons_judges_for_nobody(demo: Territory) -> None:
    actor = Actor(uuid4(), "Nom", "nom@example.org", demo.slug)
    bearer = agent_bearer(Agent("a-program", actor, now()))

    assert bearer.scopes == set(SCOPES) - {"calls"}
