"""The page of a table: for its producer before it is published, for everybody after; maps are read where they are safe."""

import io
import math
import re
import uuid
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from pmtiles.reader import Reader

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.conftest import Browse
from tests.node.producer import TABLE, Producer
from tests.node.test_geo import feature, geojson
from tests.service_overrides import ServiceOverrides
from udi.kit.oidc import Login
from udi.kit.rates import RateLimiter
from udi.kit.tenancy import Territory
from udi.node.tables.api import ANSWERS
from udi.node.tables.requests import RATES
from udi.tabular.geo.geo_gdal import raw
from udi.tabular.overviews.overview import SHOWING, OverviewReader, OverviewTimeouts
from udi.tabular.queries import pool
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool
from udi.tabular.queries.row_pages import RowPageReader

SPOTS = "nom;type;latitude;longitude;ouvert le\n" + "".join(
    f"Lieu {number};{('Parc', 'Plage', 'Port')[number % 3]};{48.1 + number / 100};{-1.6 - number / 100};"
    f"{1 + number % 28:02}/0{1 + number % 9}/2024\n"
    for number in range(60)
)
ROUTES = geojson(
    feature(
        {"type": "LineString", "coordinates": [[-1.6, 48.1], [-1.5, 48.2]]},
        nom="Tour du port",
        longueur=3.5,
    ),
    feature(
        {
            "type": "Polygon",
            "coordinates": [
                [[-1.6, 48], [-1.4, 48.2], [-1.4, 48], [-1.6, 48.2], [-1.6, 48]]
            ],
        }
    ),
    feature(None, nom="Nulle part"),
)


@pytest.fixture(autouse=True)
async def patient(services: ServiceOverrides) -> Any:
    """A pool with time, on a machine that has other work."""
    pool = QueryPool(PoolLimits(seconds=60, patience=60))
    services |= {
        POOL: pool,
        SHOWING: OverviewReader(pool, OverviewTimeouts(60, 60, 60)),
        ANSWERS: RowPageReader(pool),
    }
    yield services
    await pool.close()


async def test_a_producer_sees_it_before_anybody_else(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft(SPOTS.encode(), "lieux.csv")

    checked = await producer.page(f"/datasets/{dataset}/check")
    page = await producer.page(f"/datasets/{dataset}/data?version=1")
    drawn_map = await producer.page(f"/datasets/{dataset}/data?view=map&version=1")
    chart = await producer.page(f"/datasets/{dataset}/data?view=chart&version=1")
    hidden = await passer_by.get(f"/datasets/{dataset}/data")
    version_page = await passer_by.get(f"/datasets/{dataset}/data?version=1")

    assert f"/datasets/{dataset}/data?version=1" in checked
    assert "des points" in checked
    assert "Personne d’autre ne voit encore cette page" in page
    assert "60 lieux, de" in drawn_map
    assert [drawn.count('role="img"') for drawn in (page, drawn_map, chart)] == [
        0,
        1,
        1,
    ]
    assert "version=1" in page.partition('id="view-map"')[2][:200]
    assert "Lieu 0" in page
    assert f"/api/resources/{dataset}" not in page
    assert "table.csv" not in page
    assert (hidden.status_code, version_page.status_code) == (404, 303)


@FOLDER_BY_DEFAULT
@pytest.mark.usefixtures("each_store")
async def test_everybody_sees_it_once_it_is_published(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))

    page = await passer_by.get(
        f"/datasets/{dataset}/data", headers={"Accept-Language": "en"}
    )
    again = await passer_by.get(
        f"/datasets/{dataset}/data",
        headers={"Accept-Language": "en", "If-None-Match": page.headers["etag"]},
    )
    french = await passer_by.get(
        f"/datasets/{dataset}/data", headers={"Accept-Language": "fr"}
    )

    assert page.status_code == 200
    assert "Lieu 0" in page.text
    assert (again.status_code, again.content) == (304, b"")
    assert french.headers["etag"] != page.headers["etag"]
    assert (
        "no-store"
        in (await producer.client.get(f"/datasets/{dataset}/data")).headers[
            "cache-control"
        ]
    )
    for kind in ("csv", "xlsx", "parquet", "geojson", "pmtiles"):
        assert f'href="/datasets/{dataset}/lieux.{kind}"' in page.text


