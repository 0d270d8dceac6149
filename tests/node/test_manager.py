"""The manager of the node, as RUDI's writing client calls it: what each address answers, and refuses."""

import base64
import hashlib
import json
import re
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.scripts import new_key
from tests.node.sending import rows, sound
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.intake.finish import UploadContext
from udi.node.datasets.models import Dataset, DatasetState, Delivery
from udi.node.datasets.space_export.contents import read_space_contents
from udi.node.files.models import Upload
from udi.node.files.storage.store import ObjectStore
from udi.node.files.storage.tenant_storage import TenantStorage
from udi.node.files.sweep import sweep_territory
from udi.node.manager.access import SpaceClient
from udi.node.manager.models import CatalogueObject
from udi.node.manager.records import attach_file, make_plan
from udi.node.spaces.actions import apply_space
from udi.node.spaces.keys import make_key
from udi.node.spaces.models import ScriptKey, Space
from udi.tabular.queries.readers import READERS
from udi.ui.site import Site

BASE = "/manager/api/v1"
OTHER = TABLE + b"Amicale;Kerl\xe9van;01/02/2003\n"
PEOPLE = "nom;email\n" + "".join(
    f"Jeanne Le Gall {n};jeanne{n}@mail.example\n" for n in range(40)
)


def token_of(answer: httpx.Response) -> str:
    """The token of a login, as RUDI's client takes it out of its cookie: all between the first sign `=` and the next `;`."""
    match = re.fullmatch(r"consoleToken=([^;=]+);.*", answer.headers["set-cookie"])
    assert match
    return match[1]


class Rudi:
    """RUDI's client, as it speaks HTTP."""

    def __init__(self, client: httpx.AsyncClient, space: Space) -> None:
        self.client = client
        self.space = space
        self.headers = {"Content-Type": "application/json"}

    async def log_in(self, user: str, password: str) -> httpx.Response:
        answer = await self.client.post(
            f"{BASE}/front/login", json={"username": user, "password": password}
        )
        if answer.status_code == 200:
            self.client.cookies.clear()
            self.headers["Authorization"] = f"Bearer {token_of(answer)}"
        return answer

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        content = b"" if body is None else json.dumps(body).encode()
        return await self.client.request(
            method,
            f"{BASE}/{path}",
            content=content,
            headers={**self.headers, **headers},
        )

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(
        self, content: bytes = TABLE, media: str = "", md5: str = "", **about: Any
    ) -> tuple[str, httpx.Response]:
        media = media or str(uuid.uuid4())
        metadata = {"media_id": media, "media_type": "FILE", "media_name": quote("élus.csv"), "file_size": len(content),
                "md5": md5 or hashlib.md5(content, usedforsecurity=False).hexdigest(), **about}  # fmt: skip
        headers = {
            **self.headers,
            "Content-Type": "octet/stream",
            "file_metadata": json.dumps(metadata),
        }
        return media, await self.client.post(
            "/storage/post", content=content, headers=headers
        )

    async def upload(self, content: bytes = TABLE, media: str = "") -> dict[str, Any]:
        """The four calls; the media as the client has it then."""
        media, sent = await self.send(content, media)
        assert sent.status_code == 200, sent.text
        ready, ended = sent.json()
        assert ended == {"status": "OK"}
        url = f"{str(self.client.base_url).rstrip('/')}/storage/download/{media}"
        response = await self.ask(
            "PUT", "catalog/media", a_media(media, len(content), url)
        )
        ids = {
            "media_id": media,
            "commit_uuid": ready["commit_uuid"],
            "zone_name": ready["zone_name"],
            "global_id": None,
        }
        assert (await self.ask("POST", "media/commit", ids)).status_code == 204
        stored_media: dict[str, Any] = response.json()
        return stored_media

    async def record(self, *media: dict[str, Any], **changes: Any) -> dict[str, Any]:
        [organisation] = await self.get("catalog/organizations")
        return {**a_record(organisation, list(media)), **changes}

    async def put(self, record: dict[str, Any]) -> dict[str, Any]:
        answer = await self.ask("PUT", "catalog/resources", record)
        assert answer.status_code == 200, answer.text
        stored_record: dict[str, Any] = answer.json()
        return stored_record


