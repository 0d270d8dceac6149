"""What an archive says of its files, for others' programs: Data Package 2, DCAT-AP, RUDI's JSON, history, checksums."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from udi.node.datasets.models import DatasetPart
from udi.node.datasets.space_export.contents import (
    ArchivedDataset,
    ArchivedVersion,
    SpaceExport,
    folder_of_part,
    localised_space_name,
    portal_origin,
)
from udi.node.datasets.versions.column_units import units_of
from udi.node.datasets.versions.findings import corrections_of
from udi.protocol.catalogue import (
    Catalogue,
    CatalogueEntry,
    write_catalogue,
    write_entry,
)
from udi.protocol.licences import LICENCES
from udi.protocol.record import write_record
from udi.protocol.serialisations import group_triples, write_json_ld, write_turtle
from udi.protocol.triples import Triple
from udi.tabular.exports.data_package import table_schema

DATA_PACKAGE = "https://datapackage.org/profiles/2.0/datapackage.json"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
PYTHON_NAMES = {"Windows-1252": "cp1252", "macintosh": "mac_roman", "IBM850": "cp850"}
HISTORY = ("when", "dataset", "title", "event", "person", "detail")


def write_data_package(holding: SpaceExport) -> bytes:
    """`datapackage.json`: a resource for each version of each dataset, with its size and its SHA-256."""
    space = holding.space
    territory = holding.territory
    resources = [
        _resource(exported_dataset, exported_version)
        for exported_dataset in holding.datasets
        for exported_version in exported_dataset.versions
    ]
    package: dict[str, Any] = {
        "$schema": DATA_PACKAGE,
        "name": space.slug,
        "id": f"urn:uuid:{space.id}",
        "title": space.name,
        "homepage": f"{territory.origin}/spaces/{space.slug}",
        "contributors": [
            {"title": space.name, "email": space.email, "roles": ["publisher"]}
        ],
        "resources": resources,
    }
    return _json(package)


def _resource(
    described: ArchivedDataset, exported_version: ArchivedVersion
) -> dict[str, Any]:
    version = exported_version.version
    profile = exported_version.profile
    answers = described.dataset.description
    file = version.file
    licence = LICENCES.get(answers.get("licence", ""))
    part = described.dataset.find_part(version.part_id)
    units = profile.units if part else units_of(described.dataset, profile)
    name = f"{described.slug}-v{version.number}"
    resource: dict[str, Any] = {
        "name": f"{name}-{part.id.hex[:8]}" if part else name,
        "path": exported_version.path,
        "title": f"{described.dataset.title}: {part.title}"
        if part
        else described.dataset.title,
        "description": answers.get("summary", ""),
        "format": file.name.rpartition(".")[2].lower(),
        "mediatype": file.media_type,
        "encoding": PYTHON_NAMES.get(profile.encoding, profile.encoding.lower()),
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "version": str(version.number),
    }
    if licence is not None:
        resource["licenses"] = [
            {"name": licence.spdx or licence.code, "path": licence.url}
        ]
    if profile.is_table and profile.delimiter:
        resource |= {"type": "table", "dialect": _dialect(exported_version)}
    if profile.is_table and profile.columns:
        resource |= {
            "type": "table",
            "schema": table_schema(profile.columns, as_written=True, units=units),
        }
    if settled := corrections_of(version).lines.as_json():
        resource["settledLines"] = settled
    return {name: value for name, value in resource.items() if value != ""}


def _dialect(exported_version: ArchivedVersion) -> dict[str, Any]:
    line = exported_version.profile.header_line
    header: dict[str, Any] = (
        {"header": True, "headerRows": [line]} if line else {"header": False}
    )
    return {"delimiter": exported_version.profile.delimiter, **header}


def write_dcat(holding: SpaceExport) -> tuple[bytes, bytes]:
    """The described datasets as DCAT-AP, in Turtle and in JSON-LD."""
    triples = group_triples(_triples(holding))
    return write_turtle(triples), write_json_ld(triples)


def _triples(holding: SpaceExport) -> Iterator[Triple]:
    names = localised_space_name(holding.space, holding.territory)
    languages = tuple(holding.territory.languages)
    catalogue = Catalogue(
        origin=portal_origin(holding.territory),
        title=names,
        description=names,
        publisher=names,
        languages=languages,
    )
    yield from write_catalogue(catalogue)
    for described in holding.datasets:
        if described.record is not None:
            dataset = described.dataset
            listed = dataset.opened_at or dataset.created_at
            yield from write_entry(
                catalogue,
                CatalogueEntry(
                    record=described.record, listed=listed, described=dataset.updated_at
                ),
            )


def write_rudi(holding: SpaceExport) -> bytes:
    """The described datasets as RUDI's metadata JSON, in the form of a node's public catalogue."""
    items = [
        write_record(exported_dataset.record)
        for exported_dataset in holding.datasets
        if exported_dataset.record is not None
    ]
    return _json({"total": len(items), "items": items})


def write_answers(holding: SpaceExport) -> bytes:
    """The producer's own answers, as typed, of every dataset: drafts too; its opening view, its columns, its parts."""
    return _json(
        [
            {
                "id": str(exported_dataset.dataset.id),
                "folder": exported_dataset.folder,
                "state": exported_dataset.dataset.state,
                **exported_dataset.dataset.description,
                "opening_view": exported_dataset.dataset.default_view,
                "column_roles": exported_dataset.dataset.column_roles,
                "column_units": exported_dataset.dataset.column_units,
                **_days(
                    "file_",
                    exported_dataset.dataset.file_first_day,
                    exported_dataset.dataset.file_last_day,
                ),
                "parts": [
                    _answers_of_part(part, exported_dataset.folder)
                    for part in exported_dataset.dataset.parts
                ],
            }
            for exported_dataset in holding.datasets
        ]
    )


def _answers_of_part(part: DatasetPart, dataset_folder: str) -> dict[str, Any]:
    """What was typed of a part; `folder` is where the versions of its file are, empty for a link or a service."""
    return {
        "id": str(part.id),
        "folder": f"{dataset_folder}/{folder_of_part(part)}" if part.versions else "",
        "role": part.role,
        "title": part.title,
        **_days("", part.first_day, part.last_day),
        "address": part.address,
        "documentation": part.documentation,
        "is_public": part.is_public,
    }


def _days(prefix: str, first_day: date | None, last_day: date | None) -> dict[str, str]:
    """A period as answers write it."""
    days = {"first_day": first_day, "last_day": last_day}
    return {prefix + name: day.isoformat() if day else "" for name, day in days.items()}


def write_history(holding: SpaceExport) -> bytes:
    """Who did what, when; a person is an identifier."""
    titles = {
        exported_dataset.dataset.id: exported_dataset.dataset.title
        for exported_dataset in holding.datasets
    }
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HISTORY)
    for event in holding.events:
        if event.detail:
            detail = json.dumps(event.detail, ensure_ascii=False)
        else:
            detail = ""
        person = str(event.person_id or "")
        title = titles[event.dataset_id]
        writer.writerow(
            map(
                _escape_formula,
                (
                    event.happened_at.isoformat(),
                    str(event.dataset_id),
                    title,
                    event.action,
                    person,
                    detail,
                ),
            )
        )
    return text.getvalue().encode()


def write_sums(sums: dict[str, str]) -> bytes:
    """`SHA256SUMS`, as `sha256sum --check` reads it."""
    return "".join(f"{digest}  {path}\n" for path, digest in sums.items()).encode()


def _escape_formula(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if cell.startswith(FORMULA):
        return f"'{cell}"
    return cell


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
