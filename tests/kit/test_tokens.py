"""Tokens of the identity service: what is accepted, what is not, and how its keys are kept."""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from udi.kit import clock, tokens
from udi.kit.credentials import IdentityTokenKind
from udi.kit.tokens import (
    IdentityUnavailableError,
    InvalidTokenError,
    IssuerKeys,
    UntimelyTokenError,
    require_claim_values,
    verify,
)

KIND = IdentityTokenKind(name="access token", claim="Bearer")
ISSUER = "https://id.example/realms/udi"
AUDIENCE = "https://data.example"
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
OTHER = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


class Publisher:
    """What the identity service publishes; it can be stopped, and counts how often it is asked."""

    def __init__(self, *keys: RSAKey) -> None:
        self.keys = list(keys)
        self.away = False
        self.request_count = 0

    async def __call__(self) -> Mapping[str, Any]:
        self.request_count += 1
        if self.away:
            msg = "stopped"
            raise IdentityUnavailableError(msg)
        return KeySet(self.keys).as_dict(private=False)


class Time:
    """A clock that the test moves, and may set; and the one that nobody sets."""

    def __init__(self) -> None:
        self.moment = clock.now()
        self.elapsed = 0.0

    def passes(self, **duration: float) -> None:
        self.is_set(**duration)
        self.elapsed += timedelta(**duration).total_seconds()

    def is_set(self, **duration: float) -> None:
        """Somebody sets it, ahead or back."""
        self.moment += timedelta(**duration)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    moving = Time()
    monkeypatch.setattr(tokens, "now", lambda: moving.moment)
    monkeypatch.setattr(tokens, "monotonic", lambda: moving.elapsed)
    return moving


def claims(**changed: Any) -> dict[str, Any]:
    moment = int(clock.now().timestamp())
    usual = {
        "iss": ISSUER,
        "aud": [AUDIENCE, "account"],
        "iat": moment,
        "exp": moment + 300,
        "typ": "Bearer",
    }
    return {
        name: value for name, value in {**usual, **changed}.items() if value is not None
    }


def signed(
    key: RSAKey = KEY, header: dict[str, Any] | None = None, **changed: Any
) -> str:
    return jwt.encode(
        {"alg": "RS256", "typ": "JWT", "kid": key.kid, **(header or {})},
        claims(**changed),
        key,
    )


async def accepted(token: str, publisher: Publisher | None = None) -> dict[str, Any]:
    return await verify(
        token,
        IssuerKeys(publisher or Publisher(KEY)),
        kind=KIND,
        issuer=ISSUER,
        audience=AUDIENCE,
    )


async def test_a_token_of_the_issuer_for_us_is_accepted() -> None:
    assert (await accepted(signed(azp="demo-portal")))["azp"] == "demo-portal"


