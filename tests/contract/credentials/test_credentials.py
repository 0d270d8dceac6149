"""Every kind of credential that exists, at every address of both programs: each opens what its line of the table says."""

import importlib
import json
import pkgutil
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

import udi
from tests.contract.credentials.table import NOTHING, OPENS
from tests.contract.credentials.world import Programs, World, build, cookies
from tests.node.producer import SLUG
from udi.kit import credentials
from udi.kit.agent_tokens import MCP_PATH
from udi.portal.dataspace.messages import CONTEXT

KINDS = tuple(
    getattr(credentials, name)
    for name in vars(credentials)
    if name.endswith("Kind") and name != "CredentialKind"
)
NAMES = (
    "ticket",
    "token",
    "access_token",
    "key",
    "code",
    "state",
    "draft",
    "signature",
    "password",
    "logout_token",
)
"""Under which a credential is sent in an address and in a form."""
REFUSED = {401, 403}
LAST = ("token of a person", "session at the node", "session at the portal")
"""What they may do changes what the others would find."""
FIRST = [kind for kind in OPENS if kind.startswith("udi-")]
REST = sorted(
    (kind for kind in OPENS if kind not in FIRST), key=lambda kind: (kind in LAST, kind)
)
ONE_IN = 8
"""By default a signed credential is shown at one in so many of the addresses that it must not open; at all of them under `--all`."""
EVIDENCE_ONE_IN = 2
"""What is signed to be kept, and opens nothing at all, is shown at one in so many of those addresses."""
WAYS = ("header", "elsewhere")
"""How a credential is sent: as a bearer's, and in address, form and cookies."""
VARIES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[\w+/=-]{20,}|\d+")
LONGEST = 200_000
TEXTS = {
    "slug": SLUG,
    "kind": "csv",
    "name": "x",
    "filename": "x.csv",
    "end": "completion",
    "event": "resume",
}
PIDS = {"providerPid": "urn:uuid:0", "consumerPid": "urn:uuid:1"}
TARGET = {"@id": "urn:uuid:2", "target": "urn:uuid:2"}
MESSAGES: dict[str, dict[str, Any]] = {
    "/negotiations/request": {"@type": "ContractRequestMessage", "consumerPid": "urn:uuid:1", "offer": TARGET, "callbackAddress": "https://x.example"},
    "/negotiations/{pid}/request": {"@type": "ContractRequestMessage", **PIDS, "offer": TARGET},
    "/negotiations/{pid}/offers": {"@type": "ContractOfferMessage", **PIDS, "offer": TARGET},
    "/negotiations/{pid}/events": {"@type": "ContractNegotiationEventMessage", **PIDS, "eventType": "ACCEPTED"},
    "/negotiations/{pid}/agreement": {"@type": "ContractAgreementMessage", **PIDS, "agreement": TARGET | {"assigner": "a", "assignee": "b"}},
    "/negotiations/{pid}/agreement/verification": {"@type": "ContractAgreementVerificationMessage", **PIDS},
    "/negotiations/{pid}/termination": {"@type": "ContractNegotiationTerminationMessage", **PIDS},
    "/transfers/request": {"@type": "TransferRequestMessage", "consumerPid": "urn:uuid:1", "agreementId": "a", "format": "HttpData-PULL", "callbackAddress": "https://x.example"},
    "/transfers/{pid}/start": {"@type": "TransferStartMessage", **PIDS},
    "/transfers/{pid}/{end}": {"@type": "TransferCompletionMessage", **PIDS},
}  # fmt: skip
"""What the addresses of a data space read before they ask who speaks."""
JSON = ("/nodes/join", "/front/login")


def write_tool_call(name: str, arguments: dict[str, str]) -> dict[str, Any]:
    """What a program that reasons sends, in the earlier mode of the protocol."""
    params = {"name": name, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


TOOL_CALLS: dict[str, Callable[[UUID], dict[str, Any]]] = {
    "portal": lambda _thing: write_tool_call("my_access", {}),
    "node": lambda thing: write_tool_call("read_rows", {"dataset_id": str(thing)}),
}
"""Tools that open by a credential only."""


def declared() -> dict[str, str]:
    """Each kind that a module of the package declares: where, by its name."""
    location_by_kind = {}
    for module in pkgutil.walk_packages(udi.__path__, "udi."):
        if "migrations" in module.name or module.name.endswith("__main__"):
            continue
        for attribute, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, KINDS):
                location_by_kind.setdefault(
                    getattr(value, "name", "") or value.typ,
                    f"{module.name}.{attribute}",
                )
    return location_by_kind


