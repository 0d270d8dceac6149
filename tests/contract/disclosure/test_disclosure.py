"""Nothing that is public of restricted data depends on their cells: every address, every form, before and after."""

import base64
import json
import random
import re
from collections.abc import Mapping
from contextlib import aclosing
from urllib.parse import urlencode

import pytest

from tests.contract.disclosure.hidden import NAME, Hidden, change, draw
from tests.contract.disclosure.world import Answer, Snapshot, World, freeze
from tests.depth import examples
from udi.kit import clock
from udi.node.datasets.models import Version
from udi.node.datasets.records.rudi import media_id_of

ROUNDS = examples(1, 2)
"""How often the hidden cells are changed."""
SEED = 20261129
WAS_OPEN = [
    pytest.param(True, id="open first"),
    pytest.param(False, id="never open", marks=pytest.mark.thorough),
]
ROWS_OF_OPEN = examples(2347, 7919)
"""A number that no public answer says by chance."""
OPEN_LICENCE = re.compile(rb"etalab|odbl|Licence Ouverte|Open Licence", re.IGNORECASE)
FORMER_LICENCE = "public-domain-cc0"
LISTS_OF_LICENCES = (
    "license_list",
    "/api/openapi.json",
    "/api (",
    "licence=etalab",
    "license_id:etalab",
)
"""Addresses that name every licence, or the one that is asked for; they say none of the dataset."""
UNSTEADY = ("/metrics", "/ready", "/login", "/health")
"""Addresses that count requests, or begin a login: what they say differs from one reading to the next."""
MOMENT = re.compile(rb'"timeStamp": ?"[^"]+"')
"""When a page of an OGC API was written."""
NUMBER = re.compile(rb'"version": ?"\d+"')
"""The number of the version in a Data Package: publishing another is the producer's act."""


def view_of(hidden: Hidden) -> str:
    """A view with which the dataset opens, which names a hidden cell."""
    return urlencode({"note__exact": hidden.rows[0][-1], "view": "map"})


def comparable(address: str, answer: Answer) -> Answer:
    """An answer without what is not about the data."""
    headers = tuple(
        pair
        for pair in answer.headers
        if not (address.startswith("portal") and pair[0] == "etag")
    )
    return Answer(answer.status, headers, NUMBER.sub(b"", MOMENT.sub(b"", answer.body)))


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """The addresses whose answers are not the same, byte for byte."""
    steady = [
        address for address in before if not any(part in address for part in UNSTEADY)
    ]
    assert before.keys() == after.keys()
    return [
        address
        for address in steady
        if comparable(address, before[address]) != comparable(address, after[address])
    ]


def explain(address: str, before: Answer, after: Answer) -> str:
    """Where two answers part, for whoever reads the failure."""
    was = comparable(address, before)
    now = comparable(address, after)
    shortest = min(len(was.body), len(now.body))
    at = next(
        (place for place in range(shortest) if was.body[place] != now.body[place]),
        shortest,
    )
    changed = [(a, b) for a, b in zip(was.headers, now.headers, strict=False) if a != b]
    return f"{address}\n  {changed}\n  {was.body[max(0, at - 80) : at + 80]!r}\n  {now.body[max(0, at - 80) : at + 80]!r}"


