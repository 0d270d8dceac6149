"""Datasets pushed as a node pushes them, and the time that searching them takes."""

import asyncio
import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from statistics import quantiles
from typing import Any

import httpx

from udi.cli.local.errors import LocalError
from udi.portal.tenants.files import TenantFolder
from udi.settings import Settings

WORDS = (
    "arbres", "vélos", "écoles", "budget", "eau", "bruit", "marchés", "stationnement", "compteurs", "logements",
    "associations", "déchets", "piscines", "éclairage", "subventions", "travaux", "bibliothèques", "parcs",
)  # fmt: skip
PLACES = ("rues", "communes", "quartiers", "ports", "plages", "zones")
MOMENT = "2026-01-15T08:00:00Z"
PATIENCE = 60.0
WARMING = 10
Tell = Callable[[str], None]


def make_record(rank: int, producer: uuid.UUID, namespace: uuid.UUID) -> dict[str, Any]:
    """A RUDI record without a row behind it; the same rank gives the same one."""
    word = WORDS[rank % len(WORDS)]
    place = PLACES[rank % len(PLACES)]
    other = WORDS[rank * 7 % len(WORDS)]
    text = f"Une ligne par élément : {word} et {other}, par {place}, relevés chaque année. Série {rank}."
    media = {
        "media_type": "FILE",
        "media_id": str(uuid.uuid5(namespace, f"media {rank}")),
        "media_name": f"{word}-{rank}.csv",
        "connector": {
            "url": f"https://node.example/{word}-{rank}.csv",
            "interface_contract": "dwnl",
        },
        "file_type": "text/csv",
        "file_size": 1200,
        "checksum": {"algo": "SHA-256", "hash": "0" * 64},
    }
    contact = {
        "contact_id": str(uuid.uuid5(namespace, "contact")),
        "contact_name": "Service",
    }
    return {
        "global_id": str(uuid.uuid5(namespace, str(rank))),
        "resource_title": f"{word.capitalize()} des {place} {rank}",
        "synopsis": [{"lang": "fr", "text": text[:150]}],
        "summary": [{"lang": "fr", "text": text}],
        "theme": "environment",
        "keywords": [word, other],
        "producer": {
            "organization_id": str(producer),
            "organization_name": "Mairie de Banc",
        },
        "contacts": [{**contact, "email": "service@bench.example"}],
        "available_formats": [media],
        "dataset_dates": {"created": MOMENT, "updated": MOMENT},
        "storage_status": "online",
        "access_condition": {
            "licence": {"licence_type": "STANDARD", "licence_label": "etalab-2.0"},
            "confidentiality": {"restricted_access": False, "gdpr_sensitive": False},
        },
        "metadata_info": {"api_version": "1.4.1"},
    }


async def measure(
    settings: Settings,
    folders: Sequence[TenantFolder],
    *,
    datasets: int,
    requests: int,
    tell: Tell,
) -> list[dict[str, Any]]:
    """Push to each territory, then ask them in turn, so that what else the machine does weighs on all alike."""
    clients = [_client(settings, folder) for folder in folders]
    try:
        for folder, client in zip(folders, clients, strict=True):
            await _push(settings, folder, client, datasets)
            tell(f"{folder.slug}: {datasets} datasets pushed and found")
        times: list[list[float]] = [[] for _ in clients]
        questions = _questions()
        for _ in range(requests + WARMING):
            question = next(questions)
            for client, spent in zip(clients, times, strict=True):
                spent.append(await _ask(client, question))
    finally:
        for client in clients:
            await client.aclose()
    return [
        _figures(folder, spent[WARMING:])
        for folder, spent in zip(folders, times, strict=True)
    ]


def _client(settings: Settings, folder: TenantFolder) -> httpx.AsyncClient:
    host = f"{folder.file.hosts.portal[0]}:{settings.port(0)}"
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{settings.port(0)}",
        headers={"Host": host},
        timeout=PATIENCE,
        trust_env=False,
    )


def _questions() -> Iterator[dict[str, str]]:
    """Never the same twice: the portal keeps its answers."""
    for rank in itertools.count():
        yield {"q": f"{WORDS[rank % len(WORDS)]} {PLACES[rank % len(PLACES)]} {rank}"}


async def _ask(client: httpx.AsyncClient, question: dict[str, str]) -> float:
    started = time.perf_counter()
    answer = await client.get("/api/v1/datasets", params=question)
    spent = time.perf_counter() - started
    answer.raise_for_status()
    return spent


async def _push(
    settings: Settings, folder: TenantFolder, client: httpx.AsyncClient, datasets: int
) -> None:
    credential = (
        f"{folder.slug}-node-hosted",
        settings.secret(f"node_credential_{folder.slug}"),
    )
    producer = folder.organisation_id(folder.file.organisation[0])
    granted = await client.post(
        "/oauth2/token", data={"grant_type": "client_credentials"}, auth=credential
    )
    granted.raise_for_status()
    headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}
    for rank in range(datasets):
        record = make_record(rank, producer, folder.tenant_id)
        answer = await client.post("/kalim/v1/resources", json=record, headers=headers)
        if not answer.is_success:
            raise LocalError(
                f"The portal refuses a record ({answer.status_code})",
                answer.text[:300].rstrip("."),
            )
    await _wait_until_found(client, datasets)


async def _wait_until_found(client: httpx.AsyncClient, datasets: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while (await client.get("/api/v1/datasets")).json()["total"] < datasets:
        if time.monotonic() > deadline:
            raise LocalError(
                f"The search did not show {datasets} datasets within {PATIENCE:.0f} s",
                "see `udi doctor`",
            )
        await asyncio.sleep(0.2)


def _figures(folder: TenantFolder, seconds: list[float]) -> dict[str, Any]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {
        "territory": folder.slug,
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
    }
