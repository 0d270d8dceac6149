"""What a portal says of an organisation there, whatever it is made with: its datasets, its harvesters, their last reading.

What is read is text and addresses of the portal's own; nothing is written there, and no key is needed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Meta

from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.protocol.identifiers import comparison_key
from udi.protocol.licences import find_licence

PATIENCE = 10.0
MOST_BYTES = 8 * 1024 * 1024
"""Of one answer."""
MOST_DATASET_BYTES = 16 * 1024 * 1024
"""Of all pages of datasets; what is left of `MOST_TOTAL_BYTES` is for the harvesters and their readings."""
MOST_TOTAL_BYTES = MOST_DATASET_BYTES + MOST_BYTES
PAGE_SIZE = 100
MOST_PAGES = 20
MOST_SOURCES = 3
MOST_SHOWN = 500
"""Letters of a text that is shown."""
OK = 200
NOT_FOUND = 404
FAILED = "failed"
SKIPPED = "skipped"
Answer = TypeVar("Answer", bound=msgspec.Struct)


class PortalUnavailableError(Exception):
    """The portal does not answer."""


class UnknownProgramError(PortalUnavailableError):
    """The portal answers, but not as this program does."""


class NoOrganisationError(Exception):
    """The portal has no such organisation."""


class PortalProgram(StrEnum):
    """What a portal is made with."""

    UDATA = "udata"
    CKAN = "ckan"


class RemoteOrganisation(msgspec.Struct):
    """The organisation under which the territory's data are on the portal."""

    id: Annotated[str, Meta(max_length=100)]
    name: Annotated[str, Meta(max_length=500)]
    page: Annotated[str, Meta(max_length=2000)] = ""


class HarvestFacts(msgspec.Struct):
    """Where a dataset of the portal was read, as it says itself."""

    remote_id: str | None = None
    dct_identifier: str | None = None
    uri: str | None = None
    remote_url: str | None = None
    archived: str | None = None


class RemoteResource(msgspec.Struct):
    """A file or a service of a dataset: nothing of it is used but that it is there."""


class RemoteDataset(msgspec.Struct):
    """A dataset of the portal, as far as it is used."""

    title: Annotated[str, Meta(max_length=1000)]
    page: Annotated[str, Meta(max_length=2000)] = ""
    license: str | None = None
    archived: str | None = None
    resources: tuple[RemoteResource, ...] = ()
    harvest: HarvestFacts | None = None
    files: int = 0
    """How many resources it has, which are let go once they are counted."""
    licence: str = ""
    """The code that we have for its licence; empty where it means none of ours."""

    def __post_init__(self) -> None:
        """Count the resources, and read the licence."""
        self.licence = find_version(self.license)
        self.files = len(self.resources)
        self.resources = ()

    @property
    def names(self) -> set[str]:
        """What it was known by where it was read, as it is compared."""
        if self.harvest is None:
            return set()
        facts = self.harvest
        named = (facts.remote_id, facts.dct_identifier, facts.uri, facts.remote_url)
        return {comparison_key(name) for name in named if name}

    @property
    def is_archived(self) -> bool:
        """Whether the portal put it aside."""
        return bool(self.archived or (self.harvest and self.harvest.archived))


class HarvestError(msgspec.Struct):
    """Why a harvester did not take a record."""

    message: str | None = None


class HarvestItem(msgspec.Struct):
    """What the last reading did with one record."""

    remote_id: str = ""
    status: str = ""
    errors: tuple[HarvestError, ...] = ()

    @property
    def reason(self) -> str:
        """Why it was not taken, in the portal's words."""
        messages = [error.message for error in self.errors if error.message]
        return "; ".join(messages)[:MOST_SHOWN]

    @property
    def is_refused(self) -> bool:
        """Whether it was not taken."""
        return self.status in {FAILED, SKIPPED}


class HarvestJob(msgspec.Struct):
    """The last reading of a harvester."""

    id: str = ""


class SourceValidation(msgspec.Struct):
    """Whether the portal's team let a harvester read."""

    state: str = ""
    comment: str | None = None

    def __post_init__(self) -> None:
        """Cut what is shown."""
        self.comment = (self.comment or "")[:MOST_SHOWN]


class HarvestSource(msgspec.Struct):
    """A harvester of the organisation."""

    id: str = ""
    name: str = ""
    url: str = ""
    validation: SourceValidation = msgspec.field(default_factory=SourceValidation)
    last_job: HarvestJob | None = None
    refused: int | None = None
    """Of CKAN: how many records its last reading did not take, where it says so."""

    def __post_init__(self) -> None:
        """Cut what is shown."""
        self.name = self.name[:MOST_SHOWN]


@dataclass(frozen=True)
class PortalReading:
    """What a portal says of one organisation: its datasets, the harvesters that read this catalogue, their last reading."""

    organisation: RemoteOrganisation
    datasets: Sequence[RemoteDataset]
    sources: Sequence[HarvestSource] = ()
    items: Sequence[HarvestItem] = ()
    is_whole: bool = True
    """False where the organisation has more datasets than are read."""
    program: PortalProgram = PortalProgram.UDATA


@dataclass
class PortalClient:
    """Asks one portal, for `MOST_TOTAL_BYTES` at most."""

    outgoing: OutgoingClient
    portal: str
    read_bytes: int = 0

    @property
    def has_room(self) -> bool:
        """Whether one more page of datasets may be asked for."""
        return self.read_bytes + MOST_BYTES <= MOST_DATASET_BYTES

    async def fetch(self, path: str, model: type[Answer]) -> Answer:
        """The answer at a path of the portal.

        Raises:
            PortalUnavailableError: it does not answer.
            UnknownProgramError: it answers something else.
        """
        answer = await self.ask(path)
        if answer.status_code != OK:
            raise UnknownProgramError
        return await decode_answer(answer, model)

    async def ask(self, path: str) -> httpx.Response:
        """The answer at a path, whatever it is.

        Raises:
            PortalUnavailableError: there is none.
        """
        try:
            answer = await self.outgoing.request(
                "GET",
                f"{self.portal}{path}",
                headers={"Accept": "application/json"},
                limit=min(MOST_BYTES, MOST_TOTAL_BYTES - self.read_bytes),
                patience=PATIENCE,
            )
        except (OutgoingError, RefusedAddressError) as error:
            raise PortalUnavailableError from error
        self.read_bytes += len(answer.content)
        return answer


async def decode_answer(answer: httpx.Response, model: type[Answer]) -> Answer:
    """What an answer says.

    Raises:
        UnknownProgramError: it is not of this shape.
    """
    try:
        return await asyncio.to_thread(msgspec.json.decode, answer.content, type=model)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnknownProgramError from error


def find_version(*wordings: str | None) -> str:
    """The code of a licence, of the first wording that says in which version; empty where none does."""
    for wording in wordings:
        licence = find_licence(wording or "")
        if licence is not None and licence.has_version:
            return licence.code
    return ""


def host_of(address: str) -> str:
    """Name and port of an address; empty where it is none."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""
