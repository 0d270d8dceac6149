"""Around every request: whose host it is, and that a form of another site is refused."""

import uuid
from collections.abc import Mapping
from types import SimpleNamespace

import httpx
import pytest
from litestar import Litestar

from tests.visitors import browse, make_person
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory, find_spaces
from udi.ui.middleware import _limit_to_spaces
from udi.ui.routes import local_path

FORM = {"kind": "theme", "target": "economy"}


def same_host(client: httpx.AsyncClient) -> str:
    return f"{client.base_url.scheme}://{client.base_url.netloc.decode()}"


@pytest.mark.parametrize(
    "host", ["nobody.example", "demo.example.org", "127.0.0.1:8000", "x.localhost", ""]
)
async def test_a_host_that_is_no_territorys_is_not_found(
    portal_app: Litestar, demo: Territory, other: Territory, host: str
) -> None:
    async with browse(portal_app, demo) as client:
        answer = await client.get("/", headers={"Host": host, "Accept": "*/*"})
        mine = await client.get("/")

    assert (answer.status_code, mine.status_code) == (404, 200)
    assert demo.name["fr"] not in answer.text
    assert other.name["fr"] not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "OWN"}, 403),
        ({"Origin": "OWN"}, 303),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_a_form_is_taken_from_this_site_only(
    portal_app: Litestar, demo: Territory, headers: Mapping[str, str], status: int
) -> None:
    async with browse(portal_app, demo, make_person(demo)) as client:
        client.headers.pop("Sec-Fetch-Site")
        host = same_host(client)
        sent = {name: value.replace("OWN", host) for name, value in headers.items()}

        answer = await client.post("/following", data=FORM, headers=sent)

    assert answer.status_code == status


async def test_a_form_without_a_cookie_needs_no_proof_of_its_site(
    portal_app: Litestar, demo: Territory
) -> None:
    async with browse(portal_app, demo) as client:
        client.headers.pop("Sec-Fetch-Site")

        answer = await client.post("/oauth2/token", data={"grant_type": "password"})

    assert answer.status_code == 400


async def test_every_page_forbids_what_it_does_not_use(
    portal_app: Litestar, demo: Territory
) -> None:
    async with browse(portal_app, demo) as client:
        answers = [
            await client.get(path)
            for path in ("/", f"/data/{uuid.uuid4()}", "/theme.css")
        ]

    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "evil.example", "",
        "///evil.example", "\\\\evil.example",
    ],
)  # fmt: skip
def test_local_path_leads_to_no_other_site(address: str) -> None:
    assert local_path(address) == "/"


@pytest.mark.parametrize("address", ["/", "/data?q=a&page=2", "/data/x#files", "/a//b"])
def test_local_path_leads_back_to_a_page_of_this_site(address: str) -> None:
    assert local_path(address) == address


MEMBER = Actor(
    uuid.UUID(int=1),
    "Compte de test",
    "member@people.example",
    "demo",
    memberships={"port": frozenset()},
)


@pytest.mark.parametrize(
    ("confined", "actor", "spaces"),
    [
        (True, None, frozenset()),
        (True, MEMBER, {"port"}),
        (False, None, None),
        (False, MEMBER, None),
    ],
)
def test_a_request_is_kept_to_the_spaces_of_whoever_asks(
    actor: Actor | None, spaces: set[str] | None, *, confined: bool
) -> None:
    with _limit_to_spaces(SimpleNamespace(confined=confined), actor):
        assert find_spaces() == spaces

    assert find_spaces() is None
