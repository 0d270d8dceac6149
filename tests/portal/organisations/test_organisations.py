"""Organisations of a territory."""

import uuid

import pytest
from sqlalchemy.exc import IntegrityError

from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.queries import (
    get_producer,
    list_producers,
    name_organisations,
)

FACTS = {"summary": {"fr": "Une commune."}, "email": "mairie@kerlevan.example"}


async def test_applying_again_changes_what_differs(
    portal_database: Database, demo: Territory
) -> None:
    identifier = uuid.uuid4()
    async with portal_database.session(demo.id) as session:
        await apply_organisation(
            session, id=identifier, slug="kerlevan", name="Kerlevan", **FACTS
        )
    async with portal_database.session(demo.id) as session:
        await apply_organisation(
            session,
            id=identifier,
            slug="kerlevan",
            name="Kerlévan",
            url="https://kerlevan.example",
            **FACTS,
        )

    async with portal_database.session(demo.id, role="public") as session:
        producer = await get_producer(session, "kerlevan")
        assert (producer.id, producer.name, producer.url) == (
            identifier,
            "Kerlévan",
            "https://kerlevan.example",
        )
        assert await list_producers(session) == [producer]
        assert await name_organisations(session, ["kerlevan", "nobody"]) == {
            "kerlevan": "Kerlévan"
        }


async def test_producers_come_by_name_and_others_do_not(
    portal_database: Database, demo: Territory
) -> None:
    async with portal_database.session(demo.id) as session:
        for slug, name, producer in (
            ("b", "zèbre", True),
            ("a", "Arbre", True),
            ("c", "Club", False),
        ):
            await apply_organisation(
                session,
                id=uuid.uuid4(),
                slug=slug,
                name=name,
                producer=producer,
                **FACTS,
            )

    async with portal_database.session(demo.id) as session:
        assert [producer.slug for producer in await list_producers(session)] == [
            "a",
            "b",
        ]
        with pytest.raises(NotFoundError):
            await get_producer(session, "c")


async def test_a_slug_belongs_to_one_organisation_of_a_territory(
    portal_database: Database, demo: Territory, other: Territory
) -> None:
    async with portal_database.session(demo.id) as session:
        await apply_organisation(
            session, id=uuid.uuid4(), slug="kerlevan", name="Kerlévan", **FACTS
        )

    with pytest.raises(IntegrityError):
        async with portal_database.session(demo.id) as session:
            await apply_organisation(
                session, id=uuid.uuid4(), slug="kerlevan", name="Autre", **FACTS
            )
    async with portal_database.session(other.id) as session:
        await apply_organisation(
            session, id=uuid.uuid4(), slug="kerlevan", name="Ailleurs", **FACTS
        )
        assert [producer.name for producer in await list_producers(session)] == [
            "Ailleurs"
        ]
