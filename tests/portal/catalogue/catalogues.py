"""Real catalogues read as content: enough of DCAT, CKAN, data.json, udata, Opendatasoft and ISO 19139 for a list of titles.

This is no harvester: what a search needs is kept (title, description, keywords, theme, date, publisher), and a file that
is none of these, or is not well formed, is passed over.
"""

import csv
import html
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyoxigraph as ox

from udi.protocol.themes import translate_theme

DCT = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
NAMES = (
    "http://xmlns.com/foaf/0.1/name",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
)
GRAPHS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
}
BASE = "http://catalogue.example/"
ISO = {
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gco": "http://www.isotc211.org/2005/gco",
}
LIBRARY = uuid.UUID("0a4f6e1c-0d3a-4f53-9d0b-6f8d4b1d2c55")
LONGEST = 2000
MOST_KEYWORDS = 30


@dataclass(frozen=True)
class Read:
    """A dataset of a catalogue, as far as search looks at it; texts by language."""

    title: str
    texts: dict[str, str]
    keywords: list[str] = field(default_factory=list)
    theme: str = ""
    modified: str = ""
    publisher: str = ""


def read_catalogues(folder: Path) -> list[Read]:
    """Every dataset of the folder, each title of one publisher once."""
    datasets: dict[tuple[str, str], Read] = {}
    for path in sorted(folder.iterdir()):
        for read in _read(path):
            if read.title.strip():
                datasets.setdefault((read.title, read.publisher), read)
    return list(datasets.values())


def _read(path: Path) -> Iterator[Read]:
    if path.suffix == ".csv":
        yield from _opendatasoft(path)
    elif path.suffix == ".json":
        yield from _json(json.loads(path.read_text(encoding="utf-8-sig")))
    elif path.suffix in GRAPHS and not path.name.startswith("opendatasoft"):
        try:
            yield from _graph(
                list(
                    ox.parse(
                        path=str(path),
                        format=GRAPHS[path.suffix],
                        base_iri=BASE,
                        lenient=True,
                    )
                )
            )
        except (SyntaxError, ValueError):
            yield from _iso(path)


def _opendatasoft(path: Path) -> Iterator[Read]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            keywords = row["keyword"].split(",")
            texts = {row["language"] or "fr": _plain(row["description"])}
            yield Read(
                row["title"],
                texts,
                keywords,
                row["theme"],
                row["modified"],
                row["publisher"],
            )


def _json(data: Any) -> Iterator[Read]:
    if not isinstance(data, dict):
        return
    result = data.get("result", data)
    if isinstance(result, dict) and "results" in result:
        packages = result["results"]
    elif isinstance(result, dict) and isinstance(result.get("dataset"), list):
        packages = result["dataset"]
    elif isinstance(data.get("datasets"), list):
        packages = [entry.get("dataset", entry) for entry in data["datasets"]]
    else:
        packages = [result]
    for package in packages:
        if isinstance(package, dict) and isinstance(package.get("title"), str):
            yield _package(package)


def _package(package: dict[str, Any]) -> Read:
    tags = package.get("keyword") or package.get("tags") or []
    keywords = [
        tag.get("display_name", tag.get("name", "")) if isinstance(tag, dict) else tag
        for tag in tags
    ]
    owner = package.get("publisher") or package.get("organization") or {}
    if isinstance(owner, dict):
        publisher = owner.get("name") or owner.get("title") or ""
    else:
        publisher = str(owner)
    modified = (
        package.get("modified")
        or package.get("metadata_modified")
        or package.get("last_modified")
        or ""
    )
    text = _plain(package.get("notes") or package.get("description") or "")
    themes = package.get("theme") or [""]
    return Read(
        package["title"], {"": text}, keywords, str(themes[0]), str(modified), publisher
    )