def crafted(header: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token that the library refuses to make."""
    parts = [
        json.dumps(part).encode()
        for part in ({"typ": "JWT", "kid": KEY.kid, **header}, claims())
    ]
    content = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return b".".join(
        [content, base64.urlsafe_b64encode(sign(content)).rstrip(b"=")]
    ).decode()


def with_real_key(content: bytes) -> bytes:
    return KEY.private_key.sign(content, PKCS1v15(), SHA256())


def with_public_key(content: bytes) -> bytes:
    return hmac.digest(KEY.as_pem(private=False), content, "sha256")


REFUSED = {
    "alg none": lambda: crafted({"alg": "none"}, lambda _content: b""),
    "HS256 with the public key as secret": lambda: crafted(
        {"alg": "HS256"}, with_public_key
    ),
    "RS256 announced, HS256 done": lambda: crafted({"alg": "RS256"}, with_public_key),
    "a key that is not the issuer's": lambda: signed(OTHER),
    "the issuer's key id on another key": lambda: signed(OTHER, {"kid": KEY.kid}),
    "its own key in the header": lambda: signed(
        OTHER, {"jwk": OTHER.as_dict(private=False)}
    ),
    "an address of keys in the header": lambda: signed(
        OTHER, {"jku": "https://evil.example/keys"}
    ),
    "another issuer": lambda: signed(iss="https://evil.example"),
    "no issuer": lambda: signed(iss=None),
    "another audience": lambda: signed(aud="https://elsewhere.example"),
    "no audience": lambda: signed(aud=None),
    "past": lambda: signed(exp=int(clock.now().timestamp()) - 60),
    "without end": lambda: signed(exp=None),
    "of the future": lambda: signed(iat=int(clock.now().timestamp()) + 300),
    "not yet valid": lambda: signed(nbf=int(clock.now().timestamp()) + 300),
    "a date that is no number": lambda: signed(exp="tomorrow"),
    "a logout token in place of an access token": lambda: signed(
        header={"typ": "logout+jwt"}
    ),
    "an identity token in place of an access token": lambda: signed(typ="ID"),
    "a token that says no kind": lambda: signed(typ=None),
    "without key id": lambda: signed(header={"kid": ""}),
    "an unknown critical header": lambda: crafted(
        {"alg": "RS256", "crit": ["x"], "x": 1}, with_real_key
    ),
    "cut": lambda: signed()[:-20],
    "empty": lambda: "",
    "two parts": lambda: "a.b",
    "not a token": lambda: "nonsense",
    "not ASCII": lambda: "é.é.é",
    "a NUL byte": lambda: "\0.\0.\0",
}


@pytest.mark.parametrize("name", REFUSED)
async def test_any_other_token_is_refused(name: str) -> None:
    with pytest.raises(InvalidTokenError):
        await accepted(REFUSED[name]())


async def test_the_crafting_itself_makes_good_tokens() -> None:
    assert await accepted(crafted({"alg": "RS256"}, with_real_key))


async def test_a_small_difference_of_clocks_is_forgiven() -> None:
    moment = int(clock.now().timestamp())

    assert await accepted(signed(iat=moment + 20, nbf=moment + 20))
    assert await accepted(signed(exp=moment - 20))


@pytest.mark.parametrize(
    ("moments", "words"),
    [
        ({"iat": -900, "exp": -600}, "it ended 600 s ago by the clock of this machine"),
        ({"iat": 600, "exp": 900}, "it begins in 600 s by the clock of this machine"),
        ({"nbf": 600}, "it begins in 600 s by the clock of this machine"),
    ],
)
async def test_verify_says_by_how_much_a_token_is_untimely(
    time: Time, moments: dict[str, Any], words: str
) -> None:
    moment = int(time.moment.timestamp())
    token = signed(**{name: moment + value for name, value in moments.items()})

    with pytest.raises(UntimelyTokenError, match=words):
        await accepted(token)


async def test_verify_tells_a_wrong_clock_from_a_wrong_token() -> None:
    for token in (signed(aud="https://elsewhere.example"), signed(exp="tomorrow")):
        with pytest.raises(InvalidTokenError) as refused:
            await accepted(token)
        assert not isinstance(refused.value, UntimelyTokenError)


def test_a_claim_must_have_exactly_the_wanted_value() -> None:
    require_claim_values({"typ": "ID", "azp": "a"}, typ="ID", azp="a", sid=None)

    for invalid_claims in ({"typ": "Bearer"}, {"azp": ["ID"]}, {}):
        with pytest.raises(InvalidTokenError, match="typ"):
            require_claim_values(invalid_claims, typ="ID")


async def test_keys_are_fetched_once_for_many_tokens() -> None:
    publisher = Publisher(KEY)
    keys = IssuerKeys(publisher)

    for _ in range(50):
        await verify(signed(), keys, kind=KIND, issuer=ISSUER, audience=AUDIENCE)

    assert publisher.request_count == 1


async def test_a_new_key_is_fetched_when_first_met(time: Time) -> None:
    publisher = Publisher(KEY)
    keys = IssuerKeys(publisher)
    await keys.get(str(KEY.kid))
    publisher.keys.append(OTHER)
    time.passes(seconds=6)

    await keys.get(str(OTHER.kid))

    assert publisher.request_count == 2


async def test_unknown_key_ids_do_not_flood_the_issuer(time: Time) -> None:
    publisher = Publisher(KEY)
    keys = IssuerKeys(publisher)
    await keys.get(str(KEY.kid))
    time.passes(seconds=6)

    for number in range(100):
        with pytest.raises(InvalidTokenError):
            await keys.get(f"invented-{number}")

    assert publisher.request_count == 2


async def test_a_withdrawn_key_is_refused_after_a_quarter_of_an_hour(
    time: Time,
) -> None:
    publisher = Publisher(KEY, OTHER)
    keys = IssuerKeys(publisher)
    await keys.get(str(OTHER.kid))
    publisher.keys.remove(OTHER)
    time.passes(minutes=14)
    await keys.get(str(OTHER.kid))
    time.passes(minutes=1)

    with pytest.raises(InvalidTokenError):
        await keys.get(str(OTHER.kid))


async def test_keys_are_served_for_a_day_while_the_issuer_is_away(time: Time) -> None:
    publisher = Publisher(KEY)
    keys = IssuerKeys(publisher)
    await keys.get(str(KEY.kid))
    publisher.away = True

    time.passes(hours=23)
    assert await keys.get(str(KEY.kid))
    with pytest.raises(IdentityUnavailableError):
        await keys.get("another")
    time.passes(hours=1)
    with pytest.raises(IdentityUnavailableError):
        await keys.get(str(KEY.kid))


async def test_while_keys_are_fetched_those_of_a_day_are_served_and_older_ones_wait(
    time: Time,
) -> None:
    keys = IssuerKeys(Publisher(KEY))
    await keys.get(str(KEY.kid))
    async with keys._lock:
        time.passes(hours=23)
        assert await asyncio.wait_for(keys.get(str(KEY.kid)), 60)
        time.passes(hours=1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(keys.get(str(KEY.kid)), 0.05)


async def test_keys_are_fetched_again_once_the_pause_is_over(time: Time) -> None:
    publisher = Publisher(KEY)
    keys = IssuerKeys(publisher)
    await keys.refresh()
    time.passes(seconds=4)
    await keys.refresh()
    assert publisher.request_count == 1
    time.passes(seconds=1)
    await keys.refresh()
    assert publisher.request_count == 2


async def test_an_issuer_that_is_away_is_not_asked_at_each_token(time: Time) -> None:
    publisher = Publisher(KEY)
    keys = IssuerKeys(publisher)
    await keys.get(str(KEY.kid))
    publisher.away = True
    time.passes(hours=1)

    for _ in range(50):
        await keys.get(str(KEY.kid))

    assert publisher.request_count == 2


async def test_an_issuer_that_comes_back_is_heard(time: Time) -> None:
    publisher = Publisher(KEY)
    publisher.away = True
    keys = IssuerKeys(publisher)
    with pytest.raises(IdentityUnavailableError):
        await keys.get(str(KEY.kid))
    publisher.away = False

    with pytest.raises(IdentityUnavailableError):
        await keys.refresh()
    time.passes(seconds=6)

    assert await keys.get(str(KEY.kid))


async def test_an_issuer_that_comes_back_is_heard_after_the_clock_was_set_back(
    time: Time,
) -> None:
    publisher = Publisher(KEY)
    publisher.away = True
    keys = IssuerKeys(publisher)
    with pytest.raises(IdentityUnavailableError):
        await keys.get(str(KEY.kid))
    publisher.away = False
    time.is_set(minutes=-10)
    time.passes(seconds=6)

    assert await keys.get(str(KEY.kid))


@pytest.mark.parametrize(
    "published",
    [{}, {"keys": None}, {"keys": ["x"]}, {"keys": [{"kid": "a", "kty": "RSA"}]}],
)
async def test_keys_that_cannot_be_read_are_as_none(published: dict[str, Any]) -> None:
    async def publish() -> Mapping[str, Any]:
        return published

    with pytest.raises(IdentityUnavailableError):
        await IssuerKeys(publish).get("a")


async def test_a_key_for_encryption_signs_nothing() -> None:
    encryption = RSAKey.generate_key(2048, {"use": "enc"}, auto_kid=True)

    with pytest.raises(InvalidTokenError):
        await IssuerKeys(Publisher(KEY, encryption)).get(str(encryption.kid))
