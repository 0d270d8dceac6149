"""What is at an address of somebody else: where, with which credential, whether it changed, and its bytes as a stream."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from udi.kit.errors import UdiError
from udi.kit.http import OutgoingClient


class FetchError(UdiError):
    """The file cannot be had; `passing` when another try may do, not before the other side's `wait` is over.

    `waits_for_person`: no other try can do, until somebody changes something. `offered_key` is the fingerprint of a
    server's key that nobody confirmed yet.
    """

    status = 502
    slug = "fetch"
    title = "The file could not be fetched"
    meaning = "The file is at another address, which does not give it."
    advice = "Check the address in a browser, then try again."

    def __init__(
        self,
        detail: str,
        *,
        remedy: str = "",
        passing: bool = False,
        wait: timedelta = timedelta(),
        waits_for_person: bool = False,
        offered_key: str = "",
    ) -> None:
        super().__init__(detail, remedy=remedy)
        self.passing = passing
        self.wait = wait
        self.waits_for_person = waits_for_person
        self.offered_key = offered_key


@dataclass(frozen=True)
class HttpValidators:
    """What the other side said of the version that it gave, to be said back: another answer only if it changed.

    `etag` holds the mark of the version where the other side is not a web server.
    """

    etag: str = ""
    last_modified: str = ""

    def conditions(self) -> dict[str, str]:
        """The headers of a conditional request."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}


@dataclass(frozen=True)
class RemoteLocation:
    """Where a file is: the kind of the source by its registered name, the address, and what opens it."""

    kind: str
    address: str
    credential: Mapping[str, str] = field(default_factory=dict, repr=False)
    host_key: str = ""
    """The fingerprint of the server's key that a person confirmed."""


@dataclass(frozen=True)
class RemoteRequest:
    """One look at a file: the version that is known is not asked for again; `agent` says who asks."""

    location: RemoteLocation
    outgoing: OutgoingClient
    marks: HttpValidators = field(default_factory=HttpValidators)
    agent: str = "udi-node"


@dataclass(frozen=True)
class RemoteFile:
    """A file that is there: its name and length as the other side says, the marks of its version, its bytes."""

    name: str
    length: int | None
    marks: HttpValidators
    pieces: AsyncIterator[bytes]


class RemoteOpener(Protocol):
    """Opens what is at a location now."""

    def __call__(
        self, request: RemoteRequest
    ) -> AbstractAsyncContextManager[RemoteFile | None]:
        """The file, to be read while the context is open; None when it is the version that is known.

        Raises:
            FetchError: it cannot be had, with what a person can do.
            RefusedAddressError: the address may not be reached from here.
            OutgoingError: the other side does not answer, or breaks off.
        """