def a_media(media: str, size: int, url: str = "") -> dict[str, Any]:
    return {
        "media_id": media, "media_type": "FILE", "media_name": "élus.csv", "file_type": "text/csv", "file_size": size,
        "connector": {"url": url or f"https://elsewhere.example/{media}", "interface_contract": "dwnl"},
        "checksum": {"algo": "MD5", "hash": "0" * 32}, "file_storage_status": "available",
    }  # fmt: skip


def a_record(
    organisation: dict[str, Any], media: list[dict[str, Any]]
) -> dict[str, Any]:
    moment = "2026-01-02T03:04:05.000Z"
    return {
        "global_id": str(uuid.uuid4()), "resource_title": "Élus", "theme": "citizenship", "keywords": ["élus"],
        "synopsis": [{"lang": "fr", "text": "Les élus."}], "summary": [{"lang": "fr", "text": "Une ligne par élu."}],
        "producer": organisation, "available_formats": media, "dataset_dates": {"created": moment, "updated": moment},
        "contacts": [{"contact_id": str(uuid.uuid4()), "contact_name": "Jo", "email": "jo@example.org", "role": "author"}],
        "storage_status": "pending", "metadata_info": {"api_version": "1.4.3"}, "resource_languages": ["fr"],
        "access_condition": {
            "licence": {"licence_type": "STANDARD", "licence_label": "odbl-1.0"},
            "confidentiality": {"restricted_access": False, "gdpr_sensitive": False},
        },
    }  # fmt: skip


@pytest.fixture
async def rudi(
    manager: httpx.AsyncClient, passer_by: httpx.AsyncClient, space: Space
) -> Rudi:
    """A client that logged in with a key of the town hall."""
    client = Rudi(passer_by, space)
    assert (await client.log_in(SLUG, await new_key(manager))).status_code == 200
    return client


async def test_it_says_where_things_are(
    passer_by: httpx.AsyncClient, demo: Territory
) -> None:
    origin = demo.links["node"]
    places = {
        "catalogPubUrl": f"{origin}/catalog", "storagePubUrl": f"{origin}/storage", "managerPath": "/manager",
        "backPath": BASE,
    }  # fmt: skip

    for path in ("/conf", "/manager/conf", "//conf"):
        answer = await passer_by.get(f"{origin}{path}")
        assert (answer.status_code, answer.json()) == (200, places)
        assert "set-cookie" not in answer.headers
    assert (await passer_by.get(f"{BASE}/open/test")).text == "test"
    assert (await passer_by.get(f"{BASE}/open/hash")).text == "udi"
    assert (await passer_by.get(f"{BASE}/open/tags")).json() == {"program": "udi"}
    assert (await passer_by.get(f"{BASE}/open/nothing")).status_code == 404


async def test_only_a_good_key_of_a_whole_space_logs_in(
    manager: httpx.AsyncClient,
    producer: Producer,
    passer_by: httpx.AsyncClient,
    space: Space,
) -> None:
    rudi = Rudi(passer_by, space)
    key = await new_key(manager)
    narrow = await new_key(manager, await producer.draft())

    refused = [
        await rudi.log_in("port", key),
        await rudi.log_in(SLUG, "udi_x"),
        await rudi.log_in(SLUG, narrow),
    ]
    nobody = await rudi.ask("GET", "catalog/resources")

    assert [refusal.status_code for refusal in refused] == [401, 401, 403]
    assert all(
        refusal.json()["statusCode"] == refusal.status_code
        and refusal.json()["message"]
        for refusal in refused
    )
    assert nobody.status_code == 401
    assert (await rudi.log_in(SLUG, key)).status_code == 200
    payload = rudi.headers["Authorization"].split(".")[1]
    assert (
        json.loads(base64.urlsafe_b64decode(payload + "=="))["exp"]
        > now().timestamp() + 3000
    )


async def test_a_revoked_key_ends_the_tokens_that_were_made_from_it(
    rudi: Rudi, node_database: Database, demo: Territory
) -> None:
    assert await rudi.get("catalog/resources") == []
    async with node_database.session(demo.id, role="owner") as session:
        [key] = await rows(node_database, demo, ScriptKey)
        (await session.get_one(ScriptKey, (demo.id, key.id))).revoked_at = now()

    assert (await rudi.ask("GET", "catalog/resources")).status_code == 401
    forged = {"Authorization": rudi.headers["Authorization"][:-2] + "xx"}
    assert (await rudi.ask("GET", "catalog/resources", **forged)).status_code == 401


