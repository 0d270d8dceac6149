"""Catalogues that programs of others serve: an address as a person would paste it is enough to find their records."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.harvests.records import feature
from tests.contract.servers.running import running
from udi.kit.clock import now
from udi.kit.http import OutgoingClient
from udi.portal.nodes.harvest.document_reader import DocumentReader
from udi.portal.nodes.harvest.trial import TrialResult, try_address

pytestmark = pytest.mark.programs

ISO = ("open-canada_*.xml", "pycsw_*.xml", "uk-gemini_*.xml")
"""Real records, some of which pycsw itself does not take."""
FEATURES = 37


@pytest.fixture(scope="module")
def csw(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("csw")
    records = folder / "records"
    records.mkdir()
    for pattern in ISO:
        for path in (shared_data / "data/catalogues").glob(pattern):
            shutil.copy(path, records)
    with running("pycsw", records, folder) as address:
        yield address


@pytest.fixture(scope="module")
def ogc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("ogc")
    records = folder / "records.json"
    records.write_text(json.dumps([feature(number) for number in range(FEATURES)]))
    with running("pygeoapi", records, folder) as address:
        yield address


async def trial_of(address: str) -> TrialResult:
    async with DocumentReader({}) as documents:
        return await try_address(
            OutgoingClient(("127.0.0.1:*",)),
            documents,
            address,
            found_at=now(),
            language="fr",
        )


@pytest.mark.parametrize(
    "path", ["/csw", "/csw?service=CSW&version=2.0.2&request=GetCapabilities"]
)
async def test_pycsw_shows_its_records(csw: str, path: str) -> None:
    trial = await trial_of(csw + path)

    assert trial.format == "csw"
    assert len(trial.previews) + len(trial.refused) == trial.dataset_count == 10
    assert trial.total is not None
    assert trial.total > 40
    assert {preview.record.title for preview in trial.previews} != {""}


@pytest.mark.parametrize(
    "path",
    ["/", "/collections", "/collections/catalogue", "/collections/catalogue/items"],
)
async def test_pygeoapi_shows_its_records(ogc: str, path: str) -> None:
    trial = await trial_of(ogc + path)

    assert (trial.format, trial.dataset_count, trial.total, trial.refused) == (
        "ogc-records",
        10,
        FEATURES,
        (),
    )
    first = trial.previews[0]
    assert (first.record.title, first.publisher, first.faults) == (
        "Relevé des eaux 0",
        "Agence de l'eau",
        (),
    )
    assert [media.url for media in first.record.media] == [
        "https://agence.example/0.csv"
    ]