@dataclass(frozen=True)
class Address:
    """A route and a method, with how its path is filled."""

    program: str
    method: str
    route: str
    parts: tuple[Any, ...] = field(compare=False)

    @property
    def name(self) -> str:
        return f"{self.program} {self.method} {self.route}"

    def fill(self, thing: UUID, text: str = "") -> str:
        """The path: `thing` for every identifier; `text` for every word that is not of `TEXTS`, if it is given."""
        filled = []
        for part in self.parts:
            if isinstance(part, str):
                filled.append(part)
            elif part.type is UUID:
                filled.append(str(thing))
            elif part.type is int:
                filled.append("1")
            else:
                filled.append(TEXTS.get(part.name) or quote(text, safe="") or "x")
        return "/" + "/".join(filled)


def addresses(apps: dict[str, Litestar]) -> Iterator[Address]:
    for program, app in apps.items():
        for route in app.routes:
            if isinstance(route, HTTPRoute):
                for method in sorted(route.methods - {"OPTIONS", "HEAD"}):
                    yield Address(
                        program, method, route.path_format, tuple(route.path_components)
                    )


@dataclass
class Trial:
    """Shows credentials, and compares each answer with those of nobody and of a credential that does not exist."""

    world: World
    clients: dict[str, httpx.AsyncClient]
    controls: dict[tuple[str, str, str], tuple[Any, ...]] = field(default_factory=dict)
    requests: int = 0

    async def opens(self, kind: str, address: Address, ways: Sequence[str]) -> bool:
        """Whether this kind, sent in one of these ways, gets more than nobody gets."""
        mint = self.world.mints[kind]
        for way in ways:
            path = address.fill(self.world.thing)
            text = await mint(f"{address.program} {address.method} {path}")
            answer = await self._send(address, way, kind, text)
            if (
                answer == await self._control(address, way, kind, "")
                or answer[0] in REFUSED
            ):
                continue
            if answer != await self._control(address, way, kind, _broken(text)):
                return True
        return False

    async def _control(
        self, address: Address, way: str, kind: str, text: str
    ) -> tuple[Any, ...]:
        key = (address.name, way if text else "", text)  # nobody has no way
        if key not in self.controls:
            self.controls[key] = await self._send(address, way, kind, text)
        return self.controls[key]

    async def _send(
        self, address: Address, way: str, kind: str, text: str
    ) -> tuple[Any, ...]:
        self.requests += 1
        headers = {"Accept": "*/*"}
        content = b""
        query = ""
        path = address.fill(self.world.thing, text if way == "elsewhere" else "")
        if text and way == "header":
            headers["Authorization"] = f"Bearer {text}"
        if text and way == "elsewhere":
            cookie_values = cookies(self.world, address.program, text)
            if kind == "state of a login":
                cookie_values = cookies(
                    self.world,
                    address.program,
                    self.world.texts_by_kind["key of a login"],
                )
            headers["Cookie"] = "; ".join(
                f"{name}={quote(value)}" for name, value in cookie_values.items()
            )
            query = "?" + (
                text
                if kind == "signed address"
                else "&".join(f"{name}={quote(text)}" for name in NAMES)
            )
        if address.method not in {"GET", "DELETE"}:
            headers["Content-Type"], content = _body(
                address, text if way == "elsewhere" else "", self.world.thing
            )
        client = self.clients[address.program]
        answer = await client.request(
            address.method, path + query, headers=headers, content=content
        )
        return _shape(answer, text)


def _body(address: Address, text: str, thing: UUID) -> tuple[str, bytes]:
    message = next(
        (
            payload
            for end, payload in MESSAGES.items()
            if address.route.endswith(f"2025-1{end}")
        ),
        None,
    )
    if message is not None:
        return "application/json", json.dumps(
            {"@context": [CONTEXT], **message}
        ).encode()
    if address.route == MCP_PATH:
        return "application/json", json.dumps(
            TOOL_CALLS[address.program](thing)
        ).encode()
    named = dict.fromkeys(NAMES, text) | {"username": SLUG}
    if address.route.endswith(JSON):
        return "application/json", json.dumps(named).encode()
    return "application/x-www-form-urlencoded", str(httpx.QueryParams(named)).encode()


