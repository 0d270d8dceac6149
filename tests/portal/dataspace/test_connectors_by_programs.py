"""The connectors of a project by programs of whoever leads it, and of nobody else."""

import re
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.portal.dataspace.conftest import Talk
from tests.portal.dataspace.test_pages import FORM
from tests.visitors import browse
from udi.portal.dataspace.connectors import CONNECTOR
from udi.portal.dataspace.models import Connector
from udi.protocol.agreement import fingerprint

JSON = {"Accept": "application/json"}


async def token_of(client: httpx.AsyncClient, *scopes: str) -> dict[str, str]:
    """The header of a token that somebody made."""
    form = {"name": "Essai", "days": "30", "scope": list(scopes)}
    page = await client.post("/my-space/tokens", data=form)
    match = re.search(r"udi_me_[\w-]+", page.text)
    assert match is not None
    return {"Authorization": f"Bearer {match[0]}", **JSON}


@pytest.fixture
async def lead(talk: Talk, portal_app: Litestar) -> dict[str, str]:
    """A token of whoever leads the project."""
    async with browse(portal_app, talk.workspace.territory, talk.login) as client:
        return await token_of(client, "reading")


async def call(
    talk: Talk, method: str, by: dict[str, str], path: str = "", **fields: Any
) -> httpx.Response:
    address = f"/api/v1/projects/{talk.project.id}/connectors{path}"
    body = {"json": fields} if fields else {}
    return await talk.workspace.passer.request(method, address, headers=by, **body)


async def test_a_connector_is_added_renewed_and_revoked(
    talk: Talk, lead: dict[str, str]
) -> None:
    before = (await call(talk, "GET", lead)).json()["items"]
    added = await call(talk, "POST", lead, **FORM, token="jeton-d-ailleurs")
    path = f"/{added.json()['connector']['id']}"
    renewed = await call(talk, "POST", lead, f"{path}/renewal")
    listed = await call(talk, "GET", lead)
    ended = [await call(talk, "DELETE", lead, path) for _ in range(2)]
    late = await call(talk, "POST", lead, f"{path}/renewal")

    rows = {str(row.id): row for row in await talk.workspace.rows(Connector)}
    row = rows[path.removeprefix("/")]
    secrets = [answer.json()["secret"] for answer in (added, renewed)]
    assert [connector["id"] for connector in before] == [str(talk.connector.id)]
    assert (added.status_code, renewed.status_code) == (201, 201)
    assert all(CONNECTOR.matches(secret) for secret in secrets)
    assert row.sha256 == fingerprint(secrets[1]) != fingerprint(secrets[0])
    assert row.revoked_at is not None
    assert row.token == ""
    assert [item["name"] for item in listed.json()["items"]] == [
        FORM["name"],
        talk.connector.name,
    ]
    assert "jeton-d-ailleurs" not in listed.text
    assert listed.headers["cache-control"] == "no-store"
    assert [answer.status_code for answer in (*ended, late)] == [204, 204, 409]


async def test_nobody_else_has_anything_of_it(talk: Talk, lead: dict[str, str]) -> None:
    one = f"/{talk.connector.id}"
    others = [
        JSON,
        await token_of(talk.workspace.team, "access", "projects"),
        await token_of(talk.workspace.team, "reading"),
    ]
    statuses = []
    for by in others:
        answers = [
            await call(talk, "GET", by),
            await call(talk, "POST", by, **FORM),
            await call(talk, "POST", by, f"{one}/renewal"),
            await call(talk, "DELETE", by, one),
        ]
        statuses.append([answer.status_code for answer in answers])
    bad_address = await call(talk, "POST", lead, **FORM | {"address": "voisin"})
    unknown = await call(talk, "DELETE", lead, f"/{talk.project.id}")

    assert statuses == [[401] * 4, [403] * 4, [404] * 4]
    assert bad_address.status_code == 422
    assert [error["field"] for error in bad_address.json()["errors"]] == ["address"]
    assert unknown.status_code == 404
    [row] = await talk.workspace.rows(Connector)
    assert row.revoked_at is None
    assert row.sha256 == fingerprint(talk.secret)
