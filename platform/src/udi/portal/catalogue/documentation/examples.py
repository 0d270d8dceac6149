"""An answer of each operation, made of the types that answer."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, to_builtins

from udi.portal.catalogue.documentation.parameters import PATH
from udi.portal.catalogue.file_schemas import (
    Availability,
    DistributionChecksum,
    DistributionDetail,
)
from udi.portal.catalogue.schemas import (
    BASE,
    DatasetBatch,
    DatasetDetail,
    DatasetItem,
    DatasetPage,
    DatasetPeriod,
    FacetCount,
    Producer,
    ProducerList,
    ProducerName,
    ProducerReference,
)
from udi.portal.identity.me import Me, MyOrganisation, MyToken
from udi.portal.notifications.api import (
    DigestSettings,
    DigestSettingsChange,
    FollowingItem,
    FollowingList,
    NewFollowing,
)

DATASET = UUID(PATH["id"][2])
SLUG = PATH["slug"][2]
ORGANISATION = UUID(int=DATASET.int + 1)
MEDIA = UUID(int=DATASET.int + 2)
SHORT = {
    "fr": "Chaque arbre des rues et des parcs.",
    "en": "Each tree of streets and parks.",
}
WHEN = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
NAME = "Ville de Portelune"
REQUEST_BODIES: dict[type[Struct], Struct] = {
    NewFollowing: NewFollowing(kind="theme", target="environment"),
    DigestSettingsChange: DigestSettingsChange(rhythm="weekly"),
}
"""What each body says."""


def make_examples(origin: str) -> dict[str, Any]:
    """By operation, as the portal at `origin` would answer."""
    page = f"{origin}/data/{DATASET}"
    described: dict[str, Any] = {
        "id": DATASET,
        "title": "Arbres de la ville",
        "synopsis": SHORT,
        "theme": "environment",
        "access": "public",
        "licence": "etalab-2.0",
        "modified": WHEN,
        "published": WHEN,
        "page": page,
    }
    item = DatasetItem(
        **described,
        formats=["CSV"],
        producer=ProducerName(slug=SLUG, name=NAME),
        url=f"{BASE}/datasets/{DATASET}",
    )
    producer = _producer(origin)
    walk = f"{origin}{BASE}/datasets/all?size=100"
    answers = {
        "searchDatasets": _page(item, f"{origin}{BASE}/datasets?q=arbres"),
        "walkDatasets": DatasetBatch(
            size=100, items=[item], links={"self": walk, "first": walk}
        ),
        "readDataset": _dataset(described),
        "listProducers": ProducerList(total=1, items=[producer]),
        "readProducer": producer,
        "readMe": Me(
            name="Compte Essai",
            email="compte@portelune.example",
            organisations=[MyOrganisation(slug=SLUG, name=NAME, groups=["publishers"])],
            token=MyToken(name="tableau de bord", scopes=["profile"], expires=WHEN),
        ),
    }
    return {
        name: to_builtins(answer)
        for name, answer in (answers | _following_examples(origin)).items()
    }


def _dataset(described: dict[str, Any]) -> DatasetDetail:
    return DatasetDetail(
        **described,
        summary=SHORT,
        keywords=["arbres", "parcs"],
        languages=["fr"],
        created=WHEN,
        period=DatasetPeriod(start=WHEN, end=None),
        bbox=[-1.7, 48.0, -1.6, 48.2],
        producer=ProducerReference(id=ORGANISATION, slug=SLUG, name=NAME),
        distributions=[_file()],
        record={"global_id": str(DATASET), "resource_title": "Arbres de la ville"},
    )


def _producer(origin: str) -> Producer:
    return Producer(
        id=ORGANISATION,
        slug=SLUG,
        name=NAME,
        summary={"fr": "La commune."},
        email="donnees@portelune.example",
        website="https://portelune.example/",
        address="1 place de la Mairie",
        datasets=12,
        url=f"{BASE}/producers/{SLUG}",
        page=f"{origin}/producers/{SLUG}",
    )


def _following_examples(origin: str) -> dict[str, Any]:
    followed = FollowingItem(
        id=UUID(PATH["following_id"][2]),
        kind="theme",
        target="environment",
        title="Environnement",
        page=f"{origin}/data?theme=environment",
        gone=False,
        since=WHEN,
    )
    return {
        "listFollowed": FollowingList(total=1, most=200, items=[followed]),
        "follow": followed,
        "readRhythm": DigestSettings(rhythm="daily", next=WHEN),
        "chooseRhythm": DigestSettings(rhythm="weekly", next=WHEN),
    }


def _page(item: DatasetItem, address: str) -> DatasetPage:
    counts = {
        "theme": [FacetCount(value="environment", count=1)],
        "format": [FacetCount(value="CSV", count=1)],
    }
    links = {"self": address, "first": address, "last": address}
    return DatasetPage(
        total=1,
        page=1,
        size=8,
        items=[item],
        facets=counts,
        replaced=[],
        completed=[],
        also=[],
        prepared=True,
        links=links,
        shared=False,
        territory={"fr": "Portelune"},
    )


def _file() -> DistributionDetail:
    return DistributionDetail(
        id=MEDIA,
        kind="file",
        name="arbres.csv",
        url=f"https://node.portelune.example/files/{MEDIA}/arbres.csv",
        media_type="text/csv",
        format="CSV",
        size=48_200,
        contract="dwnl",
        checksum=DistributionChecksum(algorithm="SHA-256", value="9f2c" + "0" * 60),
        availability=Availability(
            state="reachable", since=WHEN, last_reachable=None, moved_to="", content=""
        ),
    )
