"""The operator's own base map: an archive in a file, a folder or the object store, given by parts from our own origin."""

import gzip
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from pydantic import ValidationError

from tests.node.conftest import Browse
from tests.node.explore.test_moving_map import PLACES
from tests.node.producer import Producer
from tests.node.test_geo import dropped, feature, geojson
from tests.service_overrides import ServiceOverrides
from tests.ui.tab import Tab
from tests.visitors import freshen, shut_down
from udi.kit.tenancy import Territory
from udi.node.app import create
from udi.node.files.delivery import base_map as base_map_module
from udi.node.files.delivery.base_map import ADDRESS, find_archive
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.site import build_site
from udi.settings import Settings
from udi.tabular.geo.geo_conversion import convert_geo
from udi.tabular.geo.geo_export import write_geo
from udi.ui.site import Site

OpenNode = Callable[[str], AbstractAsyncContextManager[httpx.AsyncClient]]
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360488cfa0f00"
    "02db01bbedff75100000000049454e44ae426082"
)
"""A picture of one pixel."""


PAINTED = """() => [...document.querySelectorAll('#moving-map canvas')].some(
  (canvas) => canvas.getContext('2d').getImageData(canvas.width / 2, 12, 1, 1).data[3] > 0)"""
"""Whether there is something at the upper edge of the map, where no row has a place."""


def write_archive(path: Path, kind: TileType = TileType.PNG) -> bytes:
    """An archive of one tile, of the whole Earth."""
    with path.open("wb") as file:
        writer = Writer(file)
        content = PIXEL if kind is TileType.PNG else gzip.compress(b"", mtime=0)
        writer.write_tile(zxy_to_tileid(0, 0, 0), content)
        packed = Compression.NONE if kind is TileType.PNG else Compression.GZIP
        writer.finalize(
            {
                "tile_type": kind,
                "tile_compression": packed,
                "min_zoom": 0,
                "max_zoom": 0,
                "min_lon_e7": -1800000000,
                "min_lat_e7": -850000000,
                "max_lon_e7": 1800000000,
                "max_lat_e7": 850000000,
                "center_zoom": 0,
                "center_lon_e7": 0,
                "center_lat_e7": 0,
            },
            {},
        )
    return path.read_bytes()


def write_water(path: Path, folder: Path) -> None:
    """An archive of vector tiles with one surface, in a layer of the schemas of base maps."""
    sides = [[-3, 47], [0, 47], [0, 50], [-3, 50], [-3, 47]]
    sea = feature({"type": "Polygon", "coordinates": [sides]}, kind="ocean")
    parquet = folder / "sea.parquet"
    converted = convert_geo(dropped(folder, geojson(sea)), "", parquet, folder)
    write_geo(parquet, converted.columns, path, "pmtiles", title="water")


@pytest.fixture
def open_node(node_site: Site, demo: Territory, browse: Browse) -> OpenNode:
    """A passer-by before a node with this base map."""

    @asynccontextmanager
    async def open_with(base_map: str) -> AsyncIterator[httpx.AsyncClient]:
        changed = {"base_map": base_map, "base_map_credit": "Les arpenteurs"}
        site = build_site(node_site.settings.model_copy(update=changed))
        ServiceOverrides(site.services)[OBJECTS] = node_site.services[OBJECTS]
        freshen(site.registry)
        app = create(site)
        async with browse(app, demo) as client:
            yield client
        await shut_down(app)

    return open_with


async def test_a_file_is_given_whole_and_by_parts(
    open_node: OpenNode, tmp_path: Path
) -> None:
    archive = write_archive(tmp_path / "ville.pmtiles")

    async with open_node(str(tmp_path / "ville.pmtiles")) as client:
        whole = await client.get(ADDRESS)
        part = await client.get(ADDRESS, headers={"Range": "bytes=0-6"})
        beyond = await client.get(ADDRESS, headers={"Range": "bytes=999999-"})
        head = await client.head(ADDRESS)
        etag = whole.headers["etag"]
        same = await client.get(ADDRESS, headers={"If-None-Match": etag})
        other = await client.get(
            ADDRESS, headers={"Range": "bytes=0-6", "If-Range": '"x"'}
        )

    assert (whole.status_code, whole.content) == (200, archive)
    assert (part.status_code, part.content) == (206, b"PMTiles")
    assert part.headers["content-range"] == f"bytes 0-6/{len(archive)}"
    assert (beyond.status_code, beyond.headers["content-range"]) == (
        416,
        f"bytes */{len(archive)}",
    )
    assert head.headers["content-length"] == str(len(archive))
    assert (same.status_code, other.status_code) == (304, 200)


