"""SEMIC's pairs: the same record as ISO 19139 and as the GeoDCAT-AP that Europe's own translation makes of it."""

from pathlib import Path

import pytest

from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.record import HarvestedRecord

PAIRS = (
    "basic_dataset",
    "hvd_dataset_multilingual",
    "identifiers-anchor",
    "multilingual-resource-description",
)
WITHOUT_PUBLISHER = {"multilingual-resource-description"}
"""Its only party is a point of contact: the publisher for want of another in ISO, and none in DCAT."""
SERVICES = ("multilingual-metadata", "network-service")


def read(folder: Path, name: str) -> HarvestedRecord:
    page = format_detection.read(
        (folder / f"semic_{name}").read_bytes(), base_url="https://source.example/c"
    )
    (record,) = (*page.records, *page.services)
    return record


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "data/catalogues"


@pytest.mark.parametrize("name", PAIRS)
def test_both_say_the_same(folder: Path, name: str) -> None:
    iso = read(folder, f"{name}_input.xml")
    for form in ("rdf", "ttl"):
        dcat = read(folder, f"{name}_expected_output.{form}")

        assert iso.kind == dcat.kind
        assert iso.title == dcat.title
        assert iso.description == dcat.description
        assert iso.spatial.box == dcat.spatial.box
        assert iso.languages == dcat.languages
        assert iso.provenance == dcat.provenance
        assert iso.hvd_categories == dcat.hvd_categories
        assert set(iso.themes) == set(dcat.themes)
        assert (iso.access, iso.access_reason) == (dcat.access, dcat.access_reason)
        assert iso.spatial.systems == dcat.spatial.systems
        assert iso.frequency == dcat.frequency
        assert iso.publisher is not None
        expected = None if name in WITHOUT_PUBLISHER else iso.publisher.name
        assert (dcat.publisher and dcat.publisher.name) == expected
        assert {contact.email for contact in iso.contacts} == {
            contact.email for contact in dcat.contacts
        }


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_one_in_both(folder: Path, name: str) -> None:
    for end in ("input.xml", "expected_output.rdf", "expected_output.ttl"):
        page = format_detection.read(
            (folder / f"semic_{name}_{end}").read_bytes(),
            base_url="https://source.example/c",
        )

        assert page.dataset_count == 0
        assert len(page.services) + len(page.refused) == 1