@pytest.mark.parametrize("was_open", WAS_OPEN)
async def test_no_public_answer_depends_on_hidden_cells(
    world: World, monkeypatch: pytest.MonkeyPatch, *, was_open: bool
) -> None:
    """What was open first, as anybody read of it then, leaves no figure behind either."""
    freeze(monkeypatch, clock.now())
    chance = random.Random(SEED)  # noqa: S311 - a fixed seed is the point
    hidden = draw(chance, rows=ROWS_OF_OPEN if was_open else 60)
    dataset_id = await world.drop(hidden.content, NAME)
    figures = await publish_openly(world, dataset_id, hidden) if was_open else {}
    await world.describe(dataset_id, access="restricted")
    await world.drop_part(dataset_id, hidden.content, "2024.csv")
    first_record = await world.publish(dataset_id)
    dataset = await world.dataset(dataset_id)
    first = dataset.latest.created_at
    first_of_part = dataset.parts[0].versions[0].created_at
    media = str(media_id_of(dataset))
    file = str(dataset.latest.file_id)
    await world.save_view(dataset_id, view_of(hidden))
    before = await world.snapshot(dataset_id, file, media)

    assert find_left(figures, before, first_record) == []
    licensed = {
        address
        for address, answer in before.items()
        if OPEN_LICENCE.search(answer.body)
    }
    assert (
        sorted(
            address
            for address in licensed
            if not any(part in address for part in LISTS_OF_LICENCES)
        )
        == []
    )

    for _ in range(ROUNDS):
        hidden = change(chance, hidden)
        await world.drop(hidden.content, NAME, dataset_id)
        await world.drop_part(dataset_id, hidden.content, "2024.csv")
        async with world.node_site.database.session(
            world.territory.id, role="worker"
        ) as session:
            dataset = await world.dataset(dataset_id)
            for newest, moment in (
                (dataset.latest, first),
                (dataset.parts[0].versions[0], first_of_part),
            ):
                version = await session.get_one(
                    Version, (world.territory.id, newest.id)
                )
                version.created_at = moment
        record = await world.publish(dataset_id)
        await world.save_view(dataset_id, view_of(hidden))
        after = await world.snapshot(dataset_id, file, media)
        changed = [
            explain(address, before[address], after[address])
            for address in differences(before, after)
        ]
        assert json.dumps(record) == json.dumps(first_record)
        assert not changed, "\n".join(changed)
    statuses = {answer.status for answer in before.values()}
    print(  # noqa: T201
        f"disclosure: {len(before)} answers × {ROUNDS} changes, 0 differences; statuses {sorted(statuses)}"
    )


async def publish_openly(
    world: World, dataset_id: str, hidden: Hidden
) -> dict[str, re.Pattern[bytes]]:
    """Publish as open data: the figures that anybody reads then."""
    # Restricted data name the licence that they had; any other would be of the territory, and is looked for.
    await world.describe(dataset_id, access="public", licence=FORMER_LICENCE)
    await world.publish(dataset_id)
    figures = await figures_of(world, dataset_id, hidden.days)
    dataset = await world.dataset(dataset_id)
    published = await find_published(
        world,
        figures,
        dataset_id,
        str(dataset.latest.file_id),
        str(media_id_of(dataset)),
    )
    assert published == set(figures), "the trial looks for what is said of open data"
    return figures


def find_left(
    figures: Mapping[str, re.Pattern[bytes]], closed: Snapshot, record: object
) -> list[str]:
    """The figures that are still said, and where."""
    return [
        f"{name} at {address}"
        for name, figure in figures.items()
        for address, answer in closed.items()
        if find(figure, answer)
    ] + [
        f"{name} in the record"
        for name, figure in figures.items()
        if figure.search(json.dumps(record).encode())
    ]


async def figures_of(
    world: World, dataset_id: str, days: tuple[str, str]
) -> dict[str, re.Pattern[bytes]]:
    """What anybody could try values of cells against, by name, as it may be written."""
    version = (await world.dataset(dataset_id)).latest
    digest = version.file.sha256
    in_base_64 = base64.b64encode(bytes.fromhex(digest)).decode()
    return {
        "SHA-256": re.compile(digest[:12].encode()),
        "SHA-256 in base 64": re.compile(re.escape(in_base_64).encode()),
        "size": number(version.file.size),
        "number of rows": number(version.profile["rows"]),
        "first day": re.compile(days[0].encode()),
        "last day": re.compile(days[1].encode()),
    }


def number(value: int) -> re.Pattern[bytes]:
    """A number as pages and programs write it, in no identifier and in no moment."""
    grouped = f"{value:,}".replace(",", "(?:[ ,.]|&nbsp;|\u00a0|\u202f)?")
    return re.compile(f"(?<![0-9a-fA-F.:-]){grouped}(?![0-9a-fA-F:-])".encode())


def find(figure: re.Pattern[bytes], answer: Answer) -> bool:
    """Whether an answer says it, in its body or in its headers."""
    return bool(figure.search(answer.body)) or any(
        figure.search(value.encode()) for _, value in answer.headers
    )


async def find_published(
    world: World, figures: Mapping[str, re.Pattern[bytes]], *place: str
) -> set[str]:
    """The figures that anybody reads at some address; the others are not asked once all were found."""
    published = set[str]()
    async with aclosing(world.read_all(*place)) as answers:
        async for _, answer in answers:
            published |= {
                name for name, figure in figures.items() if find(figure, answer)
            }
            if published == set(figures):
                break
    return published
