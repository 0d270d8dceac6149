"""Tokens of RUDI's clients: made here, for one territory, for an hour."""

import base64
import json
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc import jwt

from udi.kit.clock import now
from udi.kit.credentials import SignedTokenKind
from udi.kit.errors import UnauthenticatedError
from udi.kit.keyring import Keyring, new_keyring
from udi.node.manager import tokens
from udi.node.manager.tokens import make_token, read_token

NODE_ID = uuid.uuid4()
KEY = uuid.uuid4()
RING = Keyring.parse(new_keyring())


def sign(kind: SignedTokenKind) -> str:
    """A token with the key of this territory, of any kind."""
    claims = kind.write(subject=str(KEY), issuer=str(NODE_ID), audience=str(NODE_ID))
    return jwt.encode(
        {"alg": "HS256", "typ": kind.typ},
        claims,
        tokens._key(RING.current_key, NODE_ID),
    )


def test_a_token_stands_for_its_key_and_says_when_it_ends() -> None:
    token = make_token(RING, NODE_ID, KEY)

    body = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert read_token(RING, NODE_ID, token) == KEY
    assert "=" not in token
    assert (
        timedelta(minutes=59)
        < timedelta(seconds=body["exp"] - now().timestamp())
        <= timedelta(hours=1)
    )


@pytest.mark.parametrize(
    "name",
    [
        "over",
        "elsewhere",
        "other key",
        "another kind",
        "another scope",
        "changed",
        "unsigned",
        "rubbish",
        "nothing",
    ],
)
def test_another_token_opens_nothing(name: str) -> None:
    good = make_token(RING, NODE_ID, KEY)
    over = replace(tokens.MANAGER, lifetime=timedelta(seconds=-60))
    elsewhere = replace(tokens.MANAGER, typ="udi-report+jwt")
    head, _, rest = good.partition(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    token_by_name = {
        "over": sign(over),
        "elsewhere": make_token(RING, uuid.uuid4(), KEY),
        "other key": make_token(Keyring.parse(new_keyring()), NODE_ID, KEY),
        "another kind": sign(elsewhere),
        "another scope": sign(replace(tokens.MANAGER, scope="read")),
        "changed": f"{head}.{rest[:-4]}AAAA",
        "unsigned": f"{unsigned}.{rest.partition('.')[0]}.",
        "rubbish": "a.b.c",
        "nothing": "",
    }

    with pytest.raises(UnauthenticatedError):
        read_token(RING, NODE_ID, token_by_name[name])
