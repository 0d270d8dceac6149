"""The way through a source: which address comes next, and when it is enough. Pure: nothing is fetched here."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import urlsplit

from udi.portal.nodes.harvest import source_kinds, waf
from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.protocol.faults import shorten

MOST_PAGES = 2000
MOST_RECORDS = 200_000
MOST_BYTES = 1024**3
MOST_SECONDS = 6 * 3600
MOST_CANDIDATES = 20
FOLDER = "waf"
AMBIGUOUS_FORMATS = frozenset({"", FOLDER, "schema.org"})
"""Formats of pages that anything may be: one without any dataset is no catalogue."""


LONGEST_NAMED = 200
LATER_FIELDS = ("announced", "received", "changes_only", "sweeping", "others_broken")
"""Fields of the state that programs of before do not know."""
MOST_LACKING = 20
"""Things that a catalogue may announce and not give before its total is believed."""


@dataclass(frozen=True)
class CrawlState:
    """Where a reading is. It is kept with each slice of records, so that one that was killed goes on from there."""

    waiting: tuple[str, ...]
    visited: frozenset[str] = frozenset()
    """Short digests of the addresses that were asked: none is asked twice."""
    hosts: frozenset[str] = frozenset()
    start: str = ""
    """The address of the folder or first page, once the catalogue is found."""
    offset: int = 0
    sum: str = ""
    """How many things of the document in hand are stored, and the digest of that document."""
    broken: bool = False
    """Whether something could not be read: the reading is not complete, so nothing is missing."""
    folder: bool = False
    """Whether it is a folder of documents, which were not registered one by one."""
    etag: str = ""
    last_modified: str = ""
    pages: int = 0
    total: int = 0
    size: int = 0
    seconds: int = 0
    changes_only: bool = False
    sweeping: bool = False
    """Whether only what changed is asked for, and whether what is there is listed after it."""
    announced: int = 0
    received: int = 0
    """How many things the catalogue says that it has, and how many it gave, whatever they are."""
    others_broken: bool = False
    """Whether a list beside the datasets could not be read: nothing of those lists is missing."""

    @property
    def is_searching(self) -> bool:
        """Whether the catalogue itself was not found yet."""
        return not self.start

    @property
    def is_complete(self) -> bool:
        """Whether everything was read, to the end."""
        return not (self.is_searching or self.broken or self.waiting)

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        plain = {name: _plain(value) for name, value in asdict(self).items()}
        # A program of before, which knows none of these, may take the reading up.
        unset = {name for name in LATER_FIELDS if not plain[name]}
        return {name: value for name, value in plain.items() if name not in unset}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From the JSON that `write` made."""
        sets = {name: frozenset(value.get(name, ())) for name in ("visited", "hosts")}
        return cls(**{**value, **sets, "waiting": tuple(value["waiting"])})


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return value


@dataclass(frozen=True)
class CrawlCost:
    """What a document took: bytes, and seconds."""

    size: int = 0
    seconds: int = 0


NO_COST = CrawlCost()


def start_crawl(address: str) -> CrawlState:
    """At an address."""
    return CrawlState(waiting=(address,), hosts=frozenset({host_of(address)}))


def host_of(address: str) -> str:
    """Name and port; empty where it is no address of the web."""
    try:
        parts = urlsplit(address)
        usual = {"http": 80, "https": 443}[parts.scheme]
        port = parts.port or usual
    except (ValueError, KeyError):
        return ""
    if parts.hostname:
        return (
            f"{(parts.hostname or '').lower()}{'' if port in {80, 443} else f':{port}'}"
        )
    return ""


def is_catalogue_page(page: HarvestedPage) -> bool:
    """Whether a document is a catalogue, or leads to one."""
    empty = page.readable and page.format not in AMBIGUOUS_FORMATS
    things = page.dataset_count or page.services or page.reuses
    return bool(things or page.links or page.next or empty)


def mark_visited(
    place: CrawlState, address: str, cost: CrawlCost = NO_COST, *, broken: bool = False
) -> CrawlState:
    """Past an address, whatever it gave; `broken` where it should have given a part of the catalogue."""
    return replace(
        place,
        waiting=tuple(
            queued_address
            for queued_address in place.waiting
            if queued_address != address
        ),
        visited=place.visited | {_mark(address)},
        offset=0,
        sum="",
        pages=place.pages + 1,
        size=place.size + cost.size,
        seconds=place.seconds + cost.seconds,
        broken=place.broken or broken,
    )


def retry_elsewhere(
    place: CrawlState, address: str, other: str, cost: CrawlCost
) -> CrawlState:
    """Past an address that gave nothing, on to another that has the same."""
    place = mark_visited(place, address, cost)
    return replace(place, waiting=(other, *place.waiting))