@pytest.mark.thorough
async def test_words_and_objects(rudi: Rudi) -> None:
    [organisation] = await rudi.get("catalog/organizations")
    who = {
        "contact_id": str(uuid.uuid4()),
        "contact_name": "Jo",
        "email": "Jo@Example.org",
    }
    put = await rudi.ask("PUT", "catalog/contacts", who)
    stranger = await rudi.ask(
        "PUT",
        "catalog/organizations",
        {"organization_id": str(uuid.uuid4()), "organization_name": "X"},
    )
    named = await rudi.ask(
        "PUT",
        "catalog/organizations",
        {**organisation, "organization_address": "1 place"},
    )

    assert organisation["organization_name"] == rudi.space.name
    assert uuid.UUID(organisation["organization_id"]).version == 4
    assert (put.status_code, put.json()["email"]) == (200, "jo@example.org")
    assert (stranger.status_code, rudi.space.name in stranger.json()["message"]) == (
        403,
        True,
    )
    assert named.json()["organization_address"] == "1 place"
    assert [
        contact["contact_id"]
        for contact in await rudi.get("catalog/contacts?contact_name=Jo")
    ] == [who["contact_id"]]
    assert await rudi.get("catalog/contacts/count") == 1
    deleted = await rudi.ask("DELETE", f"catalog/contacts/{who['contact_id']}")
    assert (deleted.status_code, deleted.json()["contact_id"]) == (
        200,
        who["contact_id"],
    )
    assert (
        await rudi.ask("DELETE", f"catalog/contacts/{who['contact_id']}")
    ).status_code == 404
    assert (
        await rudi.ask(
            "DELETE", f"catalog/organizations/{organisation['organization_id']}"
        )
    ).status_code == 409
    assert (await rudi.ask("GET", "catalog/version")).text == "1.4.1"
    assert uuid.UUID((await rudi.ask("GET", "catalog/uuid")).text)
    assert "citizenship" in await rudi.get("catalog/enum/themes/fr")
    assert {"keywords", "themes"} <= set(await rudi.get("catalog/enum"))
    assert len(await rudi.get("catalog/licences")) == 8
    assert (await rudi.get("front/node-urls"))["portal_url"]
    assert (await rudi.ask("GET", "catalog/nothing")).status_code == 404


