"""Trying an address before anything is registered: the first records as they would appear here, and their faults."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.portal.nodes.harvest import source_kinds
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.harvest.facets import RecordFacets, read_facets
from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.record import (
    HarvestedPage,
    HarvestedRecord,
    RefusedRecord,
)
from udi.protocol import structures as of
from udi.protocol.faults import InvalidRecord

LARGEST = 8 * 1024 * 1024
MOST_PREVIEWS = 10
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
class RecordPreview:
    """A record as it would appear, with everything that was said about it."""

    record: of.Record
    publisher: str
    faults: tuple[HarvestFault, ...]


@dataclass(frozen=True)
class TrialResult:
    """What an address gave. `tried` are the addresses asked, with what each answered where it was no catalogue."""

    address: str
    format: str = ""
    previews: tuple[RecordPreview, ...] = ()
    refused: tuple[RefusedRecord, ...] = ()
    dataset_count: int = 0
    total: int | None = None
    faults: tuple[HarvestFault, ...] = ()
    tried: Mapping[str, HarvestFault | None] = field(default_factory=dict)
    outlines: tuple[RecordFacets, ...] = ()
    """All records of the page, as the filters of a source see them."""


def normalise_address(address: str) -> str:
    """An address as a person writes it, as the web has it: https where nothing else is said; empty where it is none."""
    text = address.strip()[:LONGEST_ADDRESS]
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        named = parts.hostname and (
            "." in parts.hostname
            or ":" in parts.hostname
            or parts.hostname == "localhost"
        )
    except ValueError:
        return ""
    usable = (
        named
        and parts.scheme in {"http", "https"}
        and not parts.username
        and not re.search(r"\s", text)
    )
    if usable:
        return parts._replace(path=parts.path or "/", fragment="").geturl()
    return ""


async def try_address(
    outgoing: OutgoingClient,
    documents: DocumentReader,
    address: str,
    *,
    found_at: datetime,
    language: str,
) -> TrialResult:
    """Ask the address, then where portals of each kind have their catalogue, until one answers; nothing is kept.

    At most `MOST_REQUESTS` requests to this one site, one after the other, of `LARGEST` bytes each.
    """
    visit = _TrialCrawler(outgoing, documents, language)
    try:
        async with asyncio.timeout(LONGEST):
            page, body = await visit.fetch_page(address)
            where = address
            if _holds(page):
                others = []
            else:
                others = await documents.find_candidates(
                    address, page, body, most=MOST_PREVIEWS
                )
            for other in others:
                if visit.limit_reached:
                    break
                coming, _ = await visit.fetch_page(other)
                if _holds(coming):
                    page = coming
                    where = other
                    break
            if not page.dataset_count and page.links:
                page = await visit.fetch_linked_pages(page)
    except TimeoutError:
        visit.tried[address] = source_kinds.SOURCE_SLOW.at("", seconds=int(LONGEST))
        return TrialResult(
            address,
            faults=(source_kinds.SOURCE_SLOW.at("", seconds=int(LONGEST)),),
            tried=visit.tried,
        )
    return _build_trial(
        page,
        where,
        visit.tried,
        ConversionContext(
            source=uuid5(NAMESPACE_URL, where),
            producer=of.Organisation(
                id=uuid5(NAMESPACE_URL, urlsplit(where).netloc),
                name=urlsplit(where).hostname or "",
            ),
            found_at=found_at,
            language=language,
        ),
    )


def _holds(page: HarvestedPage) -> bool:
    things = page.dataset_count or page.services or page.reuses
    return bool(things or page.links)


class _TrialCrawler:
    """The requests of one trial."""

    def __init__(
        self, outgoing: OutgoingClient, documents: DocumentReader, language: str
    ) -> None:
        self._outgoing = outgoing
        self._documents = documents
        self._language = language
        self.tried: dict[str, HarvestFault | None] = {}

    @property
    def limit_reached(self) -> bool:
        return len(self.tried) >= MOST_REQUESTS

    async def fetch_page(self, address: str) -> tuple[HarvestedPage, bytes]:
        """The page at an address and its bytes; what keeps it from being read is among its faults."""
        try:
            async with self._outgoing.fetch(
                address, headers={"Accept": ACCEPT}
            ) as answer:
                if answer.status != 200:  # noqa: PLR2004 - the one status that brings a document (RFC 9110)
                    return self._failed(
                        address, source_kinds.SOURCE_STATUS.at("", value=answer.status)
                    )
                body = bytearray()
                async for piece in answer.pieces:
                    body += piece
                    if len(body) > LARGEST:
                        return self._failed(
                            address,
                            source_kinds.TOO_LARGE_TO_TRY.at(
                                "", limit=LARGEST // 1024**2
                            ),
                        )
                where = answer.url
        except RefusedAddressError:
            return self._failed(address, source_kinds.SOURCE_REFUSED.at(""))
        except OutgoingError as error:
            return self._failed(
                address, source_kinds.SOURCE_SILENT.at("", value=str(error))
            )
        page = await self._documents.read(bytes(body), where, self._language)
        self.tried[address] = (
            None
            if _holds(page)
            else next(iter(page.faults), source_kinds.SOURCE_EMPTY.at(""))
        )
        return page, bytes(body)

    def _failed(self, address: str, fault: HarvestFault) -> tuple[HarvestedPage, bytes]:
        self.tried[address] = fault
        return HarvestedPage(format="", faults=(fault,)), b""

    async def fetch_linked_pages(self, listing: HarvestedPage) -> HarvestedPage:
        """The first documents of a folder, or of a list without descriptions, as one page."""
        pages = []
        hosts = {urlsplit(address).netloc for address in self.tried}
        documents = [
            link
            for link in listing.links
            if not link.endswith("/") and urlsplit(link).netloc in hosts
        ]
        for link in documents[:MOST_PREVIEWS]:
            if self.limit_reached:
                break
            pages.append((await self.fetch_page(link))[0])
        return HarvestedPage(
            format=" › ".join(
                dict.fromkeys(
                    [listing.format, *(page.format for page in pages if page.format)]
                )
            ),
            records=tuple(record for page in pages for record in page.records),
            refused=tuple(refusal for page in pages for refusal in page.refused),
            total=listing.total
            or sum(page.total or page.dataset_count for page in pages)
            + max(0, len(listing.links) - len(pages)),
            faults=tuple(
                dict.fromkeys(
                    fault for page in (listing, *pages) for fault in page.faults
                )
            ),
        )


def _build_trial(
    page: HarvestedPage,
    address: str,
    tried: Mapping[str, HarvestFault | None],
    context: ConversionContext,
) -> TrialResult:
    previews = []
    refused = [refusal for refusal in page.refused if refusal.is_dataset]
    for record in page.records[:MOST_PREVIEWS]:
        try:
            conversion = convert(record, context)
        except InvalidRecord as error:
            refused.append(_refuse_record(record, error))
            continue
        previews.append(
            RecordPreview(
                conversion.record,
                _publisher(record, context),
                (*record.faults, *conversion.faults),
            )
        )
    return TrialResult(
        address,
        page.format,
        tuple(previews),
        tuple(refused),
        page.dataset_count,
        page.total,
        page.faults,
        tried,
        tuple(map(read_facets, page.records)),
    )


def _publisher(record: HarvestedRecord, context: ConversionContext) -> str:
    names = record.publisher.name if record.publisher else {}
    return (
        names.get(context.language)
        or next(iter(names.values()), "")
        or context.producer.name
    )


def _refuse_record(record: HarvestedRecord, error: InvalidRecord) -> RefusedRecord:
    faults = tuple(
        source_kinds.RULE_BROKEN.at(fault.field, value=fault.translate()[0])
        for fault in error.faults
    )
    title = next(iter(record.title.values()), "")
    return RefusedRecord(faults=faults, identifier=record.identifier, title=title)