def add_candidates(place: CrawlState, candidates: Iterable[str]) -> CrawlState:
    """On to where portals usually have their catalogue; a place is found once."""
    new = [candidate for candidate in candidates if _is_new(place, candidate)][
        :MOST_CANDIDATES
    ]
    if place.waiting or len(place.visited) > 1:
        return place
    return replace(place, waiting=tuple(dict.fromkeys(new)))


def enter_catalogue(
    place: CrawlState, address: str, page: HarvestedPage, *, where: str
) -> CrawlState:
    """The catalogue is there: the other addresses that it might have had are not asked."""
    hosts = place.hosts | {host_of(where)}
    return replace(
        place,
        start=where,
        hosts=hosts,
        waiting=(address,),
        folder=page.format == FOLDER,
    )


def advance(
    place: CrawlState,
    address: str,
    page: HarvestedPage,
    *,
    where: str,
    cost: CrawlCost = NO_COST,
    fresh: bool = True,
    dataset_count: int = -1,
    received: int = -1,
    is_beside: bool = False,
) -> tuple[CrawlState, list[HarvestFault]]:
    """Past a document of the catalogue, on to what it leads to; and what is wrong with that.

    `where` is the address that answered, after redirects; `fresh` is whether it held a record that no page before held;
    `dataset_count` and `received`, how many datasets and things of any kind it held, where `page` is what is left of one
    that was read in pieces; `is_beside`, whether the datasets are whole without it.
    """
    faults: list[HarvestFault] = []
    count = page.dataset_count if dataset_count < 0 else dataset_count
    announced = max(place.announced, page.total or 0)
    things = page.thing_count if received < 0 else received
    place = mark_visited(
        replace(
            place,
            visited=place.visited | {_mark(where)},
            total=place.total + count,
            announced=announced,
            received=place.received + things if announced else 0,
        ),
        address,
        cost,
    )
    coming = [
        link
        for link in dict.fromkeys(page.links)
        if _is_new(place, link) and _is_near(place, page, link)
    ]
    if page.next and host_of(page.next) not in place.hosts:
        faults.append(source_kinds.NEXT_ELSEWHERE.at("", value=page.next))
    elif page.next and count and not fresh:
        faults.append(source_kinds.NO_PROGRESS.at("", value=address))
    elif page.next and _is_new(place, page.next):
        coming.insert(0, page.next)
    faults += _links_elsewhere(place, page)
    queued_addresses = set(place.waiting)
    waiting = (
        *place.waiting,
        *(link for link in coming if link not in queued_addresses),
    )
    place = _note_faults(place, faults, is_beside=is_beside)
    if not (waiting or place.broken) and _is_far_from_announced(place):
        place = replace(place, broken=True)
        faults.append(
            source_kinds.FEWER_THAN_ANNOUNCED.at(
                "", announced=place.announced, count=place.received
            )
        )
    return replace(place, waiting=waiting), faults


def _note_faults(
    place: CrawlState, faults: list[HarvestFault], *, is_beside: bool
) -> CrawlState:
    """What is not complete where something is wrong with a document."""
    if not faults:
        return place
    if is_beside:
        return replace(place, others_broken=True)
    return replace(place, broken=True)


def _links_elsewhere(place: CrawlState, page: HarvestedPage) -> list[HarvestFault]:
    """What a catalogue lists and another site describes; a folder or a page of any kind links to whatever it likes."""
    elsewhere = [link for link in page.links if host_of(link) not in {"", *place.hosts}]
    if not elsewhere or page.format in AMBIGUOUS_FORMATS:
        return []
    value = shorten(elsewhere[0], LONGEST_NAMED)
    return [source_kinds.LINKS_ELSEWHERE.at("", count=len(elsewhere), value=value)]


def _is_far_from_announced(place: CrawlState) -> bool:
    """Totals are often wrong by some; one that is far from what came says that the catalogue did not give it all."""
    lacking = place.announced - place.received
    return lacking >= MOST_LACKING and place.announced >= 2 * place.received


def limit_reached(place: CrawlState) -> HarvestFault | None:
    """Why no more is read; None while there is room."""
    if place.pages >= MOST_PAGES:
        return source_kinds.MANY_PAGES.at("", limit=MOST_PAGES)
    if place.total >= MOST_RECORDS:
        return source_kinds.MANY_RECORDS.at("", limit=MOST_RECORDS)
    if place.size >= MOST_BYTES:
        return source_kinds.MANY_BYTES.at("", limit=MOST_BYTES // 1024**2)
    if place.seconds >= MOST_SECONDS:
        return source_kinds.MUCH_TIME.at("", limit=MOST_SECONDS // 3600)
    return None


def _is_new(place: CrawlState, address: str) -> bool:
    return host_of(address) in place.hosts and _mark(address) not in place.visited


def _is_near(place: CrawlState, page: HarvestedPage, address: str) -> bool:
    return page.format != FOLDER or waf.depth(place.start, address) <= waf.MOST_LEVELS


def _mark(address: str) -> str:
    return hashlib.sha256(address.partition("#")[0].encode()).hexdigest()[:12]
