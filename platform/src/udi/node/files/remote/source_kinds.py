"""Kinds of sources from which files are fetched: ours, and those of packages beside ours (`udi.sources`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from urllib.parse import urlsplit

from udi.kit.entry_points import list_entry_points
from udi.node.files.remote.remote_files import RemoteOpener

GROUP = "udi.sources"
WEB = "http"
"""The kind of an address that no other kind recognises."""


@dataclass(frozen=True)
class SourceField:
    """What a form asks for a kind of source besides the address.

    What belongs to the credential is sealed, and never shown again; `in_address`: it is no secret, and becomes a part of
    the address instead. `instead_of` names the required field that this one replaces.
    """

    name: str
    label: str
    hint: str = ""
    secret: bool = False
    multiline: bool = False
    required: bool = False
    in_address: bool = False
    instead_of: str = ""


def find_server(address: str) -> str:
    """Scheme, host and port: a credential given for one server is not sent to another."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def _recognise_nothing(_address: str) -> bool:
    return False


@dataclass(frozen=True)
class SourceKind:
    """A kind of source, under the name of its entry point."""

    label: str
    """The short name shown to people."""
    opener: str
    """A `RemoteOpener`, as «module:function»: imported by the worker, when a file of this kind is fetched."""
    read_address: Callable[[str, Mapping[str, str]], str]
    """The address that is kept, of what a person wrote and of the fields that belong to it; `InvalidError` if it is none."""
    schemes: tuple[str, ...] = ()
    """Schemes of addresses that are of this kind alone."""
    recognises: Callable[[str], bool] = _recognise_nothing
    """Whether an address of the web is of this kind."""
    fields: tuple[SourceField, ...] = ()
    server_of: Callable[[str], str] = find_server

    def load_opener(self) -> RemoteOpener:
        """The function that opens a file."""
        module, _, function = self.opener.partition(":")
        opener: RemoteOpener = getattr(import_module(module), function)
        return opener

    @property
    def credential_fields(self) -> tuple[SourceField, ...]:
        """The fields that are kept sealed."""
        return tuple(entry for entry in self.fields if not entry.in_address)

    def list_missing(self, credential: Mapping[str, str]) -> list[SourceField]:
        """The required fields that a credential lacks."""
        return [
            entry
            for entry in self.credential_fields
            if entry.required
            and not credential.get(entry.name)
            and not any(
                credential.get(other.name)
                for other in self.fields
                if other.instead_of == entry.name
            )
        ]

    def update_credential(
        self, former: Mapping[str, str], given: Mapping[str, str]
    ) -> dict[str, str]:
        """What is kept with what is given in its place; one of two alternatives drops the other."""
        names = {entry.name for entry in self.credential_fields}
        fresh = {
            name: value for name, value in given.items() if name in names and value
        }
        dropped = set()
        for entry in self.credential_fields:
            if not entry.instead_of:
                continue
            if entry.name in fresh:
                dropped.add(entry.instead_of)
            elif entry.instead_of in fresh:
                dropped.add(entry.name)
        lasting = {
            name: value
            for name, value in former.items()
            if name in names and name not in dropped
        }
        return lasting | {
            name: value for name, value in fresh.items() if name not in dropped
        }


@cache
def list_source_kinds() -> dict[str, SourceKind]:
    """The kinds by name; ours first."""
    return {point.name: point.load() for point in list_entry_points(GROUP)}


def find_source_kind(name: str) -> SourceKind | None:
    """The kind of this name, if its package is here."""
    return list_source_kinds().get(name)


def recognise_kind(address: str) -> str:
    """The name of the kind that an address is of; packages beside ours are asked first."""
    scheme = urlsplit(address).scheme.lower()
    for name, kind in reversed(list_source_kinds().items()):
        if scheme in kind.schemes:
            return name
    if scheme in {"http", "https"}:
        for name, kind in reversed(list_source_kinds().items()):
            if kind.recognises(address):
                return name
    return WEB
