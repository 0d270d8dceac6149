"""Realms of a run at its Keycloak, with keys that the tests make: Java takes three seconds of processor for the keys of each."""

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from udi.portal.identity.provision import admin, realm
from udi.portal.identity.provision.admin import RealmAdmin
from udi.settings import Settings

KEY_PROVIDER = "org.keycloak.keys.KeyProvider"
PRIORITY = ["100"]


def make_key() -> str:
    """A private key of RSA, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def list_keys() -> list[dict[str, Any]]:
    """The keys that Keycloak would make for a realm: to sign tokens, to encrypt them, and for what it alone reads."""
    return [
        {
            "name": "signatures",
            "providerId": "rsa",
            "config": {
                "priority": PRIORITY,
                "algorithm": ["RS256"],
                "privateKey": [make_key()],
            },
        },
        {
            "name": "encryption",
            "providerId": "rsa-enc",
            "config": {
                "priority": PRIORITY,
                "algorithm": ["RSA-OAEP"],
                "privateKey": [make_key()],
            },
        },
        {
            "name": "codes",
            "providerId": "hmac-generated",
            "config": {"priority": PRIORITY, "algorithm": ["HS512"]},
        },
        {
            "name": "cookies",
            "providerId": "aes-generated",
            "config": {"priority": PRIORITY},
        },
    ]


def add_keys(payload: dict[str, Any]) -> dict[str, Any]:
    """The rules of a realm that is to be made, with keys of the tests."""
    return {**payload, "components": {KEY_PROVIDER: list_keys()}}


def give_keys(create_realm: Callable[..., Any]) -> Callable[..., Any]:
    """What makes a realm, made to give it keys of the tests."""
    return lambda admin, payload, *options: create_realm(
        admin, add_keys(payload), *options
    )


class RealmWithKeys(RealmAdmin):
    """A realm that is made with keys of the tests; all else is as for an installation."""

    def create_realm(self, payload: dict[str, Any], *options: Any) -> Any:
        """Make the realm."""
        return super().create_realm(add_keys(payload), *options)


def apply_own_realm(settings: Settings) -> RealmAdmin:
    """Make the realm of these settings, or apply what changed of it; who manages it."""
    connection = RealmWithKeys(admin.connect(settings).connection)
    realm.apply_realm(connection, settings)
    return connection
