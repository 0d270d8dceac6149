"""Signed documents: good for as long as the key is published, for one reader, of one kind."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import OctKey, OKPKey

from udi.kit.credentials import SignedDocumentKind, SignedTokenKind
from udi.kit.keys import (
    InvalidSignatureError,
    Signer,
    new_secret,
    rotate_keys,
    verify,
    verify_document,
)

KIND = SignedDocumentKind(typ="udi-agreement+jwt")
OTHER = SignedDocumentKind(typ="udi-agreement-status+jwt")
ORDER = SignedTokenKind(
    typ="udi-order+jwt", scope="order", lifetime=timedelta(minutes=5)
)
PORTAL = "https://portal.example.org"
NODE = "https://node.example.org"
CLAIMS = {"sub": "a", "text": {"fr": "Convention passée « ici »"}}


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer.from_secret(new_secret())


def sign(
    signer: Signer,
    claims: dict[str, Any] = CLAIMS,
    *,
    kind: SignedDocumentKind = KIND,
    audience: str = NODE,
) -> str:
    return signer.sign_document(claims, kind=kind, issuer=PORTAL, audience=audience)


def check(
    token: str,
    keys: Any,
    *,
    kind: SignedDocumentKind = KIND,
    issuer: str = PORTAL,
    audience: str = NODE,
) -> dict[str, Any]:
    return verify_document(token, keys, kind=kind, issuer=issuer, audience=audience)


def part(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def test_a_document_says_who_signed_it_for_whom_and_has_no_end(signer: Signer) -> None:
    token = sign(signer)

    claims = check(token, signer.public_keys())

    assert {name: claims[name] for name in CLAIMS} == CLAIMS
    assert (claims["iss"], claims["aud"], set(claims)) == (
        PORTAL,
        NODE,
        {*CLAIMS, "iss", "aud", "iat"},
    )
    header = jws.extract_compact(token.encode()).headers()
    assert (header["typ"], header["alg"]) == (KIND.typ, "Ed25519")


def test_a_long_agreement_is_signed_and_read(signer: Signer) -> None:
    words = "é" * 100_000

    assert check(sign(signer, {"text": words}), signer.public_keys())["text"] == words


@pytest.mark.parametrize(
    "other",
    [{"kind": OTHER}, {"issuer": "https://other.example.org"}, {"audience": PORTAL}],
)
def test_another_kind_issuer_or_audience_is_refused(
    signer: Signer, other: dict[str, Any]
) -> None:
    with pytest.raises(InvalidSignatureError, match="another"):
        check(sign(signer), signer.public_keys(), **other)


def test_a_token_is_no_document_and_a_document_no_token(signer: Signer) -> None:
    token = signer.sign(ORDER, subject="a", issuer=PORTAL, audience=NODE)

    with pytest.raises(InvalidSignatureError):
        check(token, signer.public_keys())
    with pytest.raises(InvalidSignatureError):
        verify(
            sign(signer), signer.public_keys(), kind=ORDER, issuer=PORTAL, audience=NODE
        )


def test_several_audiences_are_refused(signer: Signer) -> None:
    both: Any = [NODE, "https://other.example.org"]

    with pytest.raises(InvalidSignatureError):
        check(sign(signer, audience=both), signer.public_keys())


def test_an_altered_payload_header_or_signature_is_refused(signer: Signer) -> None:
    header, payload, signature = sign(signer).split(".")
    altered = part(
        check(f"{header}.{payload}.{signature}", signer.public_keys()) | {"sub": "b"}
    )
    renamed = part(
        jws.extract_compact(f"{header}.{payload}.{signature}".encode()).headers()
        | {"typ": OTHER.typ}
    )

    for token in (
        f"{header}.{altered}.{signature}",
        f"{renamed}.{payload}.{signature}",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        "",
        "a.b.c",
    ):
        with pytest.raises(InvalidSignatureError):
            check(token, signer.public_keys())


def test_no_algorithm_and_a_secret_made_of_the_public_key_are_refused(
    signer: Signer,
) -> None:
    claims = {**CLAIMS, "iss": PORTAL, "aud": NODE, "iat": 1}
    public = signer.public_keys()["keys"][0]
    unsigned = f"{part({'alg': 'none', 'typ': KIND.typ, 'kid': public['kid']})}.{part(claims)}."
    confused = jwt.encode(
        {"alg": "HS256", "typ": KIND.typ, "kid": public["kid"]},
        claims,
        OctKey.import_key(public["x"]),
        algorithms=["HS256"],
    )

    for token in (unsigned, confused):
        with pytest.raises(InvalidSignatureError):
            check(token, signer.public_keys())


def test_a_key_that_is_sent_along_is_not_believed(signer: Signer) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519", "typ": KIND.typ, "jwk": stranger.as_dict(private=False)}
    claims = {**CLAIMS, "iss": PORTAL, "aud": NODE, "iat": 1}

    for named in ({}, {"kid": signer.public_keys()["keys"][0]["kid"]}):
        token = jwt.encode(
            {**header, **named}, claims, stranger, algorithms=["Ed25519"]
        )
        with pytest.raises(InvalidSignatureError):
            check(token, signer.public_keys())


@pytest.mark.parametrize("critical", [1, None, True, [1], [[]], [{}]])
def test_a_header_that_is_none_of_the_standard_is_refused(
    signer: Signer, critical: object
) -> None:
    """«crit» is a list of words (RFC 7515, 4.1.11); whoever knows a published key may write anything there."""
    key = signer.public_keys()["keys"][0]["kid"]
    header = {"alg": "Ed25519", "kid": key, "crit": critical}
    token = f"{part(header)}.{part(CLAIMS)}.{part('x' * 64)}"

    with pytest.raises(InvalidSignatureError):
        check(token, signer.public_keys())
    with pytest.raises(InvalidSignatureError):
        verify(token, signer.public_keys(), kind=ORDER, issuer=PORTAL, audience=NODE)


def test_a_document_outlives_the_next_key() -> None:
    secret = new_secret()
    token = sign(Signer.from_secret(secret))

    assert (
        check(token, Signer.from_secret(rotate_keys(secret)).public_keys())["sub"]
        == "a"
    )
