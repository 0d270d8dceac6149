"""What a source says of a service, as its row keeps it."""

from typing import Any

from msgspec import Struct, convert, to_builtins

from udi.portal.catalogue.services.models import CatalogueService
from udi.protocol.texts import Texts


class ServiceContact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom to write to."""

    name: str = ""
    email: str = ""
    url: str = ""


class CatalogueServiceDescription(
    Struct, frozen=True, kw_only=True, omit_defaults=True
):
    """`licence` is one of our codes, empty where its name and address say it; `serves` are identifiers as the source has them."""

    text: Texts = {}
    keywords: list[str] = []
    landing_page: str = ""
    documentation: list[str] = []
    endpoint_description: str = ""
    standards: list[str] = []
    licence: str = ""
    licence_name: str = ""
    licence_url: str = ""
    access: str = ""
    contacts: list[ServiceContact] = []
    issued: str = ""
    modified: str = ""
    serves: list[str] = []
    listed: list[str] = []
    """What a list of what it serves names so far, until the list is read to its end."""


def read_description(service: CatalogueService) -> CatalogueServiceDescription:
    """What the row of a service keeps."""
    return convert(service.description, CatalogueServiceDescription)


def write_description(description: CatalogueServiceDescription) -> dict[str, Any]:
    """The same as JSON; only what is said."""
    document: dict[str, Any] = to_builtins(description)
    return document
