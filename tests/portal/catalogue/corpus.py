"""A small catalogue made by hand, for a territory of a test: titles, words and places as producers write them."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    UUID,
    Float,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.portal.catalogue.actions import (
    DatasetOrigin,
    store_dataset,
    store_datasets,
    withdraw_dataset,
)
from udi.portal.catalogue.models import Dataset
from udi.portal.organisations.models import Organisation
from udi.protocol.record import Record, read_record

MANY = 20_000
ONE_AFTER_THE_OTHER = text(
    """
    UPDATE app.dataset SET published_at = published_at + later, described_at = described_at + later
    FROM (SELECT id, (number - cardinality(:ids)) * interval '1 microsecond' AS later
          FROM unnest(:ids) WITH ORDINALITY AS line (id, number)) AS line
    WHERE dataset.id = line.id
    """
).bindparams(bindparam("ids", type_=ARRAY(UUID)))
"""Records that are stored at once have one moment, and so no order."""
NODE = uuid.UUID("6f1f7c3e-2b1d-4c3a-9a55-0d1e2f3a4b5c")
FIRST_DAY = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
PRODUCERS = {
    "armor": "Armorine Métropole",
    "kerlevan": "Mairie de Kerlévan",
    "goeland": "Réseau Goéland",
}
# title | synopsis in French | in English | theme | keywords | producer | access | media types | licence
TABLE = (
    ("Qualité de l'air, heure par heure", "Ozone, particules et dioxyde d'azote relevés par neuf stations.",
     "Ozone, particles and nitrogen dioxide measured by nine stations.", "environment", "air pollution",
     "armor", "public", "text/csv", "etalab-2.0"),
    ("Comptages vélo", "Passages relevés par 64 compteurs sur les pistes cyclables.",
     "Counts of bicycles on 64 cycle lanes.", "transportation", "vélo mobilité", "armor", "public",
     "text/csv application/geo+json", "etalab-2.0"),
    ("Élections municipales 2026, résultats", "Voix par bureau de vote et par liste.", "", "citizenship",
     "élection vote", "kerlevan", "public", "text/csv", "etalab-2.0"),
    ("Menus des cantines", "Les repas servis dans les écoles, semaine par semaine.", "School meals, week by week.",
     "education", "cantine repas école", "kerlevan", "public", "application/json", "odbl-1.0"),
    ("Arbres d'alignement", "Essence, hauteur et état de santé des arbres le long des rues.", "Street trees.",
     "environment", "arbre nature", "kerlevan", "public", "text/csv", "odbl-1.0"),
    ("Trottinettes en libre-service", "Trottinettes disponibles, minute par minute.", "", "transportation",
     "trottinette mobilité", "goeland", "public", "application/json", "other"),
    ("Horaires de bus", "Théoriques et en temps réel, pour les 38 lignes du réseau.", "Bus timetables.",
     "transportation", "bus GTFS", "goeland", "public", "application/gtfs+zip", "odbl-1.0"),
    ("Consommation d'électricité par îlot", "Courbes au pas de 30 minutes, dix logements au moins.", "",
     "energyNetworks", "électricité énergie", "armor", "restricted", "text/csv", "etalab-2.0"),
    ("Budget primitif 2026", "Dépenses et recettes votées, par fonction.", "Voted budget.", "economy", "budget finances",
     "armor", "public", "text/csv", "etalab-2.0"),
    ("Recensement de la population", "Habitants par quartier, de 1968 à 2022.", "Population census by district.",
     "citizenship", "recensement habitants", "armor", "public", "text/csv", "etalab-2.0"),
    ("Saint-Elvin : plan local d'urbanisme", "Zonage et règlement opposables.", "", "townPlanning", "PLU zonage",
     "armor", "public", "application/geo+json", "etalab-2.0"),
    ("Données publiées par les écoles", "Effectifs déclarés à la rentrée.", "", "education", "effectifs", "kerlevan",
     "public", "text/csv", "etalab-2.0"),
)  # fmt: skip


def document(number: int = 0, **changes: Any) -> dict[str, Any]:
    """RUDI's metadata of one line of the table; `changes` by RUDI's names, `id` aside."""
    title, french, english, theme, keywords, producer, access, media, licence = TABLE[
        number
    ]
    day = (FIRST_DAY + timedelta(days=number)).isoformat()
    texts = [
        {"lang": lang, "text": text}
        for lang, text in (("fr", french), ("en", english))
        if text
    ]
    standard = {"licence_type": "STANDARD", "licence_label": licence}
    custom = {"licence_type": "CUSTOM", "custom_licence_label": [{"lang": "fr", "text": "Conditions du réseau"}],
              "custom_licence_uri": "https://goeland.example/licence"}  # fmt: skip
    return {
        "global_id": str(uuid.uuid4()), "resource_title": title, "synopsis": texts, "summary": texts, "theme": theme,
        "keywords": keywords.split(),
        "producer": {"organization_id": str(uuid.uuid4()), "organization_name": PRODUCERS[producer]},
        "contacts": [{"contact_id": str(uuid.uuid4()), "contact_name": "Service des données", "email": "donnees@armor.example"}],
        "available_formats": [_file(media_type) for media_type in media.split()],
        "resource_languages": ["fr"],
        "dataset_dates": {"created": day, "updated": day},
        "storage_status": "online",
        "access_condition": {
            "licence": custom if licence == "other" else standard,
            "confidentiality": {"restricted_access": access == "restricted", "gdpr_sensitive": False},
        },
        "metadata_info": {"api_version": "1.4.1", "metadata_dates": {"created": day, "updated": day}},
    } | changes  # fmt: skip


def described(number: int = 0, **changes: Any) -> dict[str, Any]:
    """The same without its producer, for `Catalogue.add` to describe one dataset more than once."""
    return {
        name: value
        for name, value in document(number, **changes).items()
        if name != "producer"
    }


def _file(media_type: str) -> dict[str, Any]:
    media = str(uuid.uuid4())
    return {
        "media_type": "FILE", "media_id": media, "media_name": f"tableau-{media[:4]}",
        "connector": {"url": f"https://node.armor.example/files/{media}", "interface_contract": "dwnl"},
        "file_type": media_type, "file_size": 48_200_000, "checksum": {"algo": "SHA-256", "hash": "9f2c71" + "0" * 58},
    }  # fmt: skip


@dataclass
class Catalogue:
    """The catalogue of one territory, written as its nodes would."""

    database: Database
    territory: Territory
    organisations: dict[str, uuid.UUID]

    async def add(
        self, number: int = 0, *, producer: str = "", **changes: Any
    ) -> Record:
        """Publish one line of the table (or what `changes` makes of it)."""
        async with self.database.session(self.territory.id) as session:
            return await self.add_in(session, number, producer=producer, **changes)

    async def add_in(
        self,
        session: AsyncSession,
        number: int = 0,
        *,
        producer: str = "",
        **changes: Any,
    ) -> Record:
        """The same in a transaction of the test's."""
        record = self._make_record(number, producer=producer, **changes)
        await store_dataset(session, record, node_id=NODE)
        return record

    def _make_record(
        self, number: int, *, producer: str = "", **changes: Any
    ) -> Record:
        metadata = document(number, **changes)
        slug = producer or TABLE[number][5]
        metadata["producer"] |= {"organization_id": str(self.organisations[slug])}
        return read_record(metadata)

    async def add_all(self, more: str = "") -> list[Record]:
        """Publish the whole table, one line after the other, with `more` after each title."""
        records = [
            self._make_record(number, resource_title=f"{line[0]}{more}")
            for number, line in enumerate(TABLE)
        ]
        async with self.database.session(self.territory.id) as session:
            await store_datasets(session, records, {}, origin=DatasetOrigin(NODE))
            await session.execute(
                ONE_AFTER_THE_OTHER, {"ids": [record.id for record in records]}
            )
        return records

    async def withdraw(self, record: Record) -> None:
        """Withdraw a dataset."""
        async with self.database.session(self.territory.id) as session:
            dataset = await session.get_one(Dataset, (self.territory.id, record.id))
            await withdraw_dataset(session, dataset)


