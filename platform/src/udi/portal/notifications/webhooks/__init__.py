"""Webhooks: what changed, told to a person's own program (https://www.standardwebhooks.com)."""

from udi.kit.http import OutgoingClient
from udi.kit.service_registry import ServiceKey

WEBHOOK_CLIENT = ServiceKey[OutgoingClient]("client of webhooks", "notifications")