def _graph(quads: list[ox.Quad]) -> Iterator[Read]:
    facts: dict[Any, dict[str, list[Any]]] = {}
    for quad in quads:
        facts.setdefault(quad.subject, {}).setdefault(quad.predicate.value, []).append(
            quad.object
        )
    for properties in facts.values():
        types = {
            kind.value
            for kind in properties.get(
                "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", []
            )
        }
        titles = [
            title
            for title in properties.get(f"{DCT}title", [])
            if isinstance(title, ox.Literal)
        ]
        if f"{DCAT}Dataset" not in types or not titles:
            continue
        texts: dict[str, str] = {}
        for text in [*titles[1:], *properties.get(f"{DCT}description", [])]:
            if isinstance(text, ox.Literal):
                texts[text.language or ""] = (
                    f"{texts.get(text.language or '', '')} {_plain(text.value)}".strip()
                )
        keywords = [
            keyword.value
            for keyword in properties.get(f"{DCAT}keyword", [])
            if isinstance(keyword, ox.Literal)
        ]
        modified = next(
            (date.value for date in properties.get(f"{DCT}modified", [])), ""
        )
        owner = facts.get(next(iter(properties.get(f"{DCT}publisher", [])), None), {})
        publisher = next(
            (name.value for key in NAMES for name in owner.get(key, [])), ""
        )
        yield Read(titles[0].value.strip(), texts, keywords, "", modified, publisher)


def _iso(path: Path) -> Iterator[Read]:
    try:
        root = ET.fromstring(path.read_bytes())  # noqa: S314 - files of the test, and expat refuses bombs
    except ET.ParseError:
        return
    for record in root.iter(f"{{{ISO['gmd']}}}MD_Metadata"):
        title = record.find(
            ".//gmd:identificationInfo//gmd:citation//gmd:title/gco:CharacterString",
            ISO,
        )
        if title is None or not title.text:
            continue
        abstract = record.find(
            ".//gmd:identificationInfo//gmd:abstract/gco:CharacterString", ISO
        )
        keywords = record.iterfind(
            ".//gmd:descriptiveKeywords//gmd:keyword/gco:CharacterString", ISO
        )
        publisher = record.find(".//gmd:organisationName/gco:CharacterString", ISO)
        yield Read(
            title.text.strip(),
            {"": _plain((abstract.text if abstract is not None else "") or "")},
            [keyword.text for keyword in keywords if keyword.text],
            publisher=(publisher.text if publisher is not None else "") or "",
        )


def _plain(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())[:LONGEST]


def as_record(read: Read, producer: uuid.UUID) -> dict[str, Any]:
    """RUDI's metadata of it, with what search does not look at made up."""
    texts = {
        language[:2] or "fr": text for language, text in read.texts.items() if text
    } or {"fr": read.title}
    supported_texts = {
        code: text
        for code, text in texts.items()
        if code in {"fr", "en", "it", "es", "de"}
    } or {"fr": read.title}
    translations = [
        {"lang": code, "text": _clean(text)} for code, text in supported_texts.items()
    ]
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-([0-2]\d)", read.modified[:10]):
        day = read.modified[:10]
    else:
        day = "2015-01-01"
    keywords = list(
        dict.fromkeys(
            _clean(word).strip()[:100]
            for word in read.keywords
            if word and word.strip()
        )
    )
    moment = {
        "created": "2010-01-01T00:00:00+00:00",
        "updated": f"{max(day, '2010-01-02')}T00:00:00+00:00",
    }
    return {
        "global_id": str(uuid.uuid5(LIBRARY, f"{read.publisher}/{read.title}")),
        "resource_title": _clean(read.title)[:150], "synopsis": [{**translation, "text": translation["text"][:150]} for translation in translations],
        "summary": translations, "theme": translate_theme(read.theme) or "location", "keywords": keywords[:MOST_KEYWORDS] or ["données"],
        "producer": {"organization_id": str(producer), "organization_name": _clean(read.publisher) or "Éditeur"},
        "contacts": [{"contact_id": str(uuid.uuid5(LIBRARY, "contact")), "contact_name": "Service", "email": "donnees@editeur.example"}],
        "available_formats": [{
            "media_type": "FILE", "media_id": str(uuid.uuid4()), "media_name": "fichier",
            "connector": {"url": "https://node.editeur.example/files/1", "interface_contract": "dwnl"},
            "file_type": "text/csv", "file_size": 1000, "checksum": {"algo": "SHA-256", "hash": "9f2c71" + "0" * 58},
        }],
        "resource_languages": ["fr"], "dataset_dates": moment, "storage_status": "online",
        "access_condition": {
            "licence": {"licence_type": "STANDARD", "licence_label": "etalab-2.0"},
            "confidentiality": {"restricted_access": False, "gdpr_sensitive": False},
        },
        "metadata_info": {"api_version": "1.4.1", "metadata_dates": moment},
    }  # fmt: skip


def _clean(text: str) -> str:
    return " ".join(
        "".join(sign if sign.isprintable() else " " for sign in text).split()
    )
