"""A version for a script: what was understood of its file, whether everyone sees it, else why not."""

from collections.abc import Callable
from typing import Any

from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.records.parts import part_path
from udi.node.datasets.versions.findings import is_being_read
from udi.node.datasets.versions.publishability import (
    STOPS,
    explain_stops,
    explain_waiting,
    may_publish,
)
from udi.tabular.profiles.profile import Profile

Translate = Callable[[str], str]
REMEDIES = {
    "published": "",
    "reading": "It is published as soon as its file is read, unless something prevents it.",
    "stopped": "Somebody who publishes decides, on the page of the dataset.",
    "waiting": "It waits until somebody publishes it, on the page of the dataset.",
}
"""How far the publication of a version is, and what happens next."""


def describe_publication(
    dataset: Dataset, version: Version | None, territory: Territory, say: Translate
) -> dict[str, Any]:
    """How far the publication of a version is, why (never empty), and where to look; None: of a dataset without a file."""
    page = f"{territory.origin}/datasets/{dataset.id}"
    if version is None:
        state = "published" if dataset.opened_at else "waiting"
        why = [say("None of its files is kept here: it links to data elsewhere.")]
        return {
            "state": state,
            "why": why,
            "remedy": say(REMEDIES[state]),
            "page": page,
        }
    is_requested = version.is_publication_requested and may_publish(dataset)
    state = "waiting"
    why = [say(explain_waiting(dataset, version))]
    if version.published_at is not None:
        state = "published"
        why = [say(_publication_reason(version))]
    elif is_requested and is_being_read(version):
        state = "reading"
    elif is_requested:
        state = "stopped"
        why = explain_stops(dataset, version, say) or [say(STOPS["description"])]
    return {"state": state, "why": why, "remedy": say(REMEDIES[state]), "page": page}


def _publication_reason(version: Version) -> str:
    reason = version.preparation.reason if version.preparation else ""
    if reason:
        return "Its producer said why it may be published."
    return "Nothing in it stops its publication."


def _current_path(dataset: Dataset, version: Version) -> str:
    part = dataset.find_part(version.part_id)
    if part is None:
        return f"/datasets/{dataset.id}/file"
    return part_path(part, version.file.name)


def describe_version(
    dataset: Dataset,
    version: Version,
    territory: Territory,
    say: Translate,
    *,
    changed: bool,
) -> dict[str, Any]:
    """The answer to a script that sent a file; no cell of it is quoted."""
    profile = Profile.from_json(version.profile)
    file = version.file
    return {
        "dataset": str(dataset.id),
        "version": version.number,
        "changed": changed,
        "published": version.published_at is not None,
        "publication": describe_publication(dataset, version, territory, say),
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "understood": {
            "kind": profile.label,
            "media_type": profile.media_type,
            "encoding": profile.encoding,
            "delimiter": profile.delimiter,
            "header_line": profile.header_line,
            "rows": profile.rows,
            "exact": profile.exact,
            "columns": [
                {"name": column.name, "type": column.type.value}
                for column in profile.columns
            ],
        },
        "url": f"{territory.origin}{file.path}",
        "current": territory.origin + _current_path(dataset, version),
        "page": f"{territory.origin}/datasets/{dataset.id}",
    }
