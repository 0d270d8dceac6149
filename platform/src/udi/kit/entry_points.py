"""What packages offer to this program under a name of a group: ours and those that are installed beside it.

A wheel has entry points in its metadata. A clone is run from its folder, without being installed: its own are read in its
`pyproject.toml`, where the metadata of the wheel come from. Packages beside ours are always installed.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from udi.kit.checkout import PYPROJECT

PROJECT = "udi"


class DuplicateEntryPointError(ValueError):
    """Two packages offer the same name: one of them would be ignored."""


def list_entry_points(group: str) -> list[metadata.EntryPoint]:
    """The entry points of a group by name, this project's first.

    Raises:
        DuplicateEntryPointError: a name is offered twice.
    """
    declared = sorted(_read_project(PYPROJECT, group), key=lambda point: point.name)
    guests = [
        entry_point
        for entry_point in metadata.entry_points(group=group)
        if not declared or _distribution_name(entry_point) != PROJECT
    ]
    guests.sort(key=lambda point: (_distribution_name(point) != PROJECT, point.name))
    entry_points = [*declared, *guests]
    names = [entry_point.name for entry_point in entry_points]
    for name in names:
        if names.count(name) > 1:
            values = ", ".join(
                entry_point.value
                for entry_point in entry_points
                if entry_point.name == name
            )
            raise DuplicateEntryPointError(
                f"The entry point “{name}” of “{group}” is offered twice: {values}."
            )
    return entry_points


def _distribution_name(entry_point: metadata.EntryPoint) -> str:
    if entry_point.dist is None:
        return ""
    return entry_point.dist.name


@cache
def _read_groups(pyproject: Path) -> dict[str, dict[str, str]]:
    """The groups of a clone; none where the program is installed."""
    if not pyproject.is_file():
        return {}
    project = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("project", {})
    if project.get("name") != PROJECT:
        return {}
    groups: dict[str, dict[str, str]] = project.get("entry-points", {})
    return groups


def _read_project(pyproject: Path, group: str) -> list[metadata.EntryPoint]:
    return list(_make_entry_points(_read_groups(pyproject).get(group, {}), group))


def _make_entry_points(
    values: dict[str, str], group: str
) -> Iterator[metadata.EntryPoint]:
    for name, value in values.items():
        yield metadata.EntryPoint(name, value, group)