@pytest.mark.thorough
async def test_the_versions_that_everybody_may_read_are_listed(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    first_page = await passer_by.get(f"/datasets/{dataset}/data")
    longer = SPOTS + "Lieu 60;Parc;48.9;-1.9;01/01/2024\n"
    await producer.send(longer.encode(), "lieux.csv", f"/datasets/{dataset}/versions")
    await producer.client.post(
        f"/datasets/{dataset}/publish", data={"note": "Un lieu de plus"}
    )
    await producer.send(
        (longer + "Lieu 61;Parc;48.9;-1.9;01/01/2024\n").encode(),
        "lieux.csv",
        f"/datasets/{dataset}/versions",
    )

    page = await passer_by.get(f"/datasets/{dataset}/data")
    files = re.findall(r'href="(/files/[^"]+)"', page.text)
    differences = re.findall(r'href="(/datasets/[^"]+/difference)"', page.text)

    assert 'id="versions"' not in first_page.text
    assert [(await passer_by.get(file)).text for file in files] == [longer, SPOTS]
    assert differences == [f"/datasets/{dataset}/versions/2/difference"]
    assert (await passer_by.get(differences[0])).status_code == 200


@pytest.mark.thorough
async def test_numbers_beyond_all_measure_are_shown(producer: Producer) -> None:
    dataset = await producer.draft(
        b"grands,entiers\n10,10\n1e-44,0\n1e+44,1e+44\n", "nombres.csv"
    )

    assert "1E44" in await producer.page(f"/datasets/{dataset}/data")


async def test_a_version_is_its_producers_alone(
    producer: Producer,
    node_app: Litestar,
    demo: Territory,
    stranger: Login,
    reader: Login,
    browse: Browse,
) -> None:
    dataset = await producer.publish()

    assert (
        await producer.client.get(f"/datasets/{dataset}/data?version=9")
    ).status_code == 404
    async with browse(node_app, demo, stranger) as other:
        assert (
            await other.get(f"/datasets/{dataset}/data?version=1")
        ).status_code == 404
        assert (await other.get(f"/datasets/{dataset}/data")).status_code == 200
    async with browse(node_app, demo, reader) as member:
        assert (
            await member.get(f"/datasets/{dataset}/data?version=1")
        ).status_code == 403


async def test_a_map_is_understood_shown_and_served(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft(ROUTES, "sentiers.geojson")
    checked = await producer.page(f"/datasets/{dataset}/check")
    await producer.publish(dataset)

    page = await passer_by.get(f"/datasets/{dataset}/data?view=map")
    landing = await passer_by.get(f"/ogc/{dataset}")
    items = (
        await passer_by.get(
            f"/ogc/{dataset}/collections/data/items?bbox=-1.7,48,-1.3,48.3"
        )
    ).json()
    rows = (
        await passer_by.get(f"/api/resources/{dataset}/data/?nom__contains=tour")
    ).json()

    assert "WGS 84 (EPSG:4326)" in checked
    assert "Lignes sans lieu\N{NO-BREAK SPACE}: 1" in checked
    assert "Contours qui se croisent eux-mêmes\N{NO-BREAK SPACE}: 1" in checked
    assert "2 lieux, de" in page.text
    assert landing.status_code == 200
    assert f"/datasets/{dataset}/data" in landing.text
    assert [feature["id"] for feature in items["features"]] == [1, 2]
    assert [row["longueur"] for row in rows["data"]] == [3.5]


@FOLDER_BY_DEFAULT
@pytest.mark.usefixtures("each_store")
async def test_a_map_is_taken_as_geojson_and_as_tiles(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    at = f"/api/resources/{dataset}/data"

    whole = (await passer_by.get(f"{at}/geojson/?type__exact=Port&columns=nom")).json()
    grouped = await passer_by.get(f"{at}/geojson/?type__groupby&nom__count")
    tiles = await passer_by.get(f"{at}/pmtiles/")
    head = await passer_by.get(f"{at}/pmtiles/", headers={"Range": "bytes=0-6"})
    filtered = await passer_by.get(f"{at}/pmtiles/?type__exact=Port")

    assert len(whole["features"]) == 20
    assert whole["features"][0] == {
        "type": "Feature", "id": 4, "properties": {"nom": "Lieu 2"},
        "geometry": {"type": "Point", "coordinates": [-1.62, 48.12]},
    }  # fmt: skip
    assert (grouped.status_code, filtered.status_code) == (422, 422)
    assert (tiles.status_code, tiles.content[:8]) == (200, b"PMTiles\x03")
    assert (head.status_code, head.content) == (206, b"PMTiles")


@pytest.mark.thorough
async def test_tiles_of_one_column_have_the_number_of_each_row_and_are_light(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    at = f"/api/resources/{dataset}/data/pmtiles"

    whole = await passer_by.get(at)
    slim = await passer_by.get(f"{at}?columns=__id,type")
    numbers = await passer_by.get(f"{at}?columns=__id")
    many = await passer_by.get(f"{at}?columns=nom,type")

    assert (whole.status_code, many.status_code) == (200, 422)
    assert len(numbers.content) < len(slim.content) < len(whole.content)
    assert fields_of(slim.content) == {"__id", "type"}
    assert fields_of(numbers.content) == {"__id"}


@pytest.mark.thorough
async def test_tiles_of_a_filter_have_its_rows_alone(
    producer: Producer, passer_by: httpx.AsyncClient, tmp_path: Path
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    at = f"/api/resources/{dataset}/data/pmtiles"
    items = f"/ogc/{dataset}/collections/data/items"
    question = "type__exact=Port"

    tiles = await passer_by.get(f"{at}?{question}&columns=__id,type")
    part = await passer_by.get(
        f"{at}?{question}&columns=__id,type", headers={"Range": "bytes=0-6"}
    )
    searched = await passer_by.get(f"{at}?q=port&columns=__id")
    none = await passer_by.get(f"{at}?type__exact=Gare&columns=__id")
    sorted_rows = await passer_by.get(f"{at}?columns=__id&nom__sort=asc")
    listed = (await passer_by.get(f"{items}?{question}&limit=1000")).json()
    rows = {feature["id"] for feature in listed["features"]}

    assert (part.status_code, part.content) == (206, b"PMTiles")
    assert values_of(tiles.content, tmp_path, "type") == {"Port"}
    assert values_of(tiles.content, tmp_path, "__id") == rows
    assert values_of(searched.content, tmp_path, "__id") == rows
    assert len(rows) == listed["numberMatched"] == 20
    assert (none.status_code, none.content[:7]) == (200, b"PMTiles")
    assert sorted_rows.status_code == 422


@pytest.mark.thorough
async def test_places_are_filtered_as_rows_are(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    at = f"/ogc/{dataset}/collections/data/items"

    boxed = await passer_by.get(f"{at}?q=port&bbox=-2,48,-1,48.2&limit=1000")
    either = await passer_by.get(
        f"{at}?or=(type__exact.Port,nom__exact.Lieu%201)&limit=1000"
    )
    invalid = await passer_by.get(f"{at}?height__less=3")
    unknown = await passer_by.get(f"{at}?height=3")

    assert 0 < boxed.json()["numberMatched"] <= 20
    assert either.json()["numberMatched"] == 21
    assert (invalid.status_code, unknown.status_code) == (400, 400)
    assert invalid.json()["errors"][0]["field"] == "height__less"


def values_of(tiles: bytes, folder: Path, name: str) -> set[object]:
    """The different values of an attribute in an archive of tiles."""
    path = folder / "read.pmtiles"
    path.write_bytes(tiles)
    meta, _, _, values = raw.read(path)
    return set(values[list(meta["fields"]).index(name)])


def fields_of(tiles: bytes) -> set[str]:
    """The attributes that an archive of tiles says it has."""
    reader = Reader(lambda start, size: tiles[start : start + size])
    (layer,) = reader.metadata()["vector_layers"]
    return set(layer["fields"])


async def test_parts_of_tiles_count_as_few_requests(
    producer: Producer, passer_by: httpx.AsyncClient, services: ServiceOverrides
) -> None:
    services[RATES] = RateLimiter("parts", clock=lambda: 30.0)
    dataset = await producer.publish(await producer.draft(SPOTS.encode(), "lieux.csv"))
    at = f"/api/resources/{dataset}/data/pmtiles"
    await passer_by.get(at)

    left = [
        int(
            (await passer_by.get(at, headers={"Range": f"bytes={part}-9"}))
            .headers["ratelimit"]
            .partition("r=")[2]
            .partition(";")[0]
        )
        for part in range(3)
    ]

    assert left[0] == left[1] == left[2]


async def test_a_table_without_places_is_no_map(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()

    page = await passer_by.get(f"/datasets/{dataset}/data")
    assert (page.status_code, "pmtiles" in page.text) == (200, False)
    assert (await passer_by.get(f"/ogc/{dataset}")).status_code == 404
    assert (
        await passer_by.get(f"/api/resources/{dataset}/data/geojson/")
    ).status_code == 404


@pytest.mark.thorough
async def test_the_layer_and_the_coordinates_are_corrected(producer: Producer) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("ports.geojson", small("Port", -1.5))
        packed.writestr("plages.geojson", small("Plage", -1.6))
    dataset = await producer.draft(archive.getvalue(), "lieux.zip")

    form = await producer.page(f"/datasets/{dataset}/understood")
    response = await producer.client.post(
        f"/datasets/{dataset}/understood", data={"sheet": "plages", "crs": "EPSG:4326"}
    )
    refused = await producer.client.post(
        f"/datasets/{dataset}/understood", data={"crs": "EPSG:1"}
    )

    assert "Couche" in form
    assert "header_line" not in form
    assert "Lambert-93" in form
    assert (response.status_code, refused.status_code) == (303, 422)
    assert "Plage" in await producer.page(f"/datasets/{dataset}/check")


def small(name: str, west: float) -> bytes:
    return geojson(feature({"type": "Point", "coordinates": [west, 48.1]}, nom=name))


async def test_a_map_that_cannot_be_read_is_explained(producer: Producer) -> None:
    dataset = await producer.draft(
        b'{"type": "FeatureCollection", "features": [{"type": "Fea', "carte.geojson"
    )

    assert "abîmé" in await producer.page(f"/datasets/{dataset}/check")


@pytest.mark.thorough
async def test_figures_that_take_too_much_are_missing_on_the_page(
    producer: Producer, services: ServiceOverrides
) -> None:
    dataset = await producer.draft(SPOTS.encode(), "lieux.csv")

    services[SHOWING] = OverviewReader(
        services[POOL], OverviewTimeouts(preview=60, statistics=0.0001, map=60)
    )
    page = await producer.page(f"/datasets/{dataset}/data?version=1")
    columns = await producer.page(f"/datasets/{dataset}/data?view=column&version=1")

    assert "Lieu 0" in page
    assert "Les chiffres des colonnes" in columns


@pytest.mark.parametrize(
    ("idle", "status"), [(0.0, 422), (math.inf, 503)], ids=["too heavy", "node is busy"]
)
async def test_first_rows_that_take_too_much_are_not_shown(
    producer: Producer,
    services: ServiceOverrides,
    monkeypatch: pytest.MonkeyPatch,
    idle: float,
    status: int,
) -> None:
    """A question that had a processor was too heavy; one that had none says nothing of the table."""
    monkeypatch.setattr(pool, "IDLE", idle)
    dataset = await producer.draft(SPOTS.encode(), "lieux.csv")

    hurried = QueryPool(PoolLimits(seconds=0.0001, patience=60))
    services[ANSWERS] = RowPageReader(hurried)
    answer = await producer.client.get(f"/datasets/{dataset}/data?version=1")

    await hurried.close()

    assert answer.status_code == status
    assert "Lieu 0" not in answer.text


async def test_the_description_of_a_dataset_as_a_package(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(TABLE))

    package = (await passer_by.get(f"/datasets/{dataset}/datapackage.json")).json()
    draft = await passer_by.get(f"/datasets/{await producer.draft()}/datapackage.json")

    original, csv, parquet = package["resources"]
    assert original["dialect"] == {"delimiter": ";"}
    assert [field["name"] for field in original["schema"]["fields"]] == [
        "nom",
        "commune",
        "création",
    ]
    assert original["schema"]["fields"][2] == {
        "name": "création",
        "type": "date",
        "format": "%d/%m/%Y",
    }
    assert (csv["format"], parquet["format"]) == ("csv", "parquet")
    assert package["licenses"][0]["name"] == "etalab-2.0"
    assert package["contributors"] == [
        {"title": "Mairie de Kerlévan", "roles": ["publisher"]}
    ]
    assert (
        draft.status_code,
        (await passer_by.get(f"/datasets/{uuid.uuid4()}/datapackage.json")).status_code,
    ) == (
        404,
        404,
    )
