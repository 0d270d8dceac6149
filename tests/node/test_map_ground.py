"""Maps of tables stand on the outlines of their territory, in their page and in the frames of others."""

import html
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
import shapely

from tests.node.producer import Producer
from tests.ui.tab import Tab
from udi.cli.outline_files import (
    OutlineFile,
    OutlineSelection,
    read_outlines,
    simplify_outlines,
)
from udi.cli.outlines import OutlineImport, import_outlines
from udi.kit.tenancy import Territory
from udi.settings import Settings
from udi.ui.maps.grounds import GroundDrawer

DEMO = Path(__file__).parents[2] / "tenants/demo/demonstration"
MOST_BYTES = 30_000
GROUPINGS = ("243000650", "243301165", "200018653")
"""Codes of groupings of municipalities, as SIREN numbers are."""


async def test_a_map_stands_on_outlines(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    demo: Territory,
    settings: Settings,
) -> None:
    units = read_outlines(OutlineFile(DEMO / "communes.geojson"), OutlineSelection())
    points = (DEMO / "points-d-apport.geojson").read_bytes()
    dataset = await producer.publish(
        await producer.draft(points, "points-d-apport.geojson")
    )
    plain = await passer_by.get(f"/embed/datasets/{dataset}/map?lang=en")
    await import_outlines(
        settings,
        OutlineImport("communes", "Armorine 2026", "EUPL 1.2", demo.slug, units),
    )

    framed = await passer_by.get(f"/embed/datasets/{dataset}/map?lang=en")
    page = await passer_by.get(
        f"/datasets/{dataset}/data?view=map", headers={"Accept-Language": "en"}
    )

    assert 'class="ground"' not in plain.text
    for answer in (framed, page):
        assert answer.text.count('class="ground"') == 1
        assert "Outlines: Armorine 2026 (EUPL 1.2)" in answer.text
        assert 2 <= answer.text.count('class="town') <= 6
        drawing = answer.text.partition('<svg class="map"')[2].partition("</figure>")[0]
        assert len(drawing.encode()) < MOST_BYTES


