"""Sources made to harm, or merely broken: left within bounds, with a report that a person reads, and nothing withdrawn."""

import asyncio
import json
from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, Reading, ckan, packages
from udi.kit.http import OutgoingClient
from udi.kit.service_registry import Services
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.registration import provide_services
from udi.portal.nodes.sources import OUTGOING, crawl, source_client
from udi.portal.nodes.sources.models import SourceRun
from udi.portal.nodes.sources.run_log import MOST_LOGGED_FAULTS, read_fault
from udi.portal.nodes.sources.source_client import SourceClient
from udi.ui.site import Site

SEARCH = "/api/3/action/package_search"
PATIENCE = 120
"""Seconds after which a reading without end is a failure of the test."""
BOMB = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (after, b"&%c;" % before * 10)
    for before, after in zip(b"abcdefgh", b"bcdefghi", strict=True)
) + b"]><r>&i;</r>"  # fmt: skip
HOSTILE = {
    "xml bomb": (BOMB, "document_unsafe"),
    "external entity": (
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "document_unsafe",
    ),
    "deep json": (b"[" * 100_000, "document_unsafe"),
    "nested json": (b'{"a":' * 50_000, "document_unsafe"),
    "binary": (b"\x00\xff" * 5000, "document_unreadable"),
    "nothing": (b"", "document_unknown"),
    "a photograph": (b"\xff\xd8\xff\xe0" + b"JFIF" * 500, "document_unknown"),
}


async def refused(
    reading_: Reading, *, hurried: bool = True
) -> tuple[SourceRun, list[str]]:
    async with asyncio.timeout(PATIENCE):
        run = await reading_.read()
    faults = [row for row in await reading_.faults() if row.level == "refused"]
    for row in faults:
        message, remedy = read_fault(row).translate()
        assert message
        assert remedy
        assert "passwd" not in message
    return run, [row.code for row in faults]


@by_depth("name", HOSTILE, by_default=[1, 2])
async def test_a_hostile_document_fails_the_reading_and_withdraws_nothing(
    catalogue: Catalogue, open_source: Open, name: str
) -> None:
    body, code = HOSTILE[name]
    catalogue.live = ckan(["a", "b"])
    reading_ = await open_source(f"{catalogue.origin}{SEARCH}")
    await reading_.read()
    catalogue.live = lambda path, _: (200, {}, body) if path == SEARCH else None

    for _ in range(3):
        run, codes = await refused(reading_)
        assert (run.outcome, run.total, run.withdrawn, run.missing) == (
            "failed",
            0,
            0,
            0,
        )

    assert codes[0] == code
    assert len(await reading_.list_published()) == 2
    assert len(catalogue.requests) < 100


async def test_a_document_without_an_end_is_left(
    catalogue: Catalogue, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_client, "LARGEST", 3 * 1024**2)
    catalogue.put("/c.json", b"[")
    catalogue.endless = True
    run, codes = await refused(await open_source(f"{catalogue.origin}/c.json"))

    assert (run.outcome, codes) == ("failed", ["document_too_large"])


@pytest.mark.thorough
async def test_slow_bytes_are_left(
    catalogue: Catalogue, open_source: Open, reader: SourceClient
) -> None:
    catalogue.put("/c.json", b"[" * 100_000)
    catalogue.pause = 0.3
    reading_ = await open_source(f"{catalogue.origin}/c.json")
    hurried = SourceClient(reader._outgoing, pace=0, patience=1)
    run, codes = await refused(
        replace(reading_, workspace=replace(reading_.workspace, reader=hurried))
    )

    assert (run.outcome, codes) == ("failed", ["source_slow"])


@by_depth(
    "where",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:22/",
        "file:///etc/passwd",
    ],
    by_default=[0],
)
async def test_a_redirect_to_what_is_not_public_is_not_followed(
    catalogue: Catalogue, open_source: Open, where: str
) -> None:
    catalogue.put("/c.ttl", b"", status=302, Location=where)
    run, codes = await refused(await open_source(f"{catalogue.origin}/c.ttl"))

    assert (run.outcome, codes[0]) == ("failed", "source_refused")


async def test_a_source_on_this_very_machine_is_never_asked(
    catalogue: Catalogue, open_source: Open
) -> None:
    reading_ = await open_source(f"{catalogue.origin}/c.ttl")
    outgoing = OutgoingClient()
    run, codes = await refused(
        replace(
            reading_,
            workspace=replace(
                reading_.workspace, reader=SourceClient(outgoing, pace=0)
            ),
        )
    )
    await outgoing.close()

    assert (run.outcome, codes, catalogue.requests) == (
        "failed",
        ["source_refused"],
        [],
    )


