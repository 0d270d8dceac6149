"""What a dataset was said to be before: kept at each push, said field by field, gone with the dataset."""

import uuid
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from litestar import Litestar
from sqlalchemy import func, select, text

from tests.depth import by_depth
from tests.portal.catalogue.corpus import Catalogue, described
from tests.visitors import browse
from udi.kit.db import Database
from udi.portal.catalogue.history import (
    MOST_KEPT,
    DescriptionVersion,
    list_description_versions,
)
from udi.portal.catalogue.models import Dataset, PastDescription
from udi.portal.catalogue.queries import get_dataset

LATER = "2026-11-03T10:00:00Z"


async def read_steps(
    database: Database, catalogue: Catalogue, dataset_id: uuid.UUID, zone: tzinfo = UTC
) -> list[DescriptionVersion]:
    async with database.session(catalogue.territory.id, role="public") as session:
        return await list_description_versions(
            session, await get_dataset(session, dataset_id), "en", zone
        )


def changed_fields(
    step: DescriptionVersion,
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """What each field said before and says since; of a text, in the first language."""
    return {
        change.field: (change.before, change.after)
        for change in reversed(step.changes or ())
    }


async def test_the_first_description_has_nothing_before_it(
    armor: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1)

    assert [
        (s.number, s.changes)
        for s in await read_steps(portal_database, armor, record.id)
    ] == [(1, None)]


async def test_what_was_said_of_open_data_is_forgotten_once_they_are_restricted(
    armor: Catalogue, portal_database: Database
) -> None:
    first = described(1)
    await armor.add(1, **first)
    await armor.add(
        1,
        **first
        | {"resource_title": "7919 passages", "dataset_dates": first["dataset_dates"]},
    )
    access = {
        **first["access_condition"],
        "confidentiality": {"restricted_access": True, "gdpr_sensitive": False},
    }
    await armor.add(
        1, **first | {"access_condition": access, "resource_title": "Passages"}
    )
    closed = await read_steps(portal_database, armor, uuid.UUID(first["global_id"]))
    await armor.add(
        1, **first | {"access_condition": access, "resource_title": "Tous les passages"}
    )

    steps = await read_steps(portal_database, armor, uuid.UUID(first["global_id"]))

    assert [step.changes for step in closed] == [None]
    assert [sorted(changed_fields(step)) for step in steps] == [["title"], []]


async def test_moments_are_said_as_they_are_in_the_territory_and_days_stay(
    armor: Catalogue, portal_database: Database
) -> None:
    first = described(
        1,
        dataset_dates={
            "created": "2026-01-06T06:00:00Z",
            "updated": "2026-01-06T20:00:00Z",
        },
    )
    await armor.add(1, **first)
    changes = {
        "dataset_dates": first["dataset_dates"] | {"updated": LATER},
        "temporal_spread": {
            "start_date": "2018-01-01T00:00:00Z",
            "end_date": "2018-12-31T23:59:59Z",
        },
    }
    await armor.add(1, **first | changes)

    noumea = ZoneInfo("Pacific/Noumea")
    present, _ = await read_steps(
        portal_database, armor, uuid.UUID(first["global_id"]), noumea
    )
    change_by_field = changed_fields(present)

    assert change_by_field["updated"] == (
        ("7 Jan 2026, 07:00",),
        ("3 Nov 2026, 21:00",),
    )
    assert change_by_field["period"][1] == ("1 Jan 2018 – 31 Dec 2018",)


async def test_each_field_that_changes_is_said_in_words(
    armor: Catalogue, portal_database: Database
) -> None:
    first = described(
        1,
        keywords=["vélo", "compteur"],
        temporal_spread={"start_date": "2019-01-01T00:00:00Z"},
    )
    await armor.add(1, **first)
    files = [first["available_formats"][0] | {"file_size": 50_000_000}]
    changes: dict[str, Any] = {
        "resource_title": "Comptages des vélos",
        "keywords": ["vélo", "mobilité"],
        "theme": "environment",
        "available_formats": files,
        "summary": [
            {
                "lang": "fr",
                "text": "Passages relevés par 70 compteurs sur les pistes cyclables. Chaque heure.",
            }
        ],
        "dataset_dates": {"created": "2026-01-06T06:00:00Z", "updated": LATER},
        "temporal_spread": {"start_date": "2018-01-01T00:00:00Z"},
        "access_condition": first["access_condition"]
        | {"licence": {"licence_type": "STANDARD", "licence_label": "odbl-1.0"}},
    }
    await armor.add(1, **first | changes)

    present, before = await read_steps(
        portal_database, armor, uuid.UUID(first["global_id"])
    )
    change_by_field = changed_fields(present)

    assert (present.number, before.number, before.changes) == (2, 1, None)
    assert change_by_field["title"] == (("Comptages vélo",), ("Comptages des vélos",))
    assert change_by_field["keywords"] == (("compteur",), ("mobilité",))
    assert change_by_field["theme"] == (
        ("Mobility and transport",),
        ("Nature and environment",),
    )
    assert change_by_field["licence"] == (
        ("Open Licence 2.0 (Etalab)",),
        ("Open Database License 1.0 (ODbL)",),
    )
    assert change_by_field["summary"][1] == (
        "Passages relevés par 70 compteurs sur les pistes cyclables.",
        "Chaque heure.",
    )
    assert change_by_field["files"] == (
        (first["available_formats"][1]["media_name"],),
        (),
    )
    assert "48.2\N{NO-BREAK SPACE}MB" in change_by_field["file"][0][0]
    assert "50\N{NO-BREAK SPACE}MB" in change_by_field["file"][1][0]
    assert "3 Nov 2026" in change_by_field["updated"][1][0]
    assert "2019" in change_by_field["period"][0][0]


async def test_the_same_description_again_is_no_version(
    armor: Catalogue, portal_database: Database
) -> None:
    first = described(1)
    await armor.add(1, **first)
    await armor.add(1, **first | {"metadata_info": first["metadata_info"] | {"metadata_dates": {"created": LATER, "updated": LATER}}})  # fmt: skip

    assert (
        len(await read_steps(portal_database, armor, uuid.UUID(first["global_id"])))
        == 1
    )


async def test_people_are_not_kept(armor: Catalogue, portal_database: Database) -> None:
    contact = {
        "contact_id": str(uuid.uuid4()),
        "contact_name": "Camille Ancien",
        "email": "ancien@armor.example",
    }
    first = described(1, contacts=[contact])
    first["metadata_info"] |= {"metadata_contacts": [contact]}
    await armor.add(1, **first)
    await armor.add(1, global_id=first["global_id"], resource_title="Autre titre")

    async with portal_database.session(armor.territory.id) as session:
        past_descriptions = str(
            (await session.scalars(select(PastDescription.record))).all()
        )
        whole = await session.scalar(
            text("SELECT string_agg(d::text, ' ') FROM app.dataset d")
        )
        whole += str((await session.scalars(select(Dataset.record))).all())

    assert "Comptages vélo" in past_descriptions
    assert "Autre titre" in whole
    assert "ncien" not in past_descriptions
    assert "ncien" not in whole


@pytest.mark.thorough
async def test_only_so_many_are_kept(
    armor: Catalogue, portal_database: Database
) -> None:
    first = described(1)
    async with portal_database.session(armor.territory.id) as session:
        for number in range(MOST_KEPT + 4):
            await armor.add_in(
                session, 1, **first | {"resource_title": f"Titre {number}"}
            )

    steps = await read_steps(portal_database, armor, uuid.UUID(first["global_id"]))

    assert [steps[0].number, steps[-1].number, len(steps)] == [
        MOST_KEPT + 4,
        4,
        MOST_KEPT + 1,
    ]
    assert steps[-1].changes is None
    assert changed_fields(steps[0])["title"] == (
        (f"Titre {MOST_KEPT + 2}",),
        (f"Titre {MOST_KEPT + 3}",),
    )


async def test_a_withdrawal_takes_them_away(
    armor: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1)
    await armor.add(1, global_id=str(record.id), resource_title="Autre titre")
    await armor.withdraw(record)

    async with portal_database.session(armor.territory.id) as session:
        assert (
            await session.scalar(select(func.count()).select_from(PastDescription)) == 0
        )


async def test_another_territory_reads_none_and_a_passer_by_writes_none(
    armor: Catalogue, elsewhere: Catalogue, portal_database: Database
) -> None:
    record = await armor.add(1)
    await armor.add(1, global_id=str(record.id), resource_title="Autre titre")

    async with portal_database.session(elsewhere.territory.id) as session:
        assert (
            await session.scalar(select(func.count()).select_from(PastDescription)) == 0
        )
    with pytest.raises(Exception, match="permission denied"):
        async with portal_database.session(
            armor.territory.id, role="public"
        ) as session:
            await session.execute(text("DELETE FROM app.past_description"))


@by_depth(("language", "words"), [("en", "Before:"), ("fr", "Avant")], by_default=[0])
async def test_the_page_says_before_and_since(
    armor: Catalogue, portal_app: Litestar, language: str, words: str
) -> None:
    record = await armor.add(1)
    await armor.add(1, global_id=str(record.id), resource_title="<b>Autre</b> titre")
    await armor.withdraw(gone := await armor.add(2))

    async with browse(portal_app, armor.territory) as visitor:
        page = await visitor.get(
            f"/data/{record.id}/history", headers={"Accept-Language": language}
        )
        dataset = await visitor.get(
            f"/data/{record.id}", headers={"Accept-Language": language}
        )
        after = await visitor.get(f"/data/{gone.id}/history")

    assert page.status_code == 200
    assert words in page.text
    assert "<del>Comptages vélo</del>" in page.text
    assert "<b>Autre" not in page.text
    assert f"/data/{record.id}/history" in dataset.text
    assert after.status_code == 410
