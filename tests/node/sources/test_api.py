"""The API of sources: what the form of the page does, with a key of the space; a credential is in no answer."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from tests.node.producer import TABLE
from tests.node.scripts import OTHER, new_key
from tests.node.sending import rows
from tests.node.sources.renewal import Renewal
from tests.node.sources.webdav_server import PASSWORD, WebdavServer
from udi.node.datasets.actions.source import read_credential
from udi.node.datasets.models import DatasetEvent
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.spaces.limits import LOOKS_PER_MINUTE

SFTP = {
    "address": "sftp://files.example/a.csv",
    "frequency": "daily",
    "fields": {"user": "depot", "password": PASSWORD},
}


class SourceClient:
    """A program that sets the source of one dataset, with a key and no cookie."""

    def __init__(self, client: httpx.AsyncClient, dataset: str, token: str) -> None:
        self.client = client
        self.path = f"/api/v1/datasets/{dataset}/source"
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str = "", **body: Any) -> httpx.Response:
        """One request; the body is JSON."""
        return await self.client.request(
            method,
            path or self.path,
            headers=self.headers,
            content=json.dumps(body) if body else b"",
        )


@pytest.fixture
async def script(
    renewal: Renewal, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> SourceClient:
    """A program with a key of the whole space."""
    return SourceClient(passer_by, renewal.dataset, await new_key(manager))


async def read_stored_credential(renewal: Renewal) -> dict[str, str]:
    """What is kept sealed."""
    source = await renewal.source()
    async with renewal.database.session(renewal.territory.id, role="worker") as session:
        return await read_credential(session, source)


async def test_a_script_sets_runs_pauses_and_deletes_a_source(
    renewal: Renewal, script: SourceClient, webdav: WebdavServer
) -> None:
    webdav.put("a.csv", TABLE)
    fields = {"password": PASSWORD}
    before = await script.ask("GET")
    created = await script.ask(
        "PUT", address=webdav.address(), frequency="hourly", fields=fields
    )
    await renewal.look()
    webdav.put("a.csv", OTHER)
    ran = await script.ask("POST", f"{script.path}/run")
    await renewal.look()
    state = await script.ask("GET")
    listed = await script.ask("GET", "/api/v1/sources")
    paused = await script.ask("PATCH", paused=True)
    await renewal.look()
    request_count = len(webdav.list_answers())
    resumed = await script.ask("PATCH", paused=False)
    deleted = await script.ask("DELETE")

    assert before.status_code == 404
    assert (created.status_code, ran.status_code) == (201, 202), created.text
    assert state.json()["changed_at"] is not None
    assert (state.json()["error"], state.json()["failures"]) == ("", 0)
    assert listed.json() == {"items": [state.json()]}
    assert await renewal.file() == OTHER
    assert (paused.json()["paused"], paused.json()["next_check_at"]) == (True, None)
    assert paused.json()["paused_at"] is not None
    assert request_count == 2
    assert (resumed.json()["paused"], resumed.json()["paused_at"]) == (False, None)
    assert deleted.status_code == 204
    assert await rows(renewal.database, renewal.territory, DatasetSource) == []
    assert (await script.ask("DELETE")).status_code == 404
    assert all(
        PASSWORD not in answer.text and "no-store" in answer.headers["cache-control"]
        for answer in (created, ran, state, listed, paused, resumed)
    )
    events = await rows(renewal.database, renewal.territory, DatasetEvent)
    acts = {
        event.action: event.detail
        for event in events
        if event.action.startswith("source.")
    }
    assert set(acts) == {"source.set", "source.paused_by_person", "source.stopped"}
    assert all("key" in detail for detail in acts.values())
    assert PASSWORD not in json.dumps(list(acts.values()))


async def test_what_a_change_leaves_out_stays_for_the_same_server_alone(
    renewal: Renewal, script: SourceClient
) -> None:
    await script.ask("PUT", **SFTP)
    weekly = await script.ask("PATCH", frequency="weekly")
    other_file = await script.ask("PATCH", address="sftp://files.example/b.csv")
    same_server = await read_stored_credential(renewal)
    elsewhere = await script.ask("PATCH", address="sftp://other.example/a.csv")
    again = await script.ask("PUT", **SFTP)

    assert (weekly.status_code, weekly.json()["frequency"]) == (200, "weekly")
    assert other_file.json()["address"] == "sftp://files.example/b.csv"
    assert same_server == SFTP["fields"]
    assert elsewhere.status_code == 422
    assert {error["field"] for error in elsewhere.json()["errors"]} == {
        "fields.user",
        "fields.password",
    }
    assert again.status_code == 200
    assert (await renewal.source()).address == SFTP["address"]


async def test_a_script_confirms_no_key_of_a_server(
    renewal: Renewal, script: SourceClient
) -> None:
    await script.ask("PUT", **SFTP)

    refused = await script.ask("PATCH", host_key="SHA256:x")

    assert refused.status_code == 422
    assert (await renewal.source()).host_key == ""


REFUSED_SOURCES: Sequence[tuple[dict[str, Any], str]] = (
    ({"address": "files.example/a.csv"}, "address"),
    ({"address": "https://u:p@files.example/a.csv"}, "address"),
    ({"frequency": "never"}, "frequency"),
    ({"kind": "carrier-pigeon"}, "kind"),
    ({"fields": {"user": "depot"}}, "fields.password"),
    ({"fields": {"user": "a", "password": "b", "colour": "c"}}, "fields.colour"),
    ({"fields": {"user": 3}}, "fields"),
    ({"secret": "x"}, ""),
    ({"address": 3}, "address"),
)


async def test_a_source_that_is_wrong_is_refused_by_field_and_nothing_is_kept(
    renewal: Renewal, script: SourceClient
) -> None:
    for body, field in REFUSED_SOURCES:
        answer = await script.ask("PUT", **(SFTP | body))

        assert answer.status_code == 422, answer.text
        [error] = answer.json()["errors"]
        assert error.get("field", "") == field
    assert await rows(renewal.database, renewal.territory, DatasetSource) == []


async def test_a_key_of_other_datasets_or_spaces_reaches_no_source(
    renewal: Renewal,
    script: SourceClient,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
) -> None:
    await script.ask("PUT", **SFTP)
    draft = await renewal.producer.draft(name="autre.csv")
    limited = SourceClient(passer_by, renewal.dataset, await new_key(manager, draft))
    nobody = SourceClient(passer_by, renewal.dataset, "udi_" + "x" * 43)
    calls = [
        ("GET", "", {}),
        ("PUT", "", SFTP),
        ("PATCH", "", {"paused": True}),
        ("POST", f"{script.path}/run", {}),
        ("DELETE", "", {}),
    ]

    for method, path, body in calls:
        assert (await limited.ask(method, path, **body)).status_code == 403
        assert (await nobody.ask(method, path, **body)).status_code == 401
        bare = await renewal.producer.client.request(method, path or script.path)
        assert bare.status_code == 401
    listed = await limited.ask("GET", "/api/v1/sources")
    assert listed.json() == {"items": []}
    assert (await nobody.ask("GET", "/api/v1/sources")).status_code == 401
    own_response = await renewal.producer.client.get("/api/v1/sources")
    assert own_response.status_code == 401
    assert not (await renewal.source()).paused


async def test_a_dataset_that_is_withdrawn_takes_no_source(
    renewal: Renewal, script: SourceClient
) -> None:
    await renewal.producer.client.post(
        f"/datasets/{renewal.dataset}/withdraw", data={"reason": "Périmé"}
    )

    assert (await script.ask("PUT", **SFTP)).status_code == 409
    options = await script.client.options(script.path)
    assert options.headers["allow"] == "DELETE, GET, OPTIONS, PATCH, PUT"


async def test_the_frequency_alone_leaves_a_paused_source_paused(
    renewal: Renewal, script: SourceClient
) -> None:
    await script.ask("PUT", **SFTP)
    await script.ask("PATCH", paused=True)

    changed = await script.ask("PATCH", frequency="weekly")
    refused = await script.ask("PATCH", frequency="never")
    moved = await script.ask("PATCH", address="sftp://files.example/b.csv")

    assert changed.status_code == 200, changed.text
    assert (changed.json()["paused"], changed.json()["frequency"]) == (True, "weekly")
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["frequency"]
    assert moved.json()["paused"] is False


async def test_the_source_of_a_withdrawn_dataset_neither_runs_nor_resumes(
    renewal: Renewal, script: SourceClient
) -> None:
    await script.ask("PUT", **SFTP)
    await script.ask("PATCH", paused=True)
    await renewal.producer.client.post(
        f"/datasets/{renewal.dataset}/withdraw", data={"reason": "Périmé"}
    )
    before = await renewal.source()

    answers = [
        await script.ask("POST", f"{script.path}/run"),
        await script.ask("PATCH", paused=False),
        await script.ask("PATCH", frequency="weekly"),
        await script.ask("PATCH", frequency="weekly", paused=False),
    ]
    after = await renewal.source()

    assert [answer.status_code for answer in answers] == [409] * 4
    assert all("retiré" in answer.json()["detail"] for answer in answers)
    assert (after.paused, after.frequency, after.revision, after.due_at) == (
        True,
        "daily",
        before.revision,
        before.due_at,
    )


async def test_runs_of_a_source_are_limited_and_the_refusal_says_until_when(
    renewal: Renewal, script: SourceClient
) -> None:
    await script.ask("PUT", **SFTP)

    answers = [
        await script.ask("POST", f"{script.path}/run") for _ in range(LOOKS_PER_MINUTE)
    ]
    refused = answers[-1]

    assert [answer.status_code for answer in answers[:-1]] == [202] * 9
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["retry-after"] in refused.json()["remedy"]
    assert (await renewal.source()).revision == LOOKS_PER_MINUTE


async def test_a_look_that_another_follows_is_dropped(
    renewal: Renewal, script: SourceClient, webdav: WebdavServer
) -> None:
    webdav.put("a.csv", OTHER)
    fields = {"password": PASSWORD}
    await script.ask("PUT", address=webdav.address(), frequency="hourly", fields=fields)
    first = (await renewal.source()).revision
    await script.ask("POST", f"{script.path}/run")

    await renewal.run_look(revision=first)
    dropped = len(webdav.list_answers())
    await renewal.run_look(revision=first + 1)

    assert dropped == 0
    assert await renewal.file() == OTHER
