"""A CKAN that is read often is asked for what changed, then for what is there: what left is seen all the same."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.depth import by_depth
from tests.portal.nodes.elsewhere import Answer, Catalogue
from tests.portal.nodes.sources.conftest import Open, ckan, packages
from udi.kit.clock import now
from udi.portal.nodes.sources import run_completion
from udi.portal.nodes.sources.models import SourceRecord, SourceReport
from udi.portal.nodes.sources.outlines import read_outline


def names(number: int) -> list[str]:
    return [f"jeu-{place:05}" for place in range(number)]


class DatedCkan:
    """A CKAN that looks at `fq` and `fl`, as CKAN does; `changed` are packages that were touched today."""

    def __init__(self, present: list[str]) -> None:
        self.present = present
        self.changed: dict[str, str] = {}
        self.questions: list[dict[str, str]] = []

    def __call__(self, path: str, parameters: dict[str, str]) -> Answer | None:
        if path != "/api/3/action/package_search":
            return None
        self.questions.append(parameters)
        chosen = self.present
        if "fq" in parameters:
            chosen = [name for name in self.present if name in self.changed]
        start = int(parameters.get("start", 0))
        rows = min(int(parameters.get("rows", 10)), 100)
        answer = packages(chosen, start=start, rows=rows)
        results: list[dict[str, Any]] = answer["result"]["results"]
        for package in results:
            if title := self.changed.get(package["id"]):
                package["title"] = title
                package["metadata_modified"] = now().isoformat()[:19]
        if parameters.get("fl") == "id":
            answer["result"]["results"] = [{"id": package["id"]} for package in results]
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()


async def test_only_what_changed_is_read_and_what_left_is_missed(
    catalogue: Catalogue, open_source: Open
) -> None:
    site = DatedCkan(names(30))
    catalogue.live = site
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=10"
    )
    whole = await reading.read()
    site.present.remove("jeu-00007")
    site.changed = {"jeu-00003": "Un autre titre"}
    site.questions.clear()

    first = await reading.read()
    second = await reading.read()

    assert (whole.incremental, whole.total, whole.created) == (False, 30, 30)
    assert (first.incremental, first.outcome) == (True, "complete")
    assert (first.total, first.updated, first.unchanged) == (29, 1, 28)
    assert (first.missing, second.withdrawn) == (1, 1)
    published = await reading.list_published()
    assert len(published) == 29
    assert "Un autre titre" in published
    fields = [(question.get("fl"), "fq" in question) for question in site.questions]
    assert fields == [(None, True), ("id", False)] * 2
    async with reading.database.session(reading.territory.id) as session:
        reports = (await session.scalars(select(SourceReport))).all()
    assert [(report.run_id, report.records) for report in reports] == [(whole.id, 30)]


async def test_readings_of_what_changed_never_end_the_report_of_the_last_whole_one(
    catalogue: Catalogue, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_completion, "KEPT_RUNS", 2)
    catalogue.live = DatedCkan(names(3))
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    whole = await reading.read()
    later = [await reading.read() for _ in range(3)]

    runs = [run.id for run in await reading.runs()]
    async with reading.database.session(reading.territory.id) as session:
        reports = (await session.scalars(select(SourceReport.run_id))).all()
        outline = await read_outline(session, await reading.source())

    assert all(run.incremental for run in later)
    assert runs == [whole.id, *(run.id for run in later[1:])]
    assert list(reports) == [whole.id]
    assert outline is not None


async def test_a_site_that_does_not_look_at_the_question_is_read_whole(
    catalogue: Catalogue, open_source: Open
) -> None:
    dataset_names = names(30)
    catalogue.live = ckan(dataset_names)
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=10"
    )
    await reading.read()
    del dataset_names[4]

    run = await reading.read()

    assert (run.incremental, run.outcome) == (False, "complete")
    assert (run.total, run.unchanged, run.missing) == (29, 29, 1)


async def test_a_whole_reading_comes_now_and_then_and_when_asked(
    catalogue: Catalogue, open_source: Open
) -> None:
    site = DatedCkan(names(3))
    catalogue.live = site
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()

    soon = await reading.read()
    await reading.change(whole_read_at=now() - timedelta(days=8))
    later = await reading.read()
    await reading.change(rhythm="weekly")
    seldom = await reading.read()

    assert [run.incremental for run in (soon, later, seldom)] == [True, False, False]


async def test_a_list_of_identifiers_that_is_none_withdraws_nothing(
    catalogue: Catalogue, open_source: Open
) -> None:
    site = DatedCkan(names(4))
    catalogue.live = site
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()

    def without_identifiers(path: str, parameters: dict[str, str]) -> Answer | None:
        if parameters.get("fl") != "id":
            return site(path, parameters)
        answer = {"success": True, "result": {"count": 4, "results": [{}] * 4}}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    catalogue.live = without_identifiers
    run = await reading.read()

    assert (run.incremental, run.missing, run.total) == (False, 0, 4)
    assert len(await reading.list_published()) == 4


@pytest.mark.thorough
async def test_a_description_that_a_reading_had_passed_is_read_in_the_next(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = DatedCkan(names(30))
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows=10"
    )
    await reading.read(replace(reading.workspace, turn=0))
    async with reading.database.session(reading.territory.id) as session:
        passed = update(SourceRecord).where(SourceRecord.identifier == "jeu-00003")
        await session.execute(passed.values(digest=""))

    first = await reading.read()
    source = await reading.source()
    second = await reading.read()
    third = await reading.read()

    assert (first.outcome, first.total) == ("complete", 30)
    assert source.whole_read_at is None
    assert (second.incremental, second.updated, second.unchanged) == (False, 1, 29)
    assert third.incremental


async def test_a_reading_of_what_changed_that_passed_a_record_is_followed_by_a_whole_one(
    catalogue: Catalogue, open_source: Open
) -> None:
    catalogue.live = DatedCkan(names(3))
    reading = await open_source(f"{catalogue.origin}/api/3/action/package_search")
    await reading.read()
    async with reading.database.session(reading.territory.id) as session:
        passed = update(SourceRecord).where(SourceRecord.identifier == "jeu-00001")
        await session.execute(passed.values(digest=""))

    first = await reading.read()
    second = await reading.read()

    assert (first.incremental, first.updated) == (True, 0)
    assert (second.incremental, second.updated) == (False, 1)


@by_depth("way", ["all", "one record"], by_default=[0])
async def test_a_site_without_change_is_read_whole_where_that_was_asked_meanwhile(
    catalogue: Catalogue,
    open_source: Open,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    turtle = (
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        '<https://x.example/1> a dcat:Dataset ; dct:identifier "d1" ; dct:title "Bancs"@fr .'
    )
    catalogue.put("/c.ttl", turtle.encode(), ETag='"one"')
    reading = await open_source(f"{catalogue.origin}/c.ttl")
    await reading.read()
    original_get = reading.workspace.reader.get

    async def late(*arguments: Any, **named: Any) -> Any:
        """While the site answers, somebody asks for all of it, or for a record."""
        if way == "all":
            await reading.change(etag="", last_modified="", whole_read_at=None)
        else:
            async with reading.database.session(reading.territory.id) as session:
                await session.execute(update(SourceRecord).values(digest=""))
        return await original_get(*arguments, **named)

    monkeypatch.setattr(reading.workspace.reader, "get", late)
    run = await reading.read()

    source = await reading.source()
    assert run.outcome == "unchanged"
    assert (source.etag, source.whole_read_at) == ("", None)