async def test_a_record_with_its_file_is_published_and_nothing_of_it_is_lost(
    rudi: Rudi, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    media = await rudi.upload()
    assert (media["file_storage_status"], await rudi.get("catalog/media/count")) == (
        "missing",
        1,
    )
    assert (
        await rudi.client.get(f"/storage/download/{media['media_id']}")
    ).status_code == 404
    record = await rudi.record(
        media, purpose=[{"lang": "fr", "text": "Savoir"}], ours=1
    )

    stored_record = await rudi.put(record)

    assert (
        stored_record["publication"]["state"],
        stored_record["metadata_status"],
        stored_record["storage_status"],
    ) == (
        "published",
        "sent",
        "online",
    )
    assert (
        await rudi.client.get(f"/storage/download/{media['media_id']}")
    ).content == TABLE
    less = {
        name: value for name, value in record.items() if name not in {"purpose", "ours"}
    }
    less["contacts"] = [
        {name: value for name, value in record["contacts"][0].items() if name != "role"}
    ]
    again = await rudi.put({**less, "resource_title": "Élues et élus"})
    assert (again["purpose"], again["ours"], again["contacts"][0]["role"]) == (
        record["purpose"],
        1,
        "author",
    )
    [listed_record] = await rudi.get(
        f"catalog/resources?resource_title={quote(quote('Élues et élus'))}"
    )
    assert (listed_record["global_id"], listed_record["resource_title"]) == (
        record["global_id"],
        "Élues et élus",
    )
    assert listed_record["available_formats"][0]["file_storage_status"] == "available"
    assert [
        listed_media["media_id"]
        for listed_media in await rudi.get("catalog/media?media_name=élus.csv")
    ] == [media["media_id"]]
    assert await rudi.get("catalog/resources/count") == 1
    assert await rudi.get("catalog/resources?count_by=theme") == [
        {"theme": "citizenship", "count": 1}
    ]
    [delivery] = await rows(node_database, demo, Delivery)
    assert (
        delivery.record["metadata_info"]["api_version"],
        delivery.record["purpose"],
    ) == ("1.4.1", record["purpose"])
    async with node_database.session(demo.id, role="owner") as session:
        [leaving] = (await read_space_contents(session, demo, rudi.space)).datasets
    assert leaving.record is not None
    assert leaving.record.extra["purpose"] == record["purpose"]
    assert await sound(node_database, store, demo) == []


async def test_a_record_that_says_restricted_closes_its_file(rudi: Rudi) -> None:
    media = await rudi.upload()
    licence = {"licence_type": "STANDARD", "licence_label": "etalab-2.0"}
    closed = {
        "licence": licence,
        "confidentiality": {"restricted_access": True, "gdpr_sensitive": False},
    }
    record = await rudi.record(media, access_condition=closed)

    await rudi.put(record)
    download = await rudi.client.get(f"/storage/download/{media['media_id']}")
    await rudi.put(
        {
            **record,
            "access_condition": {
                **closed,
                "confidentiality": {
                    "restricted_access": False,
                    "gdpr_sensitive": False,
                },
            },
        }
    )
    opened = await rudi.client.get(f"/storage/download/{media['media_id']}")

    assert (download.status_code, opened.status_code) == (401, 200)


@pytest.mark.thorough
async def test_a_file_sent_again_is_a_new_version_and_the_form_has_its_say(
    rudi: Rudi,
    producer: Producer,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    media = await rudi.upload()
    record = await rudi.record(media)
    await rudi.put(record)
    await producer.publish(
        record["global_id"],
        title="Vu sur le formulaire",
        keywords="élus",
        theme="citizenship",
    )

    stored_record = await rudi.get(f"catalog/resources/{record['global_id']}")
    same = await rudi.put(
        {
            **stored_record,
            "available_formats": [await rudi.upload(TABLE, media["media_id"])],
        }
    )
    new = await rudi.put(
        {
            **stored_record,
            "available_formats": [await rudi.upload(OTHER, media["media_id"])],
        }
    )

    assert stored_record["resource_title"] == "Vu sur le formulaire"
    assert (
        same["available_formats"][0]["file_size"],
        new["available_formats"][0]["file_size"],
    ) == (
        len(TABLE),
        len(OTHER),
    )
    [dataset] = await rows(node_database, demo, Dataset)
    assert [version.number for version in dataset.versions] == [2, 1]
    assert (
        await rudi.client.get(f"/storage/download/{media['media_id']}")
    ).content == OTHER
    assert await sound(node_database, store, demo) == []


async def test_a_node_that_stopped_between_the_file_and_its_record_goes_on(
    rudi: Rudi,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    record = await rudi.record(await rudi.upload())
    workspace = UploadContext(
        TenantStorage(node_database, store, demo.id),
        demo,
        node_site.pages.gettext,
        node_site.services[READERS],
    )
    [key] = await rows(node_database, demo, ScriptKey)
    async with node_database.session(demo.id) as session:
        plan = await make_plan(
            session, SpaceClient(rudi.space, key), demo.links["node"], record
        )
    await attach_file(workspace, plan)
    [stopped] = await rows(node_database, demo, Dataset)

    stored_record = await rudi.put(record)

    assert (stopped.state, stopped.document) == (DatasetState.DRAFT, None)
    assert (stored_record["publication"]["state"], stored_record["global_id"]) == (
        "published",
        str(stopped.id),
    )
    [dataset] = await rows(node_database, demo, Dataset)
    assert len(dataset.versions) == 1
    assert await sound(node_database, store, demo) == []


@pytest.mark.thorough
async def test_a_deleted_record_is_withdrawn_and_comes_back_when_it_is_put_again(
    rudi: Rudi, node_database: Database, demo: Territory
) -> None:
    record = await rudi.record(await rudi.upload())
    await rudi.put(record)

    gone = await rudi.ask("DELETE", f"catalog/resources/{record['global_id']}")

    assert (gone.status_code, gone.json()["global_id"]) == (200, record["global_id"])
    assert await rudi.get("catalog/resources") == []
    assert (
        await rudi.ask("DELETE", f"catalog/resources/{record['global_id']}")
    ).status_code == 404
    [dataset] = await rows(node_database, demo, Dataset)
    assert dataset.state == DatasetState.WITHDRAWING
    assert (await rudi.put(record))["metadata_status"] == "sent"


async def test_a_record_of_a_trial_is_kept_and_not_published(rudi: Rudi) -> None:
    record = await rudi.record(await rudi.upload(), collection_tag="essais")

    trial_record = await rudi.put(record)
    published = await rudi.put({**record, "collection_tag": None})

    assert (
        trial_record["publication"]["state"],
        trial_record["metadata_status"],
        trial_record["collection_tag"],
    ) == (
        "waiting",
        "local",
        "essais",
    )
    assert (published["publication"]["state"], published.get("collection_tag")) == (
        "published",
        None,
    )


async def test_a_file_about_people_waits_for_a_person(
    rudi: Rudi, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    stored_record = await rudi.put(
        await rudi.record(await rudi.upload(PEOPLE.encode()))
    )

    assert (
        stored_record["publication"]["state"],
        stored_record["metadata_status"],
    ) == (
        "stopped",
        "local",
    )
    assert stored_record["publication"]["why"]
    media = stored_record["available_formats"][0]["media_id"]
    assert (await rudi.client.get(f"/storage/download/{media}")).status_code == 404
    assert (
        await rudi.ask("DELETE", f"catalog/resources/{stored_record['global_id']}")
    ).status_code == 200
    assert await rudi.get("catalog/media") == []
    assert await rows(node_database, demo, Dataset) == []
    assert await sound(node_database, store, demo) == []


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"global_id": "x"}, 422, "global_id"),
        ({"resource_title": None}, 422, "resource_title"),
        ({"theme": "gardens"}, 422, "theme"),
        ({"producer": {"organization_id": str(uuid.uuid4()), "organization_name": "X"}}, 403, ""),
        ({"access_condition": {"licence": {"licence_type": "STANDARD", "licence_label": "mit"},
                               "confidentiality": {"restricted_access": True, "gdpr_sensitive": True}}},
         422, "access_condition.confidentiality"),
    ],
)  # fmt: skip
async def test_a_record_that_cannot_be_taken_is_refused_with_what_is_wrong(
    rudi: Rudi, change: dict[str, Any], status: int, field: str
) -> None:
    media = a_media(str(uuid.uuid4()), 3)
    refused = await rudi.ask(
        "PUT", "catalog/resources", {**await rudi.record(media), **change}
    )

    payload = refused.json()
    assert (refused.status_code, payload["statusCode"]) == (status, status)
    assert payload["error"]
    assert payload["message"]
    assert field in [error["field"] for error in payload.get("errors", [{"field": ""}])]
    assert await rudi.get("catalog/resources/count") == 0


