"""The page of a table in a real browser: nothing out of the screen, nothing that axe-core refuses, nothing from elsewhere."""

from pathlib import Path

import httpx
import pytest

from tests.node.hidden_members import PLACES, workbook
from tests.node.producer import SLUG, Producer
from tests.node.test_named_tables import TREES
from tests.node.test_show_data import SPOTS
from tests.ui.tab import NARROW, Tab
from udi.kit.tenancy import Territory

DESCRIPTION_WIDTHS = """() => {
  const scrolled = document.getElementById('description-caption').closest('.scroll');
  return [scrolled.clientWidth, scrolled.scrollWidth];
}"""
"""How wide the description is seen, and how wide it is."""


@pytest.mark.thorough
async def test_a_table_is_shown_at_every_width(
    producer: Producer, passer_by: httpx.AsyncClient, tab: Tab, demo: Territory
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    draft = await producer.draft(SPOTS.encode(), "lieux.csv")
    node = demo.links["node"]

    assert (
        await tab.find_faults(
            passer_by, f"{node}/datasets/{dataset}/data", "data", "fr", "en"
        )
        == []
    )
    assert (
        await tab.find_faults(
            producer.client, f"{node}/datasets/{draft}/check", "check", "fr"
        )
        == []
    )
    assert (
        await tab.find_faults(
            producer.client, f"{node}/spaces/{SLUG}/place", "place", "fr"
        )
        == []
    )


@pytest.mark.thorough
async def test_the_whole_description_of_a_dataset_is_seen_on_a_phone(
    producer: Producer, tab: Tab, demo: Territory
) -> None:
    """The longest word of it is an e-mail address."""
    dataset = await producer.publish()

    await tab.visit(
        producer.client, f"{demo.links['node']}/datasets/{dataset}", "fr", unfold=False
    )
    await tab.page.set_viewport_size(NARROW)
    seen, whole = await tab.page.evaluate(DESCRIPTION_WIDTHS)

    assert whole <= seen


@pytest.mark.thorough
async def test_the_tables_of_a_workbook_are_shown(
    producer: Producer, passer_by: httpx.AsyncClient, tab: Tab, demo: Territory
) -> None:
    book = workbook(
        ("Quartiers", PLACES), ("Arbres", TREES), ("Vieux", TREES), ("Calculs", TREES),
        hidden="Calculs",
    )  # fmt: skip
    dataset = await producer.publish(await producer.draft(book, "classeur.xlsx"))
    await producer.client.post(
        f"/datasets/{dataset}/tables", data={"title": "Vieux", "leave": "1"}
    )
    base = f"{demo.links['node']}/datasets/{dataset}"
    faults = []
    for client, path, name in (
        (passer_by, f"{base}/tables/arbres", "table"),
        (passer_by, f"{base}/files", "files"),
        (producer.client, f"{base}/check", "check-tables"),
        (producer.client, base, "dataset-tables"),
    ):
        faults += await tab.find_faults(client, path, name, "fr", "en")

    assert faults == []


@pytest.mark.thorough
async def test_a_real_map_is_shown(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    tab: Tab,
    demo: Territory,
    shared_data: Path,
) -> None:
    communes = (
        shared_data / "data/geo/france_communes-44-loire-atlantique.geojson"
    ).read_bytes()
    draft = await producer.draft(communes, "communes-44.geojson")
    node = demo.links["node"]

    assert (
        await tab.find_faults(
            producer.client, f"{node}/datasets/{draft}/data", "map", "fr"
        )
        == []
    )
    assert (
        await tab.find_faults(
            producer.client, f"{node}/datasets/{draft}/check", "check-map", "fr"
        )
        == []
    )
    assert (
        await tab.find_faults(
            producer.client, f"{node}/datasets/{draft}/understood", "correct-map", "fr"
        )
        == []
    )
