"""What a record is known by where its source gives it no identifier: the address of its file, then its title and publisher."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from udi.portal.nodes.harvest.record import (
    Agent,
    DistributionKind,
    HarvestedDistribution,
    HarvestedRecord,
    IdentityBasis,
)
from udi.protocol.texts import Texts

PORTS = {"http": ":80", "https": ":443", "ftp": ":21"}
MOST_FILES = 20
"""Addresses under which one record is looked for."""


class IdentifiedThing(Protocol):
    """What identity is made of: a record, or the draft of one."""

    @property
    def title(self) -> Texts: ...
    @property
    def publisher(self) -> Agent | None: ...
    @property
    def distributions(self) -> Sequence[HarvestedDistribution]: ...


def derive_identifier(thing: IdentifiedThing) -> tuple[str, IdentityBasis]:
    """An identifier for what has none, and what it is made of; empty where there is nothing to make it of.

    It depends on this record alone, so that no order of records changes it. The title stands in both, for several
    datasets of a catalogue may share one file or one service.
    """
    title = _main_title(thing)
    addresses = file_addresses(thing)
    if not title:
        return "", IdentityBasis.IDENTIFIER
    if addresses:
        return f"file:{addresses[0]} {title}", IdentityBasis.FILE
    return f"title:{title} — {_publisher(thing)}", IdentityBasis.TITLE


def looser_names(record: HarvestedRecord) -> Iterator[tuple[IdentityBasis, str]]:
    """The names by which a record may be found again once its identifier, its files or its title changed."""
    for address in file_addresses(record)[:MOST_FILES]:
        yield IdentityBasis.FILE, f"file:{address}"
    publisher = _publisher(record)
    for title in sorted({fold_text(title) for title in record.title.values()}):
        yield IdentityBasis.TITLE, f"title:{title} — {publisher}"


def file_addresses(thing: IdentifiedThing) -> list[str]:
    """Where the files of a record are, or its services and pages where it has no file; folded, each once, in order."""
    files = [
        distribution
        for distribution in thing.distributions
        if distribution.kind is DistributionKind.FILE
    ]
    chosen = files or thing.distributions
    folded = {fold_address(distribution.url) for distribution in chosen}
    return sorted(folded - {""})


def fold_address(address: str) -> str:
    """An address as it is compared: neither scheme, usual port, fragment nor final slash make a difference."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return address.strip()
    host = parts.netloc.rpartition("@")[2].lower()
    host = host.removesuffix(PORTS.get(parts.scheme.lower(), "\0"))
    return urlunsplit(("", "", f"{host}{parts.path.rstrip('/')}", parts.query, ""))


def fold_text(text: str) -> str:
    """A text as it is compared: neither case, spaces nor composed letters make a difference."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _main_title(thing: IdentifiedThing) -> str:
    """The title in the first of its languages, by their codes."""
    if not thing.title:
        return ""
    return fold_text(thing.title[min(thing.title)])


def _publisher(thing: IdentifiedThing) -> str:
    if thing.publisher is None or not thing.publisher.name:
        return ""
    names = thing.publisher.name
    return fold_text(names[min(names)])