NO_OBJECTS = (
        b"{", b"[]", b"null", b'{"global_id": "\\u0000"}', b"[" * 5000, b'{"a":' * 100 + b"1" + b"}" * 100, b"\xff", b"",
        b'{"metadata_info": "x", "producer": 3, "available_formats": {}}',
)  # fmt: skip


async def test_what_is_no_object_is_refused_in_words(rudi: Rudi) -> None:
    for kind in ("resources", "contacts", "media", "organizations"):
        for body in NO_OBJECTS:
            refused = await rudi.client.put(
                f"{BASE}/catalog/{kind}", content=body, headers=rudi.headers
            )

            assert refused.status_code == 422, (kind, body)
            assert refused.json()["message"], (kind, body)


async def test_an_object_that_would_break_the_lists_is_refused(rudi: Rudi) -> None:
    media = a_media(str(uuid.uuid4()), 3)
    strange = [
        ("media", {**media, "connector": "x"}), ("media", {**media, "file_size": "3"}), ("media", {**media, "media_type": 1}),
        ("contacts", {"contact_id": str(uuid.uuid4()), "contact_name": "Jo", "email": ["x"]}),
        ("contacts", {"contact_id": str(uuid.uuid4()), "contact_name": "Jo\x00", "email": "jo@example.org"}),
    ]  # fmt: skip

    assert [
        (await rudi.ask("PUT", f"catalog/{kind}", document)).status_code
        for kind, document in strange
    ] == [422] * 5
    assert await rudi.get("catalog/media") == await rudi.get("catalog/contacts") == []


async def test_a_record_whose_file_was_not_sent_is_refused(
    rudi: Rudi, demo: Territory
) -> None:
    media = str(uuid.uuid4())
    node_medium = a_media(media, 3, f"{demo.links['node']}/storage/download/{media}")

    refused = await rudi.ask("PUT", "catalog/resources", await rudi.record(node_medium))

    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [
        "available_formats"
    ]
    assert await rudi.get("catalog/resources/count") == 0


