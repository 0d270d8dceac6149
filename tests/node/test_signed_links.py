"""A link that opens one file for some minutes, and nothing else, for anybody who has it."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from tests.node.conftest import Browse
from tests.node.producer import TABLE, Producer
from tests.node.test_deliver_file import file_path
from tests.service_overrides import ServiceOverrides
from udi.kit import clock
from udi.kit.db import Database
from udi.kit.keyring import FILE_KEYS, Keyring, new_keyring
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.files.delivery import signed_urls
from udi.node.files.delivery.signed_urls import LIFETIME, sign_path
from udi.settings import Settings
from udi.ui.site import Site

Parts = dict[str, str]


@pytest.fixture
async def draft(producer: Producer) -> str:
    return await producer.draft()


@pytest.fixture
async def link(producer: Producer, draft: str) -> str:
    """As the producer copies it from the page."""
    page = await producer.page(f"/datasets/{draft}/versions/1/link")
    match = re.search(r"<textarea[^>]*>\s*([^<\s]+)</textarea>", page)
    assert match
    return match[1].replace("&amp;", "&")


def changed(link: str, change: Callable[[Parts], Parts], path: str = "") -> str:
    parts = urlsplit(link)
    return f"{path or parts.path}?{urlencode(change(dict(parse_qsl(parts.query))))}"


@pytest.mark.usefixtures("each_store")
async def test_a_draft_opens_without_login_whole_or_in_part(
    passer_by: httpx.AsyncClient, link: str
) -> None:
    whole = await passer_by.get(link)
    head = await passer_by.head(link)
    part = await passer_by.get(link, headers={"Range": "bytes=4-9"})

    assert (whole.status_code, whole.content) == (200, TABLE)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(TABLE)))
    assert (part.status_code, part.content) == (206, TABLE[4:10])
    assert whole.headers["cache-control"] == "private, no-store"
    assert whole.headers["content-disposition"].startswith("attachment;")
    assert whole.headers["content-security-policy"] == "sandbox; default-src 'none'"


def change_near_end(signature: str) -> str:
    """Another sign for the third from the end, all of whose bits count."""
    other = "B" if signature[-3] == "A" else "A"
    return f"{signature[:-3]}{other}{signature[-2:]}"


CHANGES: Mapping[str, Callable[[Parts], Parts]] = {
    "later": lambda parts: {**parts, "expires": str(int(parts["expires"]) + 60)},
    "space": lambda parts: {**parts, "expires": parts["expires"] + " "},
    "for ever": lambda parts: {**parts, "expires": "9" * 40},
    "never": lambda parts: {**parts, "expires": ""},
    "inline": lambda parts: {**parts, "disposition": "inline"},
    "no disposition": lambda parts: {**parts, "disposition": ""},
    "end of signature": lambda parts: {
        **parts,
        "signature": change_near_end(parts["signature"]),
    },
    "empty signature": lambda parts: {**parts, "signature": ""},
    "strange signature": lambda parts: {**parts, "signature": "é"},
    "signature alone": lambda parts: {"signature": parts["signature"]},
}


async def test_a_changed_link_opens_nothing(
    passer_by: httpx.AsyncClient, link: str
) -> None:
    for name, change in CHANGES.items():
        answer = await passer_by.get(changed(link, change))

        assert answer.status_code == 403, name
        assert TABLE not in answer.content, name


async def test_a_link_opens_one_file_under_one_name_only(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
    link: str,
) -> None:
    other = await file_path(
        node_database, demo, await producer.draft(TABLE + b"x", "autre.csv")
    )
    renamed = urlsplit(link).path.replace("associations", "autres")

    for path in (
        other,
        renamed,
        f"/files/{uuid4()}/associations.csv",
        f"/archives/{uuid4()}/a.zip",
    ):
        assert (
            await passer_by.get(changed(link, lambda parts: parts, path))
        ).status_code == 403


async def test_a_link_of_another_method_territory_or_installation_opens_nothing(
    passer_by: httpx.AsyncClient,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    other: Territory,
    draft: str,
) -> None:
    path = await file_path(node_database, demo, draft)
    ring = node_site.services[FILE_KEYS]()

    for signed_url in (
        sign_path(ring, demo.id, path, method="PUT"),
        sign_path(ring, other.id, path),
        sign_path(Keyring.parse(new_keyring()), demo.id, path),
    ):
        assert (await passer_by.get(signed_url)).status_code == 403
    assert (await passer_by.get(sign_path(ring, demo.id, path))).status_code == 200


async def test_the_same_link_on_another_territory_opens_nothing(
    node_app: Litestar, other: Territory, browse: Browse, link: str
) -> None:
    async with browse(node_app, other) as client:
        parts = urlsplit(link)
        assert (await client.get(f"{parts.path}?{parts.query}")).status_code == 403


async def test_after_five_minutes_the_link_says_so(
    passer_by: httpx.AsyncClient, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + LIFETIME + timedelta(seconds=1)
    monkeypatch.setattr(signed_urls, "now", lambda: later)

    answer = await passer_by.get(link)

    assert answer.status_code == 403
    assert "Ce lien a expiré" in answer.text
    assert timedelta(minutes=5) >= LIFETIME


async def test_a_link_does_not_outlive_a_withdrawal(
    producer: Producer, passer_by: httpx.AsyncClient, draft: str, link: str
) -> None:
    await producer.publish(draft)
    await producer.client.post(
        f"/datasets/{draft}/withdraw", data={"reason": "Données fausses"}
    )

    assert (await passer_by.get(link)).status_code == 410


@pytest.fixture
async def others(
    node_app: Litestar, demo: Territory, browse: Browse, stranger: Login, reader: Login
) -> AsyncIterator[dict[int, httpx.AsyncClient]]:
    async with (
        browse(node_app, demo, stranger) as first,
        browse(node_app, demo, reader) as second,
    ):
        yield {404: first, 403: second}


async def test_only_those_who_publish_may_make_a_link(
    passer_by: httpx.AsyncClient,
    others: dict[int, httpx.AsyncClient],
    producer: Producer,
    draft: str,
) -> None:
    path = f"/datasets/{draft}/versions/1/link"

    for status, client in others.items():
        assert (await client.get(path)).status_code == status
    assert (await passer_by.get(path)).status_code == 303
    assert (
        await producer.client.get(f"/datasets/{draft}/versions/2/link")
    ).status_code == 404


async def test_a_node_without_a_key_says_so_and_delivers_the_rest(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    services: ServiceOverrides,
    settings: Settings,
    draft: str,
    link: str,
) -> None:
    def without() -> Keyring:
        raise ValueError("none")

    services[FILE_KEYS] = without

    assert (await passer_by.get(link)).status_code == 503
    assert (
        await producer.client.get(f"/datasets/{draft}/versions/1/link")
    ).status_code == 503
    await producer.publish(draft)
    assert (await passer_by.get(f"/datasets/{draft}/file")).content == TABLE
    assert settings.secret("file_keys")
