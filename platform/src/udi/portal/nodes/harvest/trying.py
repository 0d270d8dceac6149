"""Trying an address before anything is registered: the first records as they would appear here, and their faults."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from udi.kit.http import Outgoing, OutgoingError, RefusedAddressError
from udi.portal.nodes.harvest import source_kinds
from udi.portal.nodes.harvest.convert import Given, convert
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.harvest.faults import Fault
from udi.portal.nodes.harvest.record import Page, Record, Refused
from udi.protocol import structures as of
from udi.protocol.faults import InvalidRecord

LARGEST = 8 * 1024 * 1024
SHOWN = 10
MOST_REQUESTS = 12
PATIENCE = 15.0
"""Seconds for each step of a request; a whole trial lasts `LONGEST` at most."""
LONGEST = 45.0
LONGEST_ADDRESS = 500
ACCEPT = (
    "text/turtle, application/rdf+xml;q=0.9, application/geo+json;q=0.9, application/json;q=0.8, "
    "application/ld+json;q=0.7, application/xml;q=0.7, text/html;q=0.6, */*;q=0.5"
)
"""JSON-LD comes after JSON: a server of OGC API Records only names its records there."""


@dataclass(frozen=True)
class Shown:
    """A record as it would appear, with everything that was said about it."""

    record: of.Record
    publisher: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Trial:
    """What an address gave. `tried` are the addresses asked, with what each answered where it was no catalogue."""

    address: str
    format: str = ""
    shown: tuple[Shown, ...] = ()
    refused: tuple[Refused, ...] = ()
    found: int = 0
    total: int | None = None
    faults: tuple[Fault, ...] = ()
    tried: Mapping[str, Fault | None] = field(default_factory=dict)


def usual(address: str) -> str:
    """An address as a person writes it, as the web has it: https where nothing else is said; empty where it is none."""
    text = address.strip()[:LONGEST_ADDRESS]
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        named = parts.hostname and ("." in parts.hostname or ":" in parts.hostname or parts.hostname == "localhost")
    except ValueError:
        return ""
    usable = named and parts.scheme in {"http", "https"} and not parts.username and not re.search(r"\s", text)
    return parts._replace(path=parts.path or "/", fragment="").geturl() if usable else ""


async def try_address(
    outgoing: Outgoing, documents: DocumentReader, address: str, *, found_at: datetime, language: str
) -> Trial:
    """Ask the address, then where portals of each kind have their catalogue, until one answers; nothing is kept.

    At most `MOST_REQUESTS` requests to this one site, one after the other, of `LARGEST` bytes each.
    """
    visit = _Visit(outgoing, documents, language)
    try:
        async with asyncio.timeout(LONGEST):
            page, body = await visit.ask(address)
            where = address
            others = [] if _holds(page) else await documents.find_candidates(address, page, body, most=SHOWN)
            for other in others:
                if visit.spent:
                    break
                coming, _ = await visit.ask(other)
                if _holds(coming):
                    page, where = coming, other
                    break
            if not page.found and page.links:
                page = await visit.follow(page)
    except TimeoutError:
        visit.tried[address] = source_kinds.SOURCE_SLOW.at("", seconds=int(LONGEST))
        return Trial(address, faults=(source_kinds.SOURCE_SLOW.at("", seconds=int(LONGEST)),), tried=visit.tried)
    return _told(page, where, visit.tried, Given(
        source=uuid5(NAMESPACE_URL, where),
        producer=of.Organisation(id=uuid5(NAMESPACE_URL, urlsplit(where).netloc), name=urlsplit(where).hostname or ""),
        found_at=found_at,
        language=language,
    ))  # fmt: skip


def _holds(page: Page) -> bool:
    return bool(page.found or page.links or page.services)


class _Visit:
    """The requests of one trial."""

    def __init__(self, outgoing: Outgoing, documents: DocumentReader, language: str) -> None:
        self._outgoing = outgoing
        self._documents = documents
        self._language = language
        self.tried: dict[str, Fault | None] = {}

    @property
    def spent(self) -> bool:
        return len(self.tried) >= MOST_REQUESTS

    async def ask(self, address: str) -> tuple[Page, bytes]:
        """The page at an address and its bytes; what keeps it from being read is among its faults."""
        try:
            async with self._outgoing.fetch(address, headers={"Accept": ACCEPT}) as answer:
                if answer.status != 200:  # noqa: PLR2004 - the one status that brings a document (RFC 9110)
                    return self._failed(address, source_kinds.SOURCE_STATUS.at("", value=answer.status))
                body = bytearray()
                async for piece in answer.pieces:
                    body += piece
                    if len(body) > LARGEST:
                        return self._failed(address, source_kinds.TOO_LARGE_TO_TRY.at("", limit=LARGEST // 1024**2))
                where = answer.url
        except RefusedAddressError:
            return self._failed(address, source_kinds.SOURCE_REFUSED.at(""))
        except OutgoingError as error:
            return self._failed(address, source_kinds.SOURCE_SILENT.at("", value=str(error)))
        page = await self._documents.read(bytes(body), where, self._language)
        self.tried[address] = None if _holds(page) else next(iter(page.faults), source_kinds.SOURCE_EMPTY.at(""))
        return page, bytes(body)

    def _failed(self, address: str, fault: Fault) -> tuple[Page, bytes]:
        self.tried[address] = fault
        return Page(format="", faults=(fault,)), b""

    async def follow(self, listing: Page) -> Page:
        """The first documents of a folder, or of a list without descriptions, as one page."""
        pages = []
        for link in [each for each in listing.links if not each.endswith("/")][:SHOWN]:
            if self.spent:
                break
            pages.append((await self.ask(link))[0])
        return Page(
            format=" › ".join(dict.fromkeys([listing.format, *(page.format for page in pages if page.format)])),
            records=tuple(record for page in pages for record in page.records),
            refused=tuple(each for page in pages for each in page.refused),
            total=listing.total
            or sum(page.total or page.found for page in pages) + max(0, len(listing.links) - len(pages)),
            faults=tuple(dict.fromkeys(fault for page in (listing, *pages) for fault in page.faults)),
        )


def _told(page: Page, address: str, tried: Mapping[str, Fault | None], given: Given) -> Trial:
    shown, refused = [], [each for each in page.refused if each.counts]
    for record in page.records[:SHOWN]:
        try:
            made = convert(record, given)
        except InvalidRecord as error:
            refused.append(_broken(record, error))
            continue
        shown.append(Shown(made.record, _publisher(record, given), (*record.faults, *made.faults)))
    return Trial(address, page.format, tuple(shown), tuple(refused), page.found, page.total, page.faults, tried)


def _publisher(record: Record, given: Given) -> str:
    names = record.publisher.name if record.publisher else {}
    return names.get(given.language) or next(iter(names.values()), "") or given.producer.name


def _broken(record: Record, error: InvalidRecord) -> Refused:
    faults = tuple(source_kinds.RULE_BROKEN.at(each.field, value=each.say()[0]) for each in error.faults)
    title = next(iter(record.title.values()), "")
    return Refused(faults=faults, identifier=record.identifier, title=title)
