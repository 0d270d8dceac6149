"""Signatures of messages (Standard Webhooks, symmetric): `v1,` and an HMAC-SHA256 of identifier, moment and body."""

import base64
import hmac
import secrets
from datetime import datetime

from udi.kit.credentials import SecretKind
from udi.portal.notifications.models import Webhook

WEBHOOK_SECRET = SecretKind(name="secret of a webhook", prefix="whsec_")
"""It signs what we send; nothing here takes it."""
BYTES = 32


def new_secret() -> str:
    """A fresh secret, in the form in which programs take it."""
    return WEBHOOK_SECRET.prefix + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def sign(secret: str, message: str, moment: datetime, body: str) -> str:
    """The signature of a message with one secret."""
    key = base64.b64decode(secret.removeprefix(WEBHOOK_SECRET.prefix))
    signed = f"{message}.{int(moment.timestamp())}.{body}".encode()
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def headers(
    webhook: Webhook, message: str, moment: datetime, body: str
) -> dict[str, str]:
    """The headers of a message; while a secret is being replaced, the former one signs too."""
    valid_secrets = [webhook.secret]
    if webhook.former_until is not None and moment < webhook.former_until:
        valid_secrets.append(webhook.former_secret)
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(
            sign(secret, message, moment, body) for secret in valid_secrets
        ),
    }
