"""Real records and those of the demonstration catalogue against DCAT-AP's shapes; what is only recommended is counted."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Triple

from tests.depth import examples
from tests.portal.catalogue.corpus import TABLE, document
from tests.protocol.graphs import read_graph
from tests.protocol.shacl import violations
from udi.protocol.catalogue import (
    Catalogue,
    CatalogueEntry,
    write_catalogue,
    write_entry,
)
from udi.protocol.record import read_record
from udi.protocol.structures import BoundingBox, Record
from udi.protocol.upgrade import upgrade_record
from udi.protocol.validation import validate

SHAPES = "reference/dcat-ap-shapes"
MOMENT = datetime(2026, 3, 1, 8, tzinfo=UTC)
RECOMMENDED = Path(__file__).with_name("recommended.tsv")
TERRITORY = Catalogue(
    origin="https://donnees.armorine.example", title={"fr": "Armorine"}, description={}, publisher={"fr": "Armorine"},
    languages=("fr", "en"), box=BoundingBox(west=-4.68, south=48.22, east=-4.21, north=48.49),
)  # fmt: skip
HIGH_VALUE = ["hvd", "Statistiques"]
OF_RUDI = "samples of RUDI"
ONE_IN = {"demonstration": 1, OF_RUDI: examples(4, 1)}
"""Of how many records one is looked at; what is recommended is counted in all."""


def demonstration() -> list[dict[str, Any]]:
    return [document(number) for number in range(len(TABLE))]


def samples(shared: Path) -> list[dict[str, Any]]:
    """RUDI's own files, and the sixty records of Rennes, those that are accepted."""
    read = (
        json.loads(path.read_text())
        for path in sorted((shared / "reference/rudi-samples").glob("*.json"))
    )
    upgraded = [
        upgrade_record(record)
        for data in read
        for record in (data if isinstance(data, list) else [data])
    ]
    return [data for data in upgraded if not validate(data)]


def sets(shared: Path) -> dict[str, list[Record]]:
    documents_by_set = {
        "demonstration": demonstration(),
        OF_RUDI: samples(shared),
    }
    return {
        name: [read_record(data) for data in documents]
        for name, documents in documents_by_set.items()
    }


def whole(record: Record) -> set[Triple]:
    """A catalogue with one dataset."""
    entry = CatalogueEntry(record=record, listed=MOMENT, described=MOMENT)
    return read_graph([*write_catalogue(TERRITORY), *write_entry(TERRITORY, entry)])


@pytest.mark.parametrize("name", ["demonstration", OF_RUDI])
def test_no_shape_is_broken(shared_data: Path, name: str) -> None:
    shapes = shared_data / SHAPES / "dcat-ap-3.0.1/shapes.ttl"
    records = sets(shared_data)[name][:: ONE_IN[name]]

    assert len(records) >= 12
    assert {
        str(record.id): violations(whole(record), shapes) for record in records
    } == {str(record.id): [] for record in records}


def test_those_said_to_have_high_value_keep_its_base_shapes(shared_data: Path) -> None:
    shapes = shared_data / SHAPES / "dcat-ap-hvd-3.0.0/hvd-SHACL-base.ttl"
    documents = [
        data | {"keywords": [*data["keywords"], *HIGH_VALUE]}
        for data in demonstration() + samples(shared_data)[:: ONE_IN[OF_RUDI]]
    ]

    assert [violations(whole(read_record(data)), shapes) for data in documents] == [
        []
    ] * len(documents)


def test_what_is_recommended_lacks_no_more_than_before(shared_data: Path) -> None:
    """The figures kept may only go down: a lower one is written in the file. Restricted data have no licence, size or digest."""
    shapes = shared_data / SHAPES / "dcat-ap-3.0.1/shapes_recommended.ttl"
    expected = {
        name: (int(datasets), int(lacking))
        for name, datasets, lacking in (
            line.split("\t") for line in RECOMMENDED.read_text().splitlines()[1:]
        )
    }

    violations_by_set = {
        name: [violations(whole(record), shapes) for record in records]
        for name, records in sets(shared_data).items()
    }

    counted = {
        name: (len(record_faults), sum(map(len, record_faults)))
        for name, record_faults in violations_by_set.items()
    }
    most_often = sorted(
        {
            re.sub(r"<\S+?> ", "", fault)
            for record_faults in violations_by_set.values()
            for faults in record_faults
            for fault in faults
        }
    )
    assert counted == expected, most_often
