"""The signature of an archive: a JWS (Ed25519) over the digest of its manifest, with the public key beside it."""

import json
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from udi.cli.archive.tar_file import InvalidArchiveError
from udi.kit.credentials import SignedDocumentKind
from udi.kit.keys import ALGORITHM, Signer, signing_key
from udi.settings import Settings

ARCHIVE = SignedDocumentKind(typ="udi-archive")


@dataclass(frozen=True)
class ArchiveSignature:
    """Who signed (the fingerprint of the key: RFC 7638), and what: the sha256 of the manifest."""

    fingerprint: str
    manifest: str


def sign_manifest(
    settings: Settings, manifest: str, slug: str
) -> tuple[dict[str, Any], ArchiveSignature]:
    """The signature's document, by the key that signs for this installation now."""
    key = signing_key(Signer.from_file(settings.get_secret_path("signing_keys")).read())
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": ARCHIVE.typ}
    payload = json.dumps({"manifest_sha256": manifest, "territory": slug}).encode()
    token = jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])
    public = {
        name: value
        for name, value in key.as_dict(private=False).items()
        if name in {"kty", "crv", "x", "kid"}
    }
    return {"jws": token, "key": public}, ArchiveSignature(key.thumbprint(), manifest)


def verify_signature(document: Any, manifest: str, slug: str) -> ArchiveSignature:
    """Whose signature this is.

    Raises:
        InvalidArchiveError: it is none, or of another manifest or territory.
    """
    try:
        if "d" in document["key"]:
            raise InvalidArchiveError("it holds a private key")
        key = OKPKey.import_key(
            {name: document["key"][name] for name in ("kty", "crv", "x", "kid")}
        )
        signed = jws.deserialize_compact(
            document["jws"], KeySet([key]), algorithms=[ALGORITHM]
        )
        claims = json.loads(signed.payload or b"")
        right = (
            signed.headers().get("typ") == ARCHIVE.typ
            and claims["manifest_sha256"] == manifest
        )
        right = right and claims["territory"] == slug
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidArchiveError("its signature is wrong") from error
    if not right:
        raise InvalidArchiveError("its signature is of another archive")
    return ArchiveSignature(key.thumbprint(), manifest)
