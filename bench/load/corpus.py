"""Records of a made-up catalogue, as a node would push them: read from a corpus of descriptions, one JSON object each."""

import importlib.util
import random
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid5

from udi.cli.local.errors import LocalError

THEMES = {
    "agriculture": "environment", "economy": "economy", "education": "education", "energy": "energyNetworks",
    "environment": "environment", "government": "citizenship", "health": "health", "justice": "society",
    "population": "society", "regions": "townPlanning", "science": "location", "transport": "transportation",
}  # fmt: skip
LICENCES = {
    "fr-lo": "etalab-2.0",
    "odc-odbl": "odbl-1.0",
    "cc-zero": "public-domain-cc0",
}
SERVICES = {"WMS": "wms", "WFS": "wfs"}
MEDIA_TYPES = {"SHP": "application/vnd.shp"}
MAP = {
    "versions": "1.3.0",
    "layer": "all",
    "default_crs": "EPSG:4326",
    "formats": "image/png",
}
SYNOPSIS = 150
Entry = Mapping[str, Any]


class Corpus:
    """The descriptions that a script makes from a seed: `record(i, producers)` depends on its rank alone.

    Raises:
        LocalError: the script is not there, or does not make descriptions.
    """

    def __init__(self, script: Path) -> None:
        self._module = _load(script)
        self._producers: list[dict[str, Any]] = self._module.producers()

    @property
    def producers(self) -> list[str]:
        """Their slugs."""
        return [str(producer["id"]) for producer in self._producers]

    def entries(self, first: int, last: int) -> Iterator[Entry]:
        """Descriptions `first` to `last`, the last not included."""
        return (
            self._module.record(rank, self._producers) for rank in range(first, last)
        )


def _load(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("corpus", script)
    if spec is None or spec.loader is None or not script.is_file():
        raise LocalError(
            f"There is no corpus at {script}",
            "give the path of corpus.py with --corpus",
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "record") or not hasattr(module, "producers"):
        raise LocalError(
            f"{script} makes no descriptions",
            "it needs the functions producers() and record()",
        )
    return module


def as_rudi(
    entry: Entry, producers: Mapping[str, UUID], namespace: UUID
) -> dict[str, Any]:
    """The RUDI record of a description; `namespace` makes its identifiers those of one territory."""
    moment = {"created": f"{entry['start']}T00:00:00Z", "updated": entry["modified"]}
    west, south, east, north = entry["bbox"]
    box = {
        "west_longitude": west, "south_latitude": south, "east_longitude": east, "north_latitude": north,
    }  # fmt: skip
    return {
        "global_id": str(uuid5(namespace, entry["id"])),
        "resource_title": entry["title_fr"],
        "synopsis": _texts(entry, SYNOPSIS),
        "summary": _texts(entry),
        "theme": THEMES[entry["theme"]],
        "keywords": entry["keywords"],
        "producer": {
            "organization_id": str(producers[entry["producer"]]),
            "organization_name": entry["producer"],
        },
        "contacts": [
            {
                "contact_id": str(uuid5(namespace, "contact")),
                "contact_name": "Service",
                "email": "service@bench.example",
            }
        ],
        "available_formats": [_media(media, namespace) for media in entry["resources"]],
        "resource_languages": ["fr", "en"],
        "temporal_spread": {
            "start_date": f"{entry['start']}T00:00:00Z",
            "end_date": f"{entry['end']}T00:00:00Z",
        },
        "geography": {"bounding_box": box},
        "dataset_dates": moment,
        "storage_status": "online",
        "access_condition": {
            "licence": _licence(entry["licence"]),
            "confidentiality": {
                "restricted_access": entry["restricted"],
                "gdpr_sensitive": False,
            },
        },
        "metadata_info": {"api_version": "1.4.1"},
    }


def _texts(entry: Entry, longest: int = 4000) -> list[dict[str, str]]:
    return [
        {"lang": language, "text": entry[f"description_{language}"][:longest]}
        for language in ("fr", "en")
    ]


def _licence(name: str) -> dict[str, Any]:
    if name in LICENCES:
        return {"licence_type": "STANDARD", "licence_label": LICENCES[name]}
    return {
        "licence_type": "CUSTOM",
        "custom_licence_label": [{"lang": "fr", "text": name}],
        "custom_licence_uri": f"https://licences.example/{name}",
    }


def _media(media: Entry, namespace: UUID) -> dict[str, Any]:
    common = {
        "media_id": str(uuid5(namespace, media["id"])),
        "media_name": media["title_fr"],
    }
    if media["format"] in SERVICES:
        parameters = [{"key": key, "value": value} for key, value in MAP.items()]
        contract = SERVICES[media["format"]]
        connector = {
            "url": media["url"],
            "interface_contract": contract,
            "connector_parameters": parameters,
        }
        return {**common, "media_type": "SERVICE", "connector": connector}
    return {
        **common,
        "media_type": "FILE",
        "connector": {"url": media["url"], "interface_contract": "dwnl"},
        "file_type": MEDIA_TYPES.get(media["format"], media["media_type"]),
        "file_size": media["bytes"],
        "checksum": {
            "algo": "SHA-256",
            "hash": sha256(media["id"].encode()).hexdigest(),
        },
    }


def questions(entries: Sequence[Entry], number: int) -> list[str]:
    """What people type: two in five a keyword, three in ten a place, three in ten both."""
    chance = random.Random("questions")  # noqa: S311 - the same questions each time are the point
    public = [entry for entry in entries if not entry["restricted"]]
    return [
        _question(chance, entry)
        for entry in chance.sample(public, min(number, len(public)))
    ]


def _question(chance: random.Random, entry: Entry) -> str:
    keyword = entry["keywords"][0]
    place = entry["title_fr"].split(" – ")[1].split(" (")[0]
    question: str = chance.choices(
        (keyword, place, f"{keyword} {place}"), weights=(4, 3, 3)
    )[0]
    return question
