"""A version that a script sends and that breaks what readers use waits for a person, and says why."""

import httpx
import pytest

from tests.depth import only
from tests.node.producer import Producer
from tests.node.scripts import OTHER, Script, new_key
from tests.node.sending import rows
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset, DatasetEvent, Version
from udi.node.datasets.versions.breaking_changes import (
    compare_profiles,
)
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.profiles.profile import Profile

NIGHT = "?publish=true"
HEADS = "code;quartier;places;ouverture"


def places(
    count: int, heads: str = HEADS, record: str = "P{n:03};Nord;{n};2024-01-{day:02}"
) -> bytes:
    """Made-up car parks, one a line."""
    lines = [record.format(n=n, day=n % 28 + 1) for n in range(1, count + 1)]
    return "\n".join([heads, *lines, ""]).encode()


PUBLISHED = places(200)
BREAKING = {
    "a column less": (
        places(200, "code;quartier;places", "P{n:03};Nord;{n}"),
        ["columns"],
        "ouverture",
    ),
    "a column renamed": (
        places(200, HEADS.replace("places", "capacité")),
        ["columns"],
        "places",
    ),
    "a column emptied": (
        places(200, record="P{n:03};Nord;;2024-01-{day:02}"),
        ["columns"],
        "places",
    ),
    "1 row of 100": (places(2), ["rows"], "200"),
    "a third less": (places(133), ["rows"], "200"),
    "no row": (places(0), ["rows"], "200"),
    "numbers become words": (
        places(200, record="P{n:03};Nord;beaucoup;2024-01-{day:02}"),
        ["types"],
        "places",
    ),
    "whole numbers become decimal": (
        places(200, record="P{n:03};Nord;{n}.5;2024-01-{day:02}"),
        ["types"],
        "places",
    ),
    "dates become words": (
        places(200, record="P{n:03};Nord;{n};bientôt"),
        ["types"],
        "ouverture",
    ),
    "another table": (
        places(200, "id;essence;hauteur", "A{n};Tilleul;{n}"),
        ["columns"],
        "quartier",
    ),
    "a sentence": (
        "Le serveur ne répond pas.\n".encode(),
        ["columns", "rows"],
        "quartier",
    ),
    "a page": (
        b"<!doctype html><title>502</title><p>Bad gateway</p>",
        ["format"],
        "HTML",
    ),
}
EVOLVING = {
    "rows more": places(320),
    "a few rows less": places(141),
    "a column more": places(
        200, HEADS + ";adresse", "P{n:03};Nord;{n};2024-01-{day:02};quai {n}"
    ),
    "columns in another order": places(
        200, "places;code;ouverture;quartier", "{n};P{n:03};2024-01-{day:02};Nord"
    ),
}


@pytest.fixture
async def script(manager: httpx.AsyncClient, passer_by: httpx.AsyncClient) -> Script:
    return Script(passer_by, await new_key(manager))


async def served(client: httpx.AsyncClient, dataset: str) -> bytes:
    return (await client.get(f"/datasets/{dataset}/file")).content


@pytest.mark.parametrize(
    "name",
    only(
        {
            "a column less",
            "a column emptied",
            "numbers become words",
            "no row",
            "a third less",
        },
        BREAKING,
    ),
)
async def test_a_version_that_breaks_what_readers_use_waits_with_why(
    producer: Producer,
    script: Script,
    node_database: Database,
    demo: Territory,
    name: str,
) -> None:
    content, stops, named = BREAKING[name]
    dataset = await producer.publish(await producer.draft(PUBLISHED, "parkings.csv"))

    publication = (
        await script.put(dataset, content, f"{NIGHT}&name=parkings.csv")
    ).json()["publication"]
    page = await producer.page(f"/datasets/{dataset}")

    assert (publication["state"], len(publication["why"])) == ("stopped", len(stops))
    assert named in " ".join(publication["why"])
    assert await served(script.client, dataset) == PUBLISHED
    events = [
        event
        for event in await rows(node_database, demo, DatasetEvent)
        if event.action == "version.stopped"
    ]
    assert [event.detail["stops"] for event in events] == [stops]
    assert "La nouvelle version est bloquée" in page
    assert named in page


@pytest.mark.parametrize("name", only({"a few rows less", "a column more"}, EVOLVING))
async def test_a_version_that_breaks_nothing_is_published(
    producer: Producer, script: Script, name: str
) -> None:
    dataset = await producer.publish(await producer.draft(PUBLISHED, "parkings.csv"))

    publication = (await script.put(dataset, EVOLVING[name], NIGHT)).json()[
        "publication"
    ]

    assert publication["state"] == "published"
    assert await served(script.client, dataset) == EVOLVING[name]


