"""A table made harmless, in a process of its own: the new file, and what is understood of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from udi.kit.errors import InvalidError
from udi.tabular.columns.column import TypedColumn
from udi.tabular.personal.anonymisation import apply_treatments
from udi.tabular.personal.treatments import Treatment
from udi.tabular.profiles.profile import profile_path

Json = dict[str, Any]


@dataclass(frozen=True)
class TreatmentResult:
    """What the child answers, as plain JSON; `refused` when it made nothing."""

    treated: Json = field(default_factory=dict)
    profile: Json = field(default_factory=dict)
    refused: str = ""


def anonymise_table(
    table: Path,
    columns: Sequence[TypedColumn],
    treatments: Sequence[Treatment],
    target: Path,
    name: str,
    key: bytes,
    *,
    has_own_places: bool,
) -> TreatmentResult:
    """Write a typed table as CSV to `target` with what the person chose done; `name` is the new file's.

    `has_own_places`: the file is a map, whose places are in no other column.
    """
    try:
        treated = apply_treatments(
            table, columns, treatments, target, key, has_own_places=has_own_places
        )
    except InvalidError as error:
        return TreatmentResult(refused=error.refusals[0].reason)
    return TreatmentResult(treated.as_json(), profile_path(target, name).as_json())
