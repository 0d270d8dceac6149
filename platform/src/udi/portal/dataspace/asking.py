"""Asking a provider for its catalogue, for the page that shows it; nothing of it is kept."""

from dataclasses import dataclass
from typing import Any

from udi.kit.http import Outgoing
from udi.portal.dataspace.messages import CONTEXT, LONGEST_ID, Type
from udi.portal.dataspace.models import Connector
from udi.portal.dataspace.speaking import post

LARGEST, PATIENCE, MOST = 4 * 1024 * 1024, 8.0, 100
"""Bytes and seconds of an answer, and how many datasets are shown."""
TITLES = ("dct:title", "title", "http://purl.org/dc/terms/title", "name")


class AwayError(Exception):
    """A provider shows no catalogue: the message is a status, `unreachable`, `address` or `answer`."""


@dataclass(frozen=True)
class Listed:
    """A dataset of a provider's catalogue, with what it offers."""

    id: str
    title: str
    offers: list[dict[str, Any]]


async def read_catalogue(outgoing: Outgoing, connector: Connector) -> list[Listed]:
    """The first page of a provider's catalogue.

    Raises:
        AwayError: it does not answer, or not with a catalogue.
    """
    url, body = f"{connector.address}/catalog/request", {"@context": [CONTEXT], "@type": Type.CATALOG_REQUEST}
    trouble, found = await post(outgoing, url, body, token=connector.token, limit=LARGEST, patience=PATIENCE)
    if trouble:
        raise AwayError(trouble)
    return read_datasets(found)


def read_datasets(catalogue: dict[str, Any]) -> list[Listed]:
    """The datasets of a catalogue that have a name and an offer.

    Raises:
        AwayError: it is no catalogue.
    """
    if catalogue.get("@type") not in {"Catalog", "dcat:Catalog"}:
        raise AwayError("answer")
    listed = []
    for each in _objects(catalogue.get("dataset"))[:MOST]:
        name, offers = each.get("@id"), [offer for offer in _objects(each.get("hasPolicy")) if offer.get("@id")]
        if isinstance(name, str) and 0 < len(name) <= LONGEST_ID and offers:
            listed.append(Listed(name, _title(each) or name, offers))
    return listed


def _objects(value: object) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else [value]
    return [each for each in found if isinstance(each, dict)]


def _title(dataset: dict[str, Any]) -> str:
    found = next((dataset[name] for name in TITLES if dataset.get(name)), "")
    first = found[0] if isinstance(found, list) else found
    text = first.get("@value", "") if isinstance(first, dict) else first
    return " ".join(str(text).split())[:LONGEST_ID]