@pytest.mark.thorough
async def test_of_a_folder_the_newest_archive_is_given(
    open_node: OpenNode, tmp_path: Path
) -> None:
    write_archive(tmp_path / "a.pmtiles")
    os.utime(tmp_path / "a.pmtiles", (1, 1))
    newest = write_archive(tmp_path / "b.pmtiles", TileType.MVT)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty.pmtiles").touch()
    (tmp_path / "gone.pmtiles").symlink_to(tmp_path / "nowhere")

    async with open_node(f"{tmp_path}/") as client:
        answer = await client.get(ADDRESS)

    assert answer.content == newest
    assert find_archive(f"{tmp_path}/").name == "b.pmtiles"


@pytest.mark.usefixtures("each_store")
async def test_an_object_of_the_store_is_given(
    open_node: OpenNode, node_site: Site, tmp_path: Path
) -> None:
    archive = write_archive(tmp_path / "ville.pmtiles")
    await node_site.services[OBJECTS].put_bytes("base-map/ville.pmtiles", archive)

    async with open_node("store:ville.pmtiles") as client:
        part = await client.get(ADDRESS, headers={"Range": "bytes=0-6"})
        whole = await client.get(ADDRESS)
    async with open_node("store:absent.pmtiles") as client:
        absent = await client.get(ADDRESS)

    assert (part.status_code, part.content) == (206, b"PMTiles")
    assert whole.content == archive
    assert absent.status_code == 404


@pytest.mark.thorough
async def test_an_archive_that_is_replaced_meanwhile_is_not_mixed_with_the_other(
    open_node: OpenNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ville.pmtiles"
    write_archive(path)
    parse = base_map_module.parse_range

    def replace_meanwhile(header: str, size: int) -> Any:
        write_archive(tmp_path / "new.pmtiles", TileType.MVT)
        (tmp_path / "new.pmtiles").rename(path)
        return parse(header, size)

    monkeypatch.setattr(base_map_module, "parse_range", replace_meanwhile)

    async with open_node(str(path)) as client:
        answer = await client.get(ADDRESS, headers={"Range": "bytes=0-6"})

    assert answer.status_code == 503


@pytest.mark.thorough
async def test_an_archive_that_is_still_empty_is_not_found(
    open_node: OpenNode, tmp_path: Path
) -> None:
    (tmp_path / "ville.pmtiles").touch()

    async with open_node(str(tmp_path / "ville.pmtiles")) as client:
        answer = await client.get(ADDRESS)

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "base_map",
    [
        "",
        "/absent/ville.pmtiles",
        pytest.param("/absent/", marks=pytest.mark.thorough),
        pytest.param("https://t.example/{z}/{x}/{y}", marks=pytest.mark.thorough),
    ],
)
async def test_without_an_archive_there_is_nothing_at_its_address(
    open_node: OpenNode, base_map: str
) -> None:
    async with open_node(base_map) as client:
        answer = await client.get(ADDRESS)

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "base_map",
    ["ville.pmtiles", "/etc/passwd", "store:../ville.pmtiles", "store:ville.png"],
)
def test_a_base_map_of_ones_own_is_an_archive(base_map: str) -> None:
    with pytest.raises(ValidationError):
        Settings(base_map=base_map)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "kind", [pytest.param(TileType.PNG, marks=pytest.mark.thorough), TileType.MVT]
)
async def test_the_map_that_moves_lies_on_it_and_asks_nobody_else(
    open_node: OpenNode,
    producer: Producer,
    demo: Territory,
    drawn_tab: Tab,
    tmp_path: Path,
    kind: TileType,
) -> None:
    archive = tmp_path / "ville.pmtiles"
    if kind is TileType.MVT:
        write_water(archive, tmp_path)
    else:
        write_archive(archive, kind)
    dataset = await producer.publish(
        await producer.draft(PLACES.encode(), "arbres.csv"), reason="Essai."
    )
    address = f"/datasets/{dataset}/data?view=map&at=9%2F48.5%2F-1.5"
    node_origin = demo.links["node"]

    async with open_node(str(archive)) as client:
        page = await client.get(address)
        map_request = drawn_tab.page.expect_request(f"**{ADDRESS}")
        async with map_request:
            await drawn_tab.visit(client, f"{node_origin}{address}", "en")
        await drawn_tab.page.wait_for_selector(
            "#moving-map[data-ready]", timeout=60_000
        )
        is_painted = await drawn_tab.page.evaluate(PAINTED)
        await drawn_tab.take_picture(f"base-map-{kind.name}")

    assert is_painted
    policy = page.headers["content-security-policy"]
    assert f'data-base="{ADDRESS}"' in page.text
    assert "Les arpenteurs" in page.text
    assert "Your browser asks" not in page.text
    assert "img-src 'self' data:; " in policy
    assert drawn_tab.hosts == {node_origin.partition("//")[2]}
