"""A whole harvest: read to its end, read again, then followed while whoever holds the catalogue changes it; its figures."""

import html
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest
from litestar import Litestar

from tests.portal.nodes.sources.conftest import Reading
from tests.visitors import browse
from udi.kit.oidc import Login
from udi.portal.nodes.sources.models import SourceRun

Act = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Holder:
    """What is done to a catalogue where it is: a dataset gets another title, another goes, and comes back."""

    change: Act
    remove: Act
    restore: Act
    changed: tuple[str, str]
    """A title, before and after `change`."""
    removed: str
    """The title of the dataset that `remove` takes away, and `restore` brings back as it was."""


@dataclass(frozen=True)
class Expected:
    """What a catalogue holds, on so many pages at least; `refused` of what is found is none of ours to show.

    `again` is how the second reading ends: `unchanged` where the catalogue answers that nothing is new (304).
    """

    format: str
    dataset_count: int
    pages: int
    refused: int = 0
    again: str = "complete"


@dataclass(frozen=True)
class Workspace:
    """The portal that reads, and somebody of the territory's team who looks at the reports."""

    app: Litestar
    team: Login
    capsys: pytest.CaptureFixture[str]

    async def get(self, reading: Reading, path: str) -> httpx.Response:
        async with browse(self.app, reading.territory, self.team) as client:
            return await client.get(path, follow_redirects=True)

    def say(self, what: str, run: SourceRun, seconds: float) -> None:
        with self.capsys.disabled():
            speed = f"{run.total / seconds:.0f} a second"
            print(  # noqa: T201 - a figure
                f"\n{what}: {run.total} records, {run.pages} documents, {seconds:.1f} s, {speed}"
            )


def counts(run: SourceRun) -> dict[str, int]:
    """What a reading came to, without what is nothing; every record that was found is counted once."""
    assert run.total == run.created + run.updated + run.unchanged + run.refused
    names = (
        "total",
        "created",
        "updated",
        "unchanged",
        "refused",
        "withdrawn",
        "missing",
    )
    return {name: value for name in names if (value := getattr(run, name))}


async def check_two_readings(
    workspace: Workspace, reading: Reading, what: str, expected: Expected
) -> SourceRun:
    """To its end, and again: the second reading changes nothing."""
    began = time.monotonic()
    first = await reading.read()
    took = time.monotonic() - began
    published = await reading.list_shown()
    again = await reading.read()

    faults = await reading.faults(first)
    codes = [
        (row.code, row.title, row.filled) for row in faults if row.level == "refused"
    ]
    assert first.outcome == "complete", [
        (row.code, row.field, row.filled) for row in faults
    ]
    source_format = (await reading.source()).format
    assert source_format == expected.format, source_format
    assert (first.total, first.refused) == (expected.dataset_count, expected.refused), (
        first.total,
        codes,
    )
    assert first.pages >= expected.pages, first.pages
    current_records = [
        row for row in (await reading.records()).values() if not row.withdrawn
    ]
    assert (
        first.created
        == len(current_records)
        == expected.dataset_count - expected.refused
    )
    assert await reading.list_shown() == published
    assert (again.created, again.updated, again.withdrawn, again.missing) == (
        0,
        0,
        0,
        0,
    )
    assert again.outcome == expected.again
    workspace.say(what, first, took)
    return first


async def check_following(
    workspace: Workspace, reading: Reading, holder: Holder, *, is_followed: bool = True
) -> None:
    """What changes is changed, what goes is withdrawn the second time, and what comes back has its address again.

    Where a run does not follow the catalogue, its report is looked at alone.
    """
    if not is_followed:
        await check_report(workspace, reading)
        return
    id_by_title = await reading.list_published()
    changed = id_by_title[holder.changed[0]]
    gone = id_by_title[holder.removed]

    await holder.change()
    assert counts(await reading.read()).get("updated") == 1
    assert (await reading.list_published())[holder.changed[1]] == changed

    await holder.remove()
    missing = await reading.read()
    withdrawn = await reading.read()
    assert (
        missing.missing,
        missing.withdrawn,
        withdrawn.missing,
        withdrawn.withdrawn,
    ) == (1, 0, 0, 1)
    assert holder.removed not in await reading.list_published()
    tombstone = await workspace.get(reading, f"/data/{gone}")
    assert (
        tombstone.status_code,
        html.escape(holder.removed, quote=False) in tombstone.text,
    ) == (410, True), tombstone.text

    await holder.restore()
    assert counts(await reading.read()).get("created") == 1
    assert (await reading.list_published())[holder.removed] == gone
    assert (await workspace.get(reading, f"/data/{gone}")).status_code == 200
    await check_report(workspace, reading)


async def check_report(workspace: Workspace, reading: Reading) -> None:
    """Every reading is in the report, with its counts, on the page and as JSON."""
    report = (
        await workspace.get(reading, f"/sources/{reading.source_id}/report.json")
    ).json()
    runs = await reading.runs()

    assert {entry["id"] for entry in report["readings"]} == {
        str(run.id) for run in runs
    }
    assert {entry["outcome"] for entry in report["readings"]} <= {
        "complete",
        "unchanged",
    }
    assert report["datasets"] == len(await reading.list_published())
    assert (
        await workspace.get(reading, f"/sources/{reading.source_id}")
    ).status_code == 200