def _broken(text: str) -> str:
    """A credential that looks the same and does not exist."""
    if "signature=" in text:
        return text[:-4] + "AAAA"
    if text.count(".") == 2:
        head, body, signature = text.split(".")
        return f"{head}.{body}.{'A' * len(signature)}"
    if re.fullmatch(r"[0-9a-f-]{36}", text):
        return str(UUID(int=0))
    prefix = re.match(r"(?:udi_(?:me_|project_|connector_)?)?", text)
    prefix_text = prefix[0] if prefix else ""
    return prefix_text + "A" * (len(text) - len(prefix_text))


def _shape(answer: httpx.Response, text: str) -> tuple[Any, ...]:
    """What of an answer is the same each time."""
    leads = answer.headers.get("location", "").partition("?")[0]
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind.startswith("text/") or "json" in kind:
        body = answer.text[:LONGEST]
    else:
        body = kind
    return (
        answer.status_code,
        VARIES.sub("", leads),
        VARIES.sub("", body.replace(text, "") if text else body),
    )


@pytest.fixture
async def trial(programs: Programs) -> AsyncIterator[Trial]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(build(programs))
        clients = {
            program: await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=app),
                    base_url=world.territory.links[program],
                    headers={
                        "Sec-Fetch-Site": "same-origin",
                        "X-Forwarded-For": "203.0.113.9",
                        "Accept-Language": "en",
                    },
                    timeout=60,
                )
            )
            for program, app in world.apps.items()
        }
        yield Trial(world, clients)


def allowed(kind: str, address: Address) -> bool:
    return any(fnmatch(address.name, line) for line in OPENS[kind])


def test_each_kind_that_is_declared_has_a_line_in_the_table() -> None:
    sessions = {
        "session at the portal",
        "session at the node",
        "session of a reader of answers",
    }

    assert set(declared()) | sessions == set(OPENS) | {"session"}


def is_tried(kind: str, address: Address, rank: int, share: int) -> bool:
    """Whether a kind is shown at an address: at those that it opens, and at one in `share` of the others.

    `rank` is the address's number plus the kind's, so that each address is shown other kinds than its neighbours.
    """
    return allowed(kind, address) or rank % count_turns(kind, share) == 0


def count_turns(kind: str, share: int) -> int:
    """At one in how many of the addresses that it must not open a kind is shown."""
    if share > 1 and OPENS[kind] == NOTHING:
        return share * EVIDENCE_ONE_IN
    return share


def choose_ways(kind: str, address: Address, rank: int, share: int) -> Sequence[str]:
    """How a kind is sent: in both ways where it opens and where all is tried, else by turns in one of them."""
    if allowed(kind, address) or share == 1:
        return WAYS
    return (WAYS[rank // count_turns(kind, share) % len(WAYS)],)


@pytest.mark.parametrize(
    ("kinds", "share"),
    [
        pytest.param(FIRST, ONE_IN, id="signed"),
        pytest.param(FIRST, 1, id="signed-everywhere", marks=pytest.mark.thorough),
        pytest.param(REST, 1, id="all-others", marks=pytest.mark.thorough),
    ],
)
async def test_each_credential_opens_what_the_table_says_and_nothing_else(
    trial: Trial, kinds: Sequence[str], share: int
) -> None:
    address_by_name = {address.name: address for address in addresses(trial.world.apps)}
    opened = {
        kind: {
            name
            for number, (name, address) in enumerate(address_by_name.items(), rank)
            if is_tried(kind, address, number, share)
            and await trial.opens(
                kind, address, choose_ways(kind, address, number, share)
            )
        }
        for rank, kind in enumerate(kinds)
    }
    confusions = [
        f"{kind}: {name}"
        for kind, names in opened.items()
        for name in sorted(names)
        if not allowed(kind, address_by_name[name])
    ]
    dead = [kind for kind in kinds if OPENS[kind] != NOTHING and not opened[kind]]
    print(  # noqa: T201 - a figure to publish
        f"\n{len(kinds)} × {len(address_by_name)}, {trial.requests} requests, {len(confusions)} confusions"
    )
    print(*(f"{kind}: {len(names)}" for kind, names in opened.items()), sep="\n")  # noqa: T201

    assert confusions == []
    assert dead == [], "a credential that opens nothing proves nothing"
    assert all(opened[kind] for kind in kinds if OPENS[kind])
