"""Asking a provider for its catalogue, for the page that shows it; nothing of it is kept."""

from dataclasses import dataclass
from typing import Any

from udi.kit.http import OutgoingClient
from udi.portal.dataspace.connector_client import post_message
from udi.portal.dataspace.messages import CONTEXT, LONGEST_ID, MessageType
from udi.portal.dataspace.models import Connector

LARGEST = 4 * 1024 * 1024
PATIENCE = 8.0
MOST = 100
"""Bytes and seconds of an answer, and how many datasets are shown."""
TITLES = ("dct:title", "title", "http://purl.org/dc/terms/title", "name")


class ProviderUnavailableError(Exception):
    """A provider shows no catalogue: the message is a status, `unreachable`, `address` or `answer`."""


@dataclass(frozen=True)
class ProviderDataset:
    """A dataset of a provider's catalogue, with what it offers."""

    id: str
    title: str
    offers: list[dict[str, Any]]


async def fetch_catalogue(
    outgoing: OutgoingClient, connector: Connector
) -> list[ProviderDataset]:
    """The first page of a provider's catalogue.

    Raises:
        AwayError: it does not answer, or not with a catalogue.
    """
    url = f"{connector.address}/catalog/request"
    body = {"@context": [CONTEXT], "@type": MessageType.CATALOG_REQUEST}
    trouble, catalogue = await post_message(
        outgoing, url, body, token=connector.token, limit=LARGEST, patience=PATIENCE
    )
    if trouble:
        raise ProviderUnavailableError(trouble)
    return read_datasets(catalogue)


def read_datasets(catalogue: dict[str, Any]) -> list[ProviderDataset]:
    """The datasets of a catalogue that have a name and an offer.

    Raises:
        AwayError: it is no catalogue.
    """
    if catalogue.get("@type") not in {"Catalog", "dcat:Catalog"}:
        raise ProviderUnavailableError("answer")
    listed = []
    for dataset in _objects(catalogue.get("dataset"))[:MOST]:
        name = dataset.get("@id")
        offers = [
            offer for offer in _objects(dataset.get("hasPolicy")) if offer.get("@id")
        ]
        if isinstance(name, str) and 0 < len(name) <= LONGEST_ID and offers:
            listed.append(ProviderDataset(name, _title(dataset) or name, offers))
    return listed


def _objects(value: object) -> list[dict[str, Any]]:
    elements = value if isinstance(value, list) else [value]
    return [element for element in elements if isinstance(element, dict)]


def _title(dataset: dict[str, Any]) -> str:
    title = next((dataset[name] for name in TITLES if dataset.get(name)), "")
    first = title[0] if isinstance(title, list) else title
    text = first.get("@value", "") if isinstance(first, dict) else first
    return " ".join(str(text).split())[:LONGEST_ID]