async def open_catalogue(database: Database, territory: Territory) -> Catalogue:
    """A territory's catalogue, with its producers; empty when it is opened first."""
    ids = {slug: uuid.uuid5(territory.id, slug) for slug in PRODUCERS}
    organisations = [
        {
            "id": ids[slug], "slug": slug, "name": name, "summary": {"fr": f"{name}, en bref.", "en": f"{name}, in short."},
            "email": f"donnees@{slug}.example", "url": f"https://{slug}.example/", "address": "1 place du Marché",
            "producer": True, "kind": "",
        }
        for slug, name in PRODUCERS.items()
    ]  # fmt: skip
    async with database.session(territory.id) as session:
        await session.execute(
            insert_or_skip(Organisation).on_conflict_do_nothing(), organisations
        )
    return Catalogue(database, territory, ids)


async def fill_with_copies(catalogue: Catalogue) -> None:
    """Publish one line of the table, and `MANY` copies of it a second apart, whose titles come in no order."""
    await catalogue.add(0)
    original = aliased(Dataset)
    number = func.generate_series(1, MANY).table_valued("n").render_derived("number")
    later = func.make_interval(0, 0, 0, 0, 0, 0, cast(number.c.n, Float))
    changed = {
        "id": func.gen_random_uuid(), "title": func.md5(cast(number.c.n, Text)),
        "published_at": original.published_at + later, "described_at": original.described_at + later,
    }  # fmt: skip
    names = [
        column.name
        for column in Dataset.__table__.columns
        if column.name not in {"seq", "tenant_id", "title_folded"}
    ]
    values = [changed.get(name, getattr(original, name)) for name in names]
    rows = select(*values).select_from(original).join(number, literal(True))
    async with catalogue.database.session(catalogue.territory.id) as session:
        await session.execute(insert(Dataset).from_select(names, rows))
    async with catalogue.database.platform_session(role="owner") as session:
        await session.execute(text("ANALYZE app.dataset"))
