"""The hand of a node: it signs dossiers of requests and its journal, with a key that is derived from the node's own and published."""

import base64
import json
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from udi.kit.credentials import SignedDocumentKind
from udi.kit.keys import ALGORITHM, Signer
from udi.settings import Settings

DOSSIER = SignedDocumentKind(typ="udi-subject-dossier+jwt")
"""All that was asked, written and decided in a request about one's own data."""
KEYS_PATH = "/.well-known/jwks.json"


def make_node_signer(settings: Settings) -> Signer:
    """What signs for this node.

    Raises:
        MissingSecretError: the node's key is absent.
    """
    seed = settings.derived_key("node", "signature of dossiers")
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = {
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": ALGORITHM,
        "kid": sha256(public).hexdigest()[:32],
        "d": _encode(seed),
        "x": _encode(public),
    }
    return Signer.from_secret(json.dumps({"keys": [key]}))


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
