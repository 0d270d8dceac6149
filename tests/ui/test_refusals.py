"""Each refusal of either program is one line of the security stream, of the members that are documented, without a word of anybody's."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from structlog.testing import capture_logs

from tests.rules.test_documented import REFERENCE
from tests.visitors import browse, enter, make_person
from udi.kit.budgets import address_subject, spend_budget
from udi.kit.credentials import InvalidSignatureError
from udi.kit.db import Database
from udi.kit.errors import UnauthenticatedError
from udi.kit.keys import Signer, new_secret, verify
from udi.kit.tenancy import Territory
from udi.portal.tenants.budgets import WRONG_CREDENTIALS
from udi.protocol.credentials import REPORT
from udi.settings import ProgramName, Settings
from udi.ui.security_log import REFUSAL, SecurityLog
from udi.ui.site import Site

NOBODY = UUID(int=7)
NAME = "marie.durand"
"""Stands in everything that a request shows: path, query, form, token, header."""
ADDRESS = "203.0.113.9"
OF_STRUCTLOG = {"event", "log_level", "stream"}


def encode(content: Any) -> str:
    text = json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def write_token(**header: Any) -> str:
    """A token that nobody signed, with a name in every member."""
    claims = dict.fromkeys(("iss", "sub", "aud", "jti", "scope", "azp"), NAME)
    return f"{encode({'typ': REPORT.typ, **header})}.{encode(claims)}.{encode(NAME)}"


def sign_token() -> str:
    """A token of a portal that does not exist."""
    signer = Signer.from_secret(new_secret())
    return signer.sign(REPORT, subject=NAME, issuer=NAME, audience=NAME)


@dataclass(frozen=True)
class RefusedRequest:
    """A request, and what the line about its refusal calls it."""

    program: ProgramName
    what: str
    path: str
    status: int
    method: str = "GET"
    bearer: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    of_territory: bool = True
    """Whether the address asks whose it is: what the identity service announces is everybody's."""


NONSENSE = f"{NAME}.{NAME}.{NAME}"
ME = f"/api/v1/me?of={NAME}"
FILE = f"/files/{NOBODY}/{NAME}.csv?disposition=attachment&expires=9999999999&signature={NAME}"
SOURCES = f"/api/v1/sources?of={NAME}"
CALLBACK = f"/login/callback?state={NAME}&code={NAME}"
LOGOUT = "/logout/back-channel"
CLIENT = {"grant_type": "client_credentials", "client_id": NAME}
BOTH: tuple[ProgramName, ...] = ("portal", "node")
REFUSED = {
    "a token of a person that nobody made": RefusedRequest(
        "portal", "credential refused", ME, 401, bearer="udi_me_" + "x" * 43
    ),
    "a client without its secret": RefusedRequest(
        "portal", "credential refused", "/oauth2/token", 401, "POST", form=CLIENT
    ),
    "a token of another key": RefusedRequest(
        "portal", "forged", ME, 401, bearer=sign_token()
    ),
    "a token of no form": RefusedRequest(
        "portal", "forged", ME, 401, bearer=f"{NAME} {NAME}"
    ),
    "a key of a space that nobody made": RefusedRequest(
        "node", "credential refused", SOURCES, 401, bearer="udi_" + "x" * 43
    ),
    "no key of a space": RefusedRequest(
        "node", "credential refused", SOURCES, 401, bearer=NAME
    ),
    "a token of RUDI's clients that the node did not sign": RefusedRequest(
        "node", "credential refused", "/manager/api/v1/catalog/resources", 401,
        bearer=write_token(alg="HS256"),
    ),
    "a link that the node did not sign": RefusedRequest("node", "refused", FILE, 403),
    **{
        f"{title} at the {program}": request
        for program in BOTH
        for title, request in {
            "a login that did not begin here": RefusedRequest(
                program, "login refused", CALLBACK, 400
            ),
            "a logout that nobody announced": RefusedRequest(
                program, "forged", LOGOUT, 400, "POST", form={"logout_token": NONSENSE},
                of_territory=False,
            ),
        }.items()
    },
}  # fmt: skip
HEADERS: dict[str, dict[str, Any]] = {
    "key": {"alg": "Ed25519", "kid": NAME},
    "algorithm": {"alg": NAME},
    "critical member": {"alg": "Ed25519", "crit": [NAME]},
}


async def read_security_lines(
    app: Litestar, territory: Territory, request: RefusedRequest
) -> tuple[int, list[dict[str, Any]]]:
    """The status of the answer, and the lines of the security stream that the request left."""
    headers = {
        "X-Forwarded-For": ADDRESS,
        "User-Agent": NAME,
        "Accept": "application/json",
    }
    if request.bearer:
        headers["Authorization"] = f"Bearer {request.bearer}"
    with capture_logs() as logs:
        async with browse(app, territory) as client:
            answer = await client.request(
                request.method, request.path, headers=headers, data=request.form
            )
    lines = [dict(line) for line in logs if line.get("stream") == "security"]
    return answer.status_code, lines


