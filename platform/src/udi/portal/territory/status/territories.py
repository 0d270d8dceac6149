"""What is measured of each territory apart: its pages and its hosted node, in a file of its own on this machine."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from udi.kit.tenancy import Territory
from udi.portal.territory.status.record import (
    FOLDER,
    MINUTE,
    PartState,
    ServicePart,
    StatusRecord,
    add_measure,
    load_file,
    write_file,
)
from udi.settings import Settings

TERRITORIES = "territories"
OWN_PARTS = (ServicePart.PAGES, ServicePart.NODE)
"""What one territory may miss while the others have it: its host name, its certificate, its node."""
TURN = 40
"""How many territories are measured in one minute; more of them take turns."""


def choose_turn(
    territories: Sequence[Territory], moment: datetime
) -> tuple[list[Territory], int]:
    """Those whose turn it is in this minute, and every how many minutes theirs comes."""
    turns = max(1, -(-len(territories) // TURN))
    turn = int(moment.timestamp() // MINUTE.total_seconds()) % turns
    return list(territories[turn::turns]), turns


def keep_measure(
    settings: Settings,
    slug: str,
    states: dict[ServicePart, PartState],
    moment: datetime,
    every: int,
) -> None:
    """Add what was found of a territory to its file."""
    path = _find_folder(settings) / f"{slug}.json"
    record = add_measure(load_file(path), states, moment, None, every)
    write_file(path, record)


def read_territory(settings: Settings, slug: str) -> StatusRecord:
    """What was measured of a territory; an empty record where nothing was, or where it cannot be read."""
    try:
        return load_file(_find_folder(settings) / f"{slug}.json")
    except (OSError, msgspec.MsgspecError):
        return StatusRecord()


def list_measured(settings: Settings) -> list[str]:
    """The slugs of the territories that this machine measures."""
    return sorted(path.stem for path in _find_folder(settings).glob("[!.]*.json"))


def forget_others(settings: Settings, territories: Sequence[Territory]) -> None:
    """Remove the files of territories that are not among these: those that are here no more."""
    slugs = {territory.slug for territory in territories}
    for slug in set(list_measured(settings)) - slugs:
        (_find_folder(settings) / f"{slug}.json").unlink(missing_ok=True)


def join_records(
    shared: StatusRecord, territory_record: StatusRecord, moment: datetime
) -> StatusRecord:
    """The record that a territory shows: its own parts where they were measured, else those of the installation."""
    parts = [part for part in OWN_PARTS if part in territory_record.states]
    states = {part.value: territory_record.state_of(part, moment) for part in parts}
    days = {part.value: territory_record.days.get(part, {}) for part in parts}
    return msgspec.structs.replace(
        shared, states=shared.states | states, days=shared.days | days
    )


def _find_folder(settings: Settings) -> Path:
    return settings.state / FOLDER / TERRITORIES
