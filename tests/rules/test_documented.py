"""Nothing undocumented ships: settings, commands, keys of a territory and the job names stand in docs/reference."""

import re
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel

from udi.cli.main import app
from udi.portal.tenants.shape import AccountPart, HostsPart, MailPart, OrganisationPart, TerritoryPart, ThemePart
from udi.settings import Settings

REFERENCE = Path(__file__).parents[2] / "docs/reference"
PARTS: dict[str, type[BaseModel]] = {
    "territory": TerritoryPart,
    "hosts": HostsPart,
    "theme": ThemePart,
    "mail": MailPart,
    "organisation": OrganisationPart,
    "account": AccountPart,
}


def documented(page: str, pattern: str) -> set[str]:
    """What a reference page names at the start of a table row."""
    return set(re.findall(rf"^\| `({pattern})`", (REFERENCE / page).read_text(), re.MULTILINE))


def commands(group: Any, prefix: str = "") -> set[str]:
    found = set()
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            found |= commands(command, f"{prefix}{name} ")
        else:
            found.add(f"{prefix}{name}")
    return found


def test_every_setting_is_documented_with_its_words() -> None:
    names = {f"UDI_{name.upper()}" for name in Settings.model_fields}

    assert documented("settings.md", r"UDI_\w+") == names
    text = (REFERENCE / "settings.md").read_text()
    assert [field.description for field in Settings.model_fields.values() if field.description not in text] == []


def test_every_command_is_documented() -> None:
    found = {f"udi {name}" for name in commands(typer.main.get_command(app))}

    assert len(found) > 10
    assert documented("commands.md", r"udi [a-z -]+") == found


def test_every_key_of_a_territory_is_documented_with_its_words() -> None:
    keys = {f"{part}.{name}" for part, model in PARTS.items() for name in model.model_fields}

    assert documented("tenant.md", r"[a-z_.]+") == keys
    text = (REFERENCE / "tenant.md").read_text()
    undescribed = [
        f.description for model in PARTS.values() for f in model.model_fields.values() if f.description not in text
    ]
    assert undescribed == []