def list_documented_members() -> set[str]:
    """Those of the table of the security stream."""
    text = (REFERENCE / "security.md").read_text()
    table = text.partition("\n## The security stream\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*`) \|", table, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def require_anonymous(line: Mapping[str, Any], request: RefusedRequest) -> None:
    """Nothing of what the request showed is in its line, besides where it came from."""
    text = json.dumps(line)
    assert set(line) - OF_STRUCTLOG == list_documented_members()
    assert NAME not in text
    assert line["origin"] == ADDRESS
    assert line["who"] == ""
    secrets = [request.bearer, *request.form.values(), str(NOBODY)]
    assert [part for part in secrets if part and part in text] == []


@pytest.mark.parametrize("title", REFUSED)
async def test_a_refusal_is_one_line_without_anybodys_words(
    portal_app: Litestar, node_app: Litestar, demo: Territory, title: str
) -> None:
    request = REFUSED[title]
    app = {"portal": portal_app, "node": node_app}[request.program]

    status, lines = await read_security_lines(app, demo, request)

    [line] = lines
    assert (status, line["what"], line["status"]) == (
        request.status,
        request.what,
        request.status,
    )
    assert line["program"] == request.program
    assert line["territory"] == {True: demo.slug, False: ""}[request.of_territory]
    require_anonymous(line, request)


async def test_one_refusal_of_too_many_tries_is_one_line(
    portal_app: Litestar,
    portal_database: Database,
    settings: Settings,
    demo: Territory,
) -> None:
    await use_up_tries(portal_database, settings, demo)
    form = {**CLIENT, "client_secret": f"{NAME}'s secret"}
    request = RefusedRequest(
        "portal", "too many", "/oauth2/token", 429, "POST", form=form
    )

    status, lines = await read_security_lines(portal_app, demo, request)

    [line] = lines
    assert (status, line["what"]) == (429, "too many")
    require_anonymous(line, request)


async def use_up_tries(
    database: Database, settings: Settings, territory: Territory
) -> None:
    """As often as somebody at this address may show a wrong credential."""
    subject = address_subject(ADDRESS, settings.secret("portal_client_key"))
    async with database.session(territory.id) as session:
        await spend_budget(
            session, WRONG_CREDENTIALS, subject, cost=WRONG_CREDENTIALS.limit
        )


async def test_a_person_who_is_refused_is_an_identifier(
    portal_app: Litestar, portal_site: Site, demo: Territory
) -> None:
    login = make_person(demo)
    actor = await enter(portal_site, demo, login=login)
    headers = {"Sec-Fetch-Site": "cross-site", "X-Forwarded-For": ADDRESS}

    with capture_logs() as logs:
        async with browse(portal_app, demo, login) as client:
            answer = await client.post(f"/following?of={NAME}", headers=headers)

    [line] = [dict(line) for line in logs if line.get("stream") == "security"]
    assert (answer.status_code, line["what"]) == (403, "refused")
    assert (line["who"], line["origin"]) == (str(actor.person_id), ADDRESS)
    assert set(line) - OF_STRUCTLOG == list_documented_members()
    text = json.dumps(line)
    words = (NAME, login.name, login.email, login.subject)
    assert [word for word in words if word in text] == []


@pytest.mark.parametrize("part", HEADERS)
def test_what_a_forged_token_says_of_itself_is_in_no_line(
    settings: Settings, part: str
) -> None:
    """A library repeats the key, the algorithm or the member that it does not know."""
    keys = Signer.from_secret(new_secret()).public_keys()
    token = write_token(**HEADERS[part])
    with pytest.raises(InvalidSignatureError, match=NAME) as forged:
        verify(token, keys, kind=REPORT, issuer=NAME, audience=NAME)
    refusal = UnauthenticatedError("This is not a token of the portal.")
    refusal.__cause__ = forged.value
    scope: Any = {
        "type": "http", "headers": [(b"authorization", token.encode())], "client": (ADDRESS, 1),
        "state": {REFUSAL: refusal},
    }  # fmt: skip

    with capture_logs() as logs:
        SecurityLog(settings, "node").log_refusal(scope, 401, {"program": "node"})

    [line] = logs
    assert (line["what"], NAME in json.dumps(line)) == ("forged", False)
    assert line["reason"].endswith("Error")


def test_every_word_of_the_stream_is_tried() -> None:
    documented = (REFERENCE / "security.md").read_text()
    [row] = [line for line in documented.splitlines() if line.startswith("| `what` |")]
    words = set(re.findall(r"`([a-z ]+)`", row)) - {"what"}

    assert {request.what for request in REFUSED.values()} | {"too many"} == words
    of_node = {
        request.what for request in REFUSED.values() if request.program == "node"
    }
    assert of_node == words - {"too many"}