async def test_sending_it_twice_publishes_nothing(
    producer: Producer, script: Script
) -> None:
    dataset = await producer.publish(await producer.draft(PUBLISHED, "parkings.csv"))
    shorter = places(3)

    states = [
        (await script.put(dataset, content, NIGHT)).json()["publication"]["state"]
        for content in (places(2), places(2), shorter)
    ]

    assert states == ["stopped"] * 3
    assert await served(script.client, dataset) == PUBLISHED


@pytest.mark.thorough
async def test_a_person_publishes_it_and_the_next_night_goes_by_itself(
    producer: Producer, script: Script
) -> None:
    dataset = await producer.publish(await producer.draft(PUBLISHED, "parkings.csv"))
    await script.put(dataset, places(2), NIGHT)

    refused = await producer.client.post(f"/datasets/{dataset}/publish")
    other_changes = await producer.client.post(
        f"/datasets/{dataset}/publish", data={"intended": "columns types"}
    )
    before = await served(script.client, dataset)
    published = await producer.client.post(
        f"/datasets/{dataset}/publish", data={"intended": "rows"}
    )
    next_night = (await script.put(dataset, places(3), NIGHT)).json()["publication"]

    assert (refused.status_code, other_changes.status_code) == (422, 422)
    assert "Dites si vous voulez ces changements." in refused.text
    assert 'name="intended" value="rows"' in refused.text
    assert before == PUBLISHED
    assert published.status_code == 303
    assert next_night["state"] == "published"


async def test_it_is_told_in_the_history_too(
    producer: Producer, script: Script
) -> None:
    dataset = await producer.publish(await producer.draft(PUBLISHED, "parkings.csv"))

    await script.put(dataset, places(2), NIGHT)

    assert (
        "Elle perd une grande partie des lignes de la version publiée."
        in await producer.page(f"/datasets/{dataset}")
    )


async def test_why_is_never_empty(producer: Producer, script: Script) -> None:
    draft = await producer.draft()
    never_published = (await script.put(draft, OTHER, NIGHT)).json()["publication"]
    dataset = await producer.publish(await producer.draft())
    published = (await script.put(dataset, OTHER, NIGHT)).json()["publication"]
    not_asked = (await script.put(dataset, OTHER + b"Golf;Brest;01/02/2003\n")).json()[
        "publication"
    ]

    assert [
        publication["state"] for publication in (never_published, published, not_asked)
    ] == [
        "waiting",
        "published",
        "waiting",
    ]
    assert len({*never_published["why"], *published["why"], *not_asked["why"]}) == 3


def profile(
    *columns: tuple[str, ColumnType], rows: int = 100, geometry: str = ""
) -> Profile:
    typed_columns = tuple(TypedColumn(name, kind) for name, kind in columns)
    return Profile(
        "text/csv", "CSV", columns=typed_columns, rows=rows, geometry=geometry
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ColumnType.POSTCODE, ColumnType.TEXT),
        (ColumnType.YEAR, ColumnType.INTEGER),
        (ColumnType.LATITUDE, ColumnType.NUMBER),
        (ColumnType.EMPTY, ColumnType.DATE),
    ],
)
def test_columns_that_are_stored_alike_change_nothing(
    before: ColumnType, after: ColumnType
) -> None:
    assert compare_profiles(profile(("a", before)), profile(("a", after))) == []


def test_a_map_that_loses_its_places_is_reported() -> None:
    point = profile(("a", ColumnType.TEXT), geometry="point")

    assert [
        change.stop
        for change in compare_profiles(point, profile(("a", ColumnType.TEXT)))
    ] == ["columns"]


@pytest.mark.parametrize(
    ("old", "new", "stops"),
    [
        (32, 23, []),
        (40, 29, []),
        (40, 28, ["rows"]),
        (100, 71, []),
        (9, 1, []),
        (1, 0, ["rows"]),
    ],
)
def test_rows_that_may_be_lost(old: int, new: int, stops: list[str]) -> None:
    columns = ("a", ColumnType.TEXT)

    assert [
        change.stop
        for change in compare_profiles(
            profile(columns, rows=old), profile(columns, rows=new)
        )
    ] == stops


@pytest.mark.parametrize(
    ("media_type", "stops"), [("text/plain", []), ("image/png", ["format"])]
)
def test_what_is_no_table_keeps_its_format(media_type: str, stops: list[str]) -> None:
    text = Profile("text/plain", "TXT")

    assert [
        change.stop for change in compare_profiles(text, Profile(media_type, "?"))
    ] == stops


def test_a_version_is_compared_with_what_readers_have() -> None:
    read, stopped, sent = (Version(number=number) for number in (1, 2, 3))
    read.published_at = now()
    dataset = Dataset(versions=[sent, stopped, read])

    assert dataset.find_published_before(sent) is read
    assert dataset.find_published_before(read) is None
