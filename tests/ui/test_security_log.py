"""The security stream: refused and forged calls with who, from where and why; nothing about others, no credential."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.visitors import browse, enter, make_person
from udi.kit.keys import Signer, new_secret
from udi.kit.tenancy import Territory
from udi.protocol.credentials import REPORT
from udi.ui.site import Site

HOME_OF_SOMEBODY = "203.0.113.9"
FORGED = "2001:db8:1:2:3:4:5:6"
FORM = {"kind": "theme", "target": "economy"}


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    """Lines of the log, as they are written."""
    with capture_logs() as entries:
        yield entries


def security(logs: list[EventDict]) -> list[dict[str, Any]]:
    """Those of the security stream."""
    return [dict(line) for line in logs if line.get("stream") == "security"]


async def ask_as_machine(
    app: Litestar, territory: Territory, token: str, *, origin: str = HOME_OF_SOMEBODY
) -> httpx.Response:
    """Call an address for machines with a token, from somewhere."""
    async with browse(app, territory) as client:
        headers = {
            "Authorization": f"Bearer {token}",
            "X-Forwarded-For": origin,
            "Accept": "application/json",
        }
        return await client.get("/api/v1/me", headers=headers)


async def test_a_refused_person_is_named_by_their_identifier_with_origin_and_reason(
    portal_app: Litestar, portal_site: Site, demo: Territory, logs: list[EventDict]
) -> None:
    login = make_person(demo)
    actor = await enter(portal_site, demo, login=login)
    async with browse(portal_app, demo, login) as client:
        headers = {"Sec-Fetch-Site": "cross-site", "X-Forwarded-For": HOME_OF_SOMEBODY}
        answer = await client.post("/following?secret=x", data=FORM, headers=headers)

    assert answer.status_code == 403
    [line] = security(logs)
    expected = {
        "what": "refused", "who": str(actor.person_id), "origin": HOME_OF_SOMEBODY, "status": 403, "reason": "forbidden",
        "territory": demo.slug, "program": "portal", "route": "/following", "method": "POST",
    }  # fmt: skip
    assert {name: line[name] for name in expected} == expected
    assert not [
        word
        for word in (login.name, login.email, login.subject, "secret")
        if word in json.dumps(line)
    ]


async def test_a_forged_token_is_said_to_be_with_its_origin_and_a_digest_that_is_not_the_token(
    portal_app: Litestar, demo: Territory, logs: list[EventDict]
) -> None:
    forged = Signer.from_secret(new_secret()).sign(
        REPORT, subject="x", issuer=demo.origin, audience=demo.origin
    )

    for origin in (FORGED, FORGED.replace("3:4:5:6", "7:7:7:7")):
        answer = await ask_as_machine(portal_app, demo, forged, origin=origin)
        assert answer.status_code == 401
    await ask_as_machine(portal_app, demo, f"{forged}x")

    first, again, other = security(logs)
    assert (first["what"], first["who"], first["origin"]) == (
        "forged",
        "",
        "2001:db8:1:2::/64",
    )
    assert first["credential"] == again["credential"] != other["credential"]
    assert len(first["credential"]) == 16
    assert first["origin"] == again["origin"]
    assert forged[:20] not in json.dumps([first, again, other])


async def test_a_token_that_nobody_made_is_a_refused_credential(
    portal_app: Litestar, demo: Territory, logs: list[EventDict]
) -> None:
    answer = await ask_as_machine(portal_app, demo, "udi_me_" + "x" * 43)

    assert answer.status_code == 401
    [line] = security(logs)
    assert (line["what"], line["who"], line["status"]) == (
        "credential refused",
        "",
        401,
    )


async def test_a_forged_logout_is_in_the_stream_of_both_programs(
    portal_app: Litestar, node_app: Litestar, demo: Territory, logs: list[EventDict]
) -> None:
    for app in (portal_app, node_app):
        async with browse(app, demo) as client:
            answer = await client.post(
                "/logout/back-channel", data={"logout_token": "nonsense"}
            )
        assert answer.status_code == 400

    assert [(line["what"], line["program"]) for line in security(logs)] == [
        ("forged", "portal"),
        ("forged", "node"),
    ]


async def test_a_login_that_fails_says_why(
    portal_app: Litestar, demo: Territory, logs: list[EventDict]
) -> None:
    async with browse(portal_app, demo) as client:
        answer = await client.get("/login/callback?state=x&code=x")

    assert answer.status_code >= 400
    [line] = security(logs)
    assert (line["what"], line["origin"]) == ("login refused", "127.0.0.1")


async def test_nothing_is_said_of_what_is_not_refused(
    portal_app: Litestar, demo: Territory, logs: list[EventDict]
) -> None:
    async with browse(portal_app, demo) as client:
        statuses = [
            (await client.get(path)).status_code
            for path in ("/", "/nothing-here", "/my-space")
        ]

    assert statuses == [200, 404, 303]
    assert security(logs) == []
