"""What of the identity service's answers is believed: only tokens of this login, for this program, about one person."""

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.kit.realm import CLIENT, SUBJECT, Realm
from udi.kit import clock
from udi.kit.oidc import LOGOUT_EVENT, IdentityRefusedError, Login
from udi.kit.tokens import ClockDifferenceError, InvalidTokenError

ELSEWHERE = "https://elsewhere.example"
LOGOUT = {
    "aud": CLIENT.id,
    "sub": SUBJECT,
    "sid": "s",
    "jti": "mark",
    "events": {LOGOUT_EVENT: {}},
}


@pytest.fixture
async def realm(tmp_path: Path) -> AsyncIterator[Realm]:
    new_realm = Realm(tmp_path)
    yield new_realm
    await new_realm.stop()


async def exchange(realm: Realm) -> Login:
    return await realm.service.exchange(CLIENT, code="c", nonce="n", verifier="v")


async def test_exchange_reads_who_logged_in_and_what_they_may_do(realm: Realm) -> None:
    realm.rights = {"organization": {"demo": {"groups": ["/moderators"]}}}

    login = await exchange(realm)

    assert (login.issuer, login.subject, login.name) == (
        realm.service.issuer,
        SUBJECT,
        "Compte",
    )
    assert login.organisations == {"demo": {"groups": ["/moderators"]}}
    assert login.refresh_token == "refresh"


@pytest.mark.parametrize(
    "person",
    [
        {"nonce": "of another login"}, {"nonce": None}, {"aud": "demo-node"}, {"aud": None}, {"azp": "demo-node"},
        {"typ": "Bearer"}, {"typ": None}, {"iss": ELSEWHERE},
    ],
)  # fmt: skip
async def test_exchange_refuses_an_id_token_that_is_not_of_this_login(
    realm: Realm, person: dict[str, Any]
) -> None:
    realm.person = person

    with pytest.raises(InvalidTokenError):
        await exchange(realm)


@pytest.mark.parametrize(
    "rights",
    [
        {"aud": [ELSEWHERE]}, {"aud": None}, {"azp": "demo-node"}, {"sub": "somebody else"}, {"sub": None},
        {"typ": "ID"}, {"iss": ELSEWHERE},
    ],
)  # fmt: skip
async def test_exchange_refuses_an_access_token_that_is_not_of_this_person(
    realm: Realm, rights: dict[str, Any]
) -> None:
    realm.rights = rights

    with pytest.raises(InvalidTokenError):
        await exchange(realm)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(600, r"it begins in (600|599) s"), (-900, r"it ended (600|601) s ago")],
)
async def test_exchange_tells_a_clock_that_differs_from_a_token_that_is_refused(
    realm: Realm, seconds: int, words: str
) -> None:
    moment = int(clock.now().timestamp()) + seconds
    realm.person = realm.rights = {"iat": moment, "exp": moment + 300}

    with pytest.raises(ClockDifferenceError, match=f"clocks .* differ: .*{words}"):
        await exchange(realm)


async def test_exchange_says_what_the_identity_service_refuses(realm: Realm) -> None:
    realm.refusal = "invalid_grant"

    with pytest.raises(IdentityRefusedError) as refused:
        await exchange(realm)

    assert refused.value.code == "invalid_grant"


def test_login_url_gives_a_challenge_and_not_the_verifier(realm: Realm) -> None:
    address = realm.service.login_url(
        CLIENT, state="s", nonce="n", verifier="verifier", language="fr"
    )

    query = parse_qs(urlsplit(address).query)
    digest = (
        base64.urlsafe_b64encode(hashlib.sha256(b"verifier").digest())
        .decode()
        .rstrip("=")
    )
    assert (query["code_challenge"], query["code_challenge_method"]) == (
        [digest],
        ["S256"],
    )
    assert "code_verifier" not in query


async def test_read_logout_token_says_which_session_of_which_client_ends(
    realm: Realm,
) -> None:
    notice = await realm.service.read_logout_token(
        realm.sign(LOGOUT, kind="logout+jwt")
    )

    assert (notice.client_id, notice.subject, notice.sid, notice.jti) == (
        CLIENT.id,
        SUBJECT,
        "s",
        "mark",
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"events": None}, {"events": {}}, {"events": [LOGOUT_EVENT]}, {"nonce": "n"}, {"jti": None}, {"jti": ""},
        {"sub": None, "sid": None}, {"aud": [CLIENT.id]}, {"aud": None}, {"iss": ELSEWHERE},
    ],
)  # fmt: skip
async def test_read_logout_token_refuses_what_announces_no_logout(
    realm: Realm, claims: dict[str, Any]
) -> None:
    with pytest.raises(InvalidTokenError):
        await realm.service.read_logout_token(
            realm.sign(LOGOUT | claims, kind="logout+jwt")
        )


async def test_read_logout_token_refuses_another_kind_of_token(realm: Realm) -> None:
    with pytest.raises(InvalidTokenError):
        await realm.service.read_logout_token(realm.sign(LOGOUT))
