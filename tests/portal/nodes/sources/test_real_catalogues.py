"""Every real catalogue goes through a source's reading; and a large one, killed three times, loses and doubles nothing."""

import csv
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.depth import examples
from tests.portal.nodes.elsewhere import Catalogue
from tests.portal.nodes.sources.conftest import Open, ckan
from udi.portal.nodes.sources import harvest_run
from udi.portal.nodes.sources.models import SourceRun

MANY = examples(420, 10_000)
SLICE = examples(30, 200)
SLICES = MANY // SLICE
DEADLY = {SLICES // 7, SLICES // 2, 6 * SLICES // 7}
"""The slices after which the worker dies."""
SPARSE = examples(24, 1)
"""One catalogue in so many is read."""


def counts(run: SourceRun) -> tuple[int, int, int, int, int]:
    assert run.total == run.created + run.updated + run.unchanged + run.refused
    return run.total, run.created, run.updated, run.unchanged, run.refused


async def test_every_real_catalogue_is_found_again_record_by_record(
    catalogue: Catalogue, open_source: Open, shared_data: Path
) -> None:
    with (shared_data / "reference/harvest-expected.tsv").open(
        encoding="utf-8"
    ) as file:
        expected = {
            line["file"]: int(line["records"])
            for line in csv.DictReader(file, delimiter="\t")
            if line["records"]
        }
    assert (len(expected), sum(expected.values())) == (203, 1473)
    sample = dict(list(expected.items())[::SPARSE])
    for name in sample:
        catalogue.put(f"/{name}", (shared_data / "data/catalogues" / name).read_bytes())

    record_counts = {}
    refusals = Counter[str]()
    unchanged = 0
    dataset_count = 0
    shared = 0
    for name in sample:
        reading = await open_source(f"{catalogue.origin}/{name}", rhythm="by_hand")
        first = await reading.read()
        refusals.update(
            {
                row.code
                for row in await reading.faults()
                if row.level == "refused" and row.identifier
            }
        )
        again = await reading.read()
        record_counts[name] = first.total
        assert counts(again)[1:3] == (0, 0), name
        assert counts(again)[0] == counts(first)[0], name
        unchanged += again.unchanged
        dataset_count += (await reading.source()).dataset_count
        shared += sum(row.code == "also_here" for row in await reading.faults())

    assert record_counts == sample
    assert unchanged == dataset_count + shared
    assert dataset_count > sum(sample.values()) * 2 // 3
    sys.stdout.write(
        f"\n{sum(record_counts.values())} found, {unchanged} unchanged, refused for {refusals}\n"
    )


class Killed(BaseException):
    """The worker died."""


async def test_many_records_killed_three_times_are_each_there_once(
    catalogue: Catalogue,
    open_source: Open,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    catalogue.live = ckan(
        [f"jeu-{place:05}" for place in range(MANY)], largest=SLICE * 5
    )
    reading = await open_source(
        f"{catalogue.origin}/api/3/action/package_search?rows={SLICE * 5}",
        slice=SLICE,
    )
    real = harvest_run.store_slice
    steps = 0

    async def fatal(*arguments: Any) -> Any:
        nonlocal steps
        steps += 1
        stored = await real(*arguments)
        if steps in DEADLY:
            raise Killed
        return stored

    monkeypatch.setattr(harvest_run, "store_slice", fatal)
    began = time.monotonic()
    deaths = 0
    while True:
        try:
            run = await reading.read()
            break
        except Killed:
            deaths += 1
    took = time.monotonic() - began

    assert deaths == 3
    assert (run.outcome, counts(run)) == ("complete", (MANY, MANY, 0, 0, 0))
    assert await reading.count_events("dataset.published") == MANY
    assert len(await reading.list_published()) == MANY
    with capsys.disabled():
        sys.stdout.write(
            f"\n{MANY} records in {took:.1f} s, {MANY / took:.0f} a second\n"
        )
