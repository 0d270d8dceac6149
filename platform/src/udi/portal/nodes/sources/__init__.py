"""Sources: catalogues of others that are read at a rhythm, without anything changing on their side."""

from udi.kit.http import OutgoingClient
from udi.kit.service_registry import ServiceKey

OUTGOING = ServiceKey[OutgoingClient]("client of sources", "nodes")
"""The client with which catalogues of others are read: private ones where the operator named them (`UDI_SOURCE_HOSTS`)."""