@by_depth(
    ("host", "outcome"),
    [("catalogue.localhost:*", "complete"), ("another.localhost:*", "failed")],
    by_default=[1],
)
async def test_a_source_inside_is_read_where_the_operator_names_its_host(
    catalogue: Catalogue,
    open_source: Open,
    portal_site: Site,
    host: str,
    outcome: str,
) -> None:
    catalogue.live = ckan(["a"])
    reading_ = await open_source(f"{catalogue.origin}{SEARCH}")
    site = copy(portal_site)
    site.settings = portal_site.settings.model_copy(update={"source_hosts": [host]})
    site.services = Services()
    provide_services(site)
    reader = SourceClient(site.services[OUTGOING], pace=0)
    run = await reading_.read(replace(reading_.workspace, reader=reader))
    await site.services.close()

    assert run.outcome == outcome
    assert bool(catalogue.requests) == (outcome == "complete")


async def test_pages_without_an_end_are_left_and_what_was_read_is_kept(
    catalogue: Catalogue, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawl, "MOST_PAGES", 12)

    def endless(path: str, parameters: dict[str, str]) -> Any:
        page = packages([f"jeu-{int(parameters.get('start', 0))}"], start=0, rows=1)
        page["result"]["count"] = 10**9
        if path == SEARCH:
            return (200, {}, json.dumps(page).encode())
        return None

    catalogue.live = endless
    run, codes = await refused(await open_source(f"{catalogue.origin}{SEARCH}?rows=1"))

    assert (run.outcome, run.total, run.pages, codes) == (
        "partial",
        12,
        12,
        ["source_too_large"],
    )


async def test_the_same_page_under_every_address_ends_at_the_second(
    catalogue: Catalogue, open_source: Open
) -> None:
    page = packages(["a", "b"], start=0, rows=2)
    page["result"]["count"] = 1000
    catalogue.live = lambda path, _: (
        (200, {}, json.dumps(page).encode()) if path == SEARCH else None
    )
    run, codes = await refused(await open_source(f"{catalogue.origin}{SEARCH}?rows=2"))

    assert (run.outcome, run.total, run.pages, codes) == (
        "partial",
        2,
        2,
        ["no_progress"],
    )


@pytest.mark.thorough
async def test_a_catalogue_whose_every_record_is_faulty_has_a_bounded_report(
    catalogue: Catalogue, open_source: Open
) -> None:
    untitled = [
        {"id": f"x{place}", "name": f"x{place}", "title": "", "resources": []}
        for place in range(1500)
    ]
    catalogue.put(
        SEARCH, {"success": True, "result": {"count": 1500, "results": untitled}}
    )
    reading_ = await open_source(f"{catalogue.origin}{SEARCH}?rows=1500")

    run = await reading_.read()

    assert (run.total, run.refused, run.created) == (1500, 1500, 0)
    assert run.faults >= 1500
    assert len(await reading_.faults()) == MOST_LOGGED_FAULTS


async def test_robots_that_name_us_are_obeyed_and_a_site_that_cannot_say_is_left(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = ckan(["a"])
    catalogue.put("/robots.txt", b"User-agent: *\nDisallow: /api/")
    reading_ = await open_source(f"{catalogue.origin}{SEARCH}")
    assert (await reading_.read()).outcome == "complete"

    catalogue.put("/robots.txt", b"User-agent: UDI\nDisallow: /api/")
    request_count = len(catalogue.requests)
    run, codes = await refused(reading_)
    assert (run.outcome, codes[0]) == ("failed", "source_closed")
    assert not any(
        path.startswith("/api/") for path in catalogue.requests[request_count:]
    )

    catalogue.put("/robots.txt", b"", status=503)
    run, codes = await refused(reading_)
    assert (run.outcome, codes[0], len(await reading_.list_published())) == (
        "failed",
        "source_status",
        1,
    )


@pytest.mark.thorough
async def test_a_busy_site_is_asked_again(
    catalogue: Catalogue, open_source: Open
) -> None:
    answers = [503, 429, 200]
    whole = ckan(["a"])

    def busy(path: str, parameters: dict[str, str]) -> Any:
        status = answers.pop(0) if path == SEARCH and answers else 200
        if status == 200:
            return whole(path, parameters)
        return (status, {"Retry-After": "0"}, b"")

    catalogue.live = busy
    run = await (await open_source(f"{catalogue.origin}{SEARCH}")).read()

    assert (run.outcome, run.total) == ("complete", 1)


async def test_a_fault_of_ours_ends_the_reading_and_says_so(
    catalogue: Catalogue, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise ZeroDivisionError

    catalogue.live = ckan(["a"])
    reading_ = await open_source(f"{catalogue.origin}{SEARCH}")
    monkeypatch.setattr(DocumentReader, "open", broken)

    run, codes = await refused(reading_)
    source = await reading_.source()

    assert (run.outcome, codes, source.lease, source.failures) == (
        "failed",
        ["our_fault"],
        None,
        1,
    )