@pytest.mark.thorough
async def test_a_table_is_drawn_by_area(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    demo: Territory,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a sum, as what its producer says is only averaged, and as a file where more areas are there than a ground has."""
    units = read_outlines(OutlineFile(DEMO / "communes.geojson"), OutlineSelection())
    rows = "commune;passages\n" + "".join(
        f"{unit.name if rank % 2 else unit.code};{rank}\n"
        for rank, unit in enumerate(units)
    )
    rows += f"{units[30].code};0\n"
    rows += "".join(f"A{place:04};5\n" for place in range(2_001))
    dataset = await producer.publish(
        await producer.draft((rows + "Atlantide;5\n").encode(), "passages.csv")
    )
    address = f"/datasets/{dataset}/data?view=map"
    before = await passer_by.get(address, headers={"Accept-Language": "en"})
    await import_outlines(
        settings,
        OutlineImport("communes", "Armorine 2026", "EUPL 1.2", demo.slug, units),
    )

    summed = f"{address}&by=commune&of=passages&how=sum"
    page = await passer_by.get(summed, headers={"Accept-Language": "en"})
    monkeypatch.setattr(GroundDrawer.read_units, "__defaults__", (0,))
    picture = await passer_by.get(
        f"/datasets/{dataset}/map.svg?passages__greater=20&by=commune",
        headers={"Accept-Language": "en"},
    )
    mean = {"column": "passages", "role": "mean"}
    await producer.client.post(f"/datasets/{dataset}/columns", data=mean)
    averaged = await passer_by.get(summed, headers={"Accept-Language": "en"})

    assert 'class="c5"' not in before.text
    assert picture.status_code == 200
    assert ("Outlines" in picture.text, 'class="c' in picture.text) == (False, True)
    assert '<option value="sum" selected>' in page.text
    assert '<option value="sum"' not in averaged.text
    assert f"Greatest: {units[29].name}, 29." in averaged.text
    assert page.status_code == 200
    assert [page.text.count(f'<path class="c{place}"') for place in range(1, 6)] == [
        1
    ] * 5
    assert "32 of 2,034 rows are in these areas." in page.text
    assert f"Greatest: {units[30].name}, 30." in page.text
    assert "25 to 30" in page.text
    assert f"commune__exact={units[0].code}" in page.text
    drawing = page.text.partition('<svg class="map"')[2].partition("</figure>")[0]
    assert len(drawing.encode()) < MOST_BYTES


@pytest.mark.thorough
async def test_a_table_by_grouping_is_drawn_by_its_code(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    demo: Territory,
    settings: Settings,
) -> None:
    places = [
        (code, shapely.box(rank, 45, rank + 1, 46))
        for rank, code in enumerate(GROUPINGS)
    ]
    units = simplify_outlines(
        [code for code, _ in places],
        [f"CC {code}" for code, _ in places],
        np.array([shape for _, shape in places], dtype=object),
    )
    rows = "".join(f"{code};{rank + 5}\n" for rank, code in enumerate(GROUPINGS))
    dataset = await producer.publish(
        await producer.draft(f"code_epci;budget\n{rows}".encode(), "budgets.csv")
    )
    address = f"/datasets/{dataset}/data?view=map"
    language = {"Accept-Language": "en"}
    municipalities = read_outlines(
        OutlineFile(DEMO / "communes.geojson"), OutlineSelection()
    )
    await import_outlines(
        settings,
        OutlineImport("communes", "Armorine", "CC0", demo.slug, municipalities),
    )
    unknown = await passer_by.get(address, headers=language)
    await import_outlines(
        settings, OutlineImport("communes-epci", "Essai", "CC0", demo.slug, units)
    )

    page = await passer_by.get(f"{address}&by=code_epci&of=budget", headers=language)

    assert "come with those of all their municipalities" in unknown.text
    assert "3 of 3 rows are in these areas." in page.text
    assert f"Greatest: CC {GROUPINGS[-1]}, 7." in page.text


@pytest.mark.thorough
async def test_the_map_that_moves_is_asked_for_and_loads_nothing_from_elsewhere(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    demo: Territory,
    settings: Settings,
) -> None:
    units = read_outlines(OutlineFile(DEMO / "communes.geojson"), OutlineSelection())
    await import_outlines(
        settings,
        OutlineImport("communes", "Armorine 2026", "EUPL 1.2", demo.slug, units),
    )
    points = (DEMO / "points-d-apport.geojson").read_bytes()
    dataset = await producer.publish(
        await producer.draft(points, "points-d-apport.geojson")
    )
    drawn = await passer_by.get(f"/datasets/{dataset}/data?view=map")
    (address,) = re.findall(r'href="([^"]+at=[^"]+)"', drawn.text)
    page = await passer_by.get(html.unescape(address))
    outlines = await passer_by.get(
        f"/datasets/{dataset}/outlines?box=-4.68,48.22,-4.21,48.49"
    )
    refused = await passer_by.get(f"/datasets/{dataset}/outlines?box=1,2")

    assert "openlayers.js" not in drawn.text
    assert page.text.count("openlayers.js") == 1
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert len(outlines.json()["areas"]) == 31
    assert refused.status_code == 422


@pytest.mark.thorough
async def test_the_map_that_moves_lists_what_is_seen_and_names_the_row_in_the_middle(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    drawn_tab: Tab,
    demo: Territory,
    settings: Settings,
) -> None:
    units = read_outlines(OutlineFile(DEMO / "communes.geojson"), OutlineSelection())
    await import_outlines(
        settings,
        OutlineImport("communes", "Armorine 2026", "EUPL 1.2", demo.slug, units),
    )
    points = (DEMO / "points-d-apport.geojson").read_bytes()
    dataset = await producer.publish(
        await producer.draft(points, "points-d-apport.geojson")
    )
    node = demo.links["node"]
    address = f"{node}/datasets/{dataset}/data?view=map&at=16%2F48.3619%2F-4.46581"

    faults = await drawn_tab.find_faults(passer_by, address, "moving-map", "en", "fr")
    await drawn_tab.visit(passer_by, address, "en")
    await drawn_tab.page.wait_for_selector("#moving-map[data-ready]")
    await drawn_tab.page.wait_for_selector("#moving-rows li")
    await drawn_tab.page.locator("#moving-map").focus()
    await drawn_tab.page.keyboard.press("Enter")
    row = await drawn_tab.page.locator("#moving-status a").text_content()
    seen = await drawn_tab.page.locator("#moving-rows li").all_text_contents()
    await drawn_tab.page.keyboard.press("-")
    await drawn_tab.page.wait_for_url("**at=15*")

    assert faults == []
    assert row == "Row 1"
    assert seen == ["PAV-001 Kerlévan"]
    assert drawn_tab.hosts == {urlsplit(node).netloc}