@pytest.mark.thorough
async def test_a_record_of_files_elsewhere_is_published_as_it_is(
    rudi: Rudi, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    media = [a_media(str(uuid.uuid4()), 300), a_media(str(uuid.uuid4()), 400)]
    record = await rudi.record(*media)

    stored_record = await rudi.put(record)
    again = await rudi.put({**record, "resource_title": "Élues et élus"})

    assert stored_record["publication"]["state"] == "published"
    assert stored_record["publication"]["why"]
    [delivery] = await rows(node_database, demo, Delivery)
    [dataset] = await rows(node_database, demo, Dataset)
    assert (delivery.method, delivery.file_id) == ("POST", None)
    assert [
        (entry["media_id"], entry["connector"]["url"], entry["file_size"])
        for entry in delivery.record["available_formats"]
    ] == [
        (entry["media_id"], entry["connector"]["url"], entry["file_size"])
        for entry in media
    ]
    assert again["resource_title"] == delivery.record["resource_title"]
    assert (dataset.has_file, dataset.newest) == (False, None)
    assert {entry["media_id"] for entry in await rudi.get("catalog/media")} == {
        entry["media_id"] for entry in media
    }
    async with node_database.session(demo.id, role="owner") as session:
        [leaving] = (await read_space_contents(session, demo, rudi.space)).datasets
    assert leaving.record is not None
    assert len(leaving.record.media) == 2
    gone = await rudi.ask("DELETE", f"catalog/resources/{record['global_id']}")
    assert gone.status_code == 200
    assert await sound(node_database, store, demo) == []


async def test_a_record_of_files_elsewhere_is_not_restricted(
    rudi: Rudi, node_database: Database, demo: Territory
) -> None:
    record = await rudi.record(a_media(str(uuid.uuid4()), 300))
    open_access = record["access_condition"]
    restricted = {
        **open_access,
        "confidentiality": {"restricted_access": True, "gdpr_sensitive": False},
    }

    refused = await rudi.ask(
        "PUT", "catalog/resources", {**record, "access_condition": restricted}
    )
    nothing = await rows(node_database, demo, Dataset)
    await rudi.put(record)
    changed = await rudi.ask(
        "PUT", "catalog/resources", {**record, "access_condition": restricted}
    )
    near = {"available_formats": [await rudi.upload()]}
    stored = await rudi.put({**record, **near, "access_condition": restricted})

    for answer in (refused, changed):
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [
            "access_condition.confidentiality"
        ]
    assert nothing == []
    assert stored["publication"]["state"] == "published"


@pytest.mark.thorough
async def test_a_record_of_files_elsewhere_takes_a_file_later(
    rudi: Rudi,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
    store: ObjectStore,
) -> None:
    far = a_media(str(uuid.uuid4()), 300)
    record = await rudi.record(far)
    await rudi.put(record)

    near = await rudi.upload()
    stored_record = await rudi.put({**record, "available_formats": [near, far]})

    [dataset] = await rows(node_database, demo, Dataset)
    [delivery] = await rows(node_database, demo, Delivery)
    assert stored_record["publication"]["state"] == "published"
    assert [version.number for version in dataset.versions] == [1]
    assert [
        media["connector"]["url"] for media in delivery.record["available_formats"]
    ] == [
        f"{demo.links['node']}/datasets/{dataset.id}/file",
        far["connector"]["url"],
    ]
    assert (await passer_by.get(f"/datasets/{dataset.id}/file")).content == TABLE
    assert await sound(node_database, store, demo) == []


@pytest.mark.thorough
async def test_the_first_file_of_a_record_of_files_elsewhere_is_given_up_alone(
    rudi: Rudi, producer: Producer, node_database: Database, demo: Territory
) -> None:
    record = await rudi.record(a_media(str(uuid.uuid4()), 300))
    await rudi.put(record)
    media = await rudi.upload(PEOPLE.encode())
    waiting = await rudi.put({**record, "available_formats": [media]})
    page = await producer.page(f"/datasets/{record['global_id']}")

    given_up = await producer.client.post(f"/datasets/{record['global_id']}/discard")

    [dataset] = await rows(node_database, demo, Dataset)
    assert waiting["publication"]["state"] == "stopped"
    assert f"/datasets/{dataset.id}/discard" in page
    assert given_up.status_code == 303
    assert dataset.versions == []
    assert dataset.opened_at is not None


async def test_two_files_of_one_record_are_refused(rudi: Rudi) -> None:
    files = [await rudi.upload(), await rudi.upload(OTHER)]

    refused = await rudi.ask("PUT", "catalog/resources", await rudi.record(*files))

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (
        422,
        "available_formats",
    )


async def test_a_file_that_is_not_the_one_announced_is_refused_and_leaves_nothing(
    rudi: Rudi, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    _, other = await rudi.send(md5="0" * 32)
    _, empty = await rudi.send(b"")
    _, large = await rudi.send(b"x" * 1_200_000)
    without = await rudi.client.post(
        "/storage/post", content=TABLE, headers=rudi.headers
    )
    nobody = await rudi.client.post(
        "/storage/post",
        content=TABLE,
        headers={"file_metadata": json.dumps({"media_id": str(uuid.uuid4())})},
    )

    assert [
        response.status_code for response in (other, empty, large, without, nobody)
    ] == [
        409,
        422,
        413,
        422,
        401,
    ]
    assert await rows(node_database, demo, Upload) == []
    assert await sound(node_database, store, demo) == []


async def test_what_no_record_names_goes_after_a_day(
    rudi: Rudi, node_database: Database, demo: Territory, store: ObjectStore
) -> None:
    media = await rudi.upload()
    async with node_database.session(demo.id, role="owner") as session:
        [upload] = await rows(node_database, demo, Upload)
        (await session.get_one(Upload, (demo.id, upload.id))).moved_at = (
            now() - timedelta(hours=25)
        )

    await sweep_territory(node_database, store, demo.id)

    assert await rows(node_database, demo, Upload) == []
    assert (
        await rudi.ask("PUT", "catalog/resources", await rudi.record(media))
    ).status_code == 422


async def key_of_another_space(database: Database, territory: Territory) -> str:
    """A key of the harbour's whole space."""
    async with database.session(territory.id, role="owner") as session:
        about = {
            "slug": "port",
            "name": "Port de Kerlévan",
            "email": "port@kerlevan.example",
        }
        space = await apply_space(session, organisation_id=uuid.uuid4(), **about)
        actor = Actor(space.id, "", "", territory.slug)
        _, token = await make_key(
            session, actor, space, name="x", datasets=None, expires_at=None
        )
    return token


async def test_another_space_sees_nothing_of_it_and_changes_nothing(
    rudi: Rudi,
    node_app: Litestar,
    browse: Browse,
    node_database: Database,
    demo: Territory,
) -> None:
    media = await rudi.upload()
    record = await rudi.record(media)
    await rudi.put(record)
    waiting = await rudi.upload(OTHER)
    async with browse(node_app, demo) as client:
        port = Rudi(client, rudi.space)
        await port.log_in("port", await key_of_another_space(node_database, demo))
        [organisation] = await port.get("catalog/organizations")
        listings = [
            await port.get(f"catalog/{kind}")
            for kind in ("resources", "contacts", "media", "reports")
        ]
        overwrite_response = await port.ask(
            "PUT", "catalog/resources", {**record, "producer": organisation}
        )
        stolen = await port.ask(
            "PUT", "catalog/resources", a_record(organisation, [waiting])
        )
        gone = await port.ask("DELETE", f"catalog/resources/{record['global_id']}")
        forgotten = await port.ask("DELETE", f"catalog/media/{waiting['media_id']}")

    assert listings == [[], [], [], []]
    assert (
        overwrite_response.status_code,
        stolen.status_code,
        gone.status_code,
        forgotten.status_code,
    ) == (403, 422, 404, 404)
    assert (await rudi.get("catalog/resources"))[0]["resource_title"] == record[
        "resource_title"
    ]


async def test_another_territory_sees_nothing_of_it(
    rudi: Rudi,
    node_app: Litestar,
    other: Territory,
    browse: Browse,
    node_database: Database,
    demo: Territory,
) -> None:
    record = await rudi.record(await rudi.upload())
    await rudi.put(record)
    async with browse(node_app, other) as client:
        elsewhere = await client.get(f"{BASE}/catalog/resources", headers=rudi.headers)
        assert elsewhere.status_code == 401
        assert (
            await client.get(
                f"/storage/download/{record['available_formats'][0]['media_id']}"
            )
        ).status_code == 404
    assert len(await rows(node_database, demo, CatalogueObject)) == 1
