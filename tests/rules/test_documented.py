"""Nothing undocumented ships: settings, commands, keys, codes, events and addresses stand in docs/reference."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from litestar import Litestar
from pydantic import BaseModel

import udi
from bench.__main__ import app as bench
from tests.rules.test_routes import addresses
from udi.cli.main import build_app
from udi.portal.tenants.toml.schema import (
    AccountPart,
    CostsPart,
    DirectoryPart,
    HostsPart,
    LoginPart,
    MailPart,
    OrganisationPart,
    ProviderClaimsPart,
    ProviderGroupPart,
    ProviderPart,
    SearchPart,
    TeamPart,
    TerritoryPart,
    ThemePart,
)
from udi.portal.tenants.toml.site_schema import (
    ArticlePart,
    BlockPart,
    FooterPart,
    LinkPart,
    PicturePart,
)
from udi.protocol.explanations import EXPLANATIONS
from udi.protocol.faults import FaultCode
from udi.settings import Settings

SOURCE = Path(udi.__file__).parent
REFERENCE = Path(__file__).parents[2] / "docs/reference"
PARTS: dict[str, type[BaseModel]] = {
    "territory": TerritoryPart,
    "hosts": HostsPart,
    "login": LoginPart,
    "login.directory": DirectoryPart,
    "login.provider": ProviderPart,
    "login.provider.groups": ProviderGroupPart,
    "login.provider.claims": ProviderClaimsPart,
    "theme": ThemePart,
    "mail": MailPart,
    "costs": CostsPart,
    "search": SearchPart,
    "organisation": OrganisationPart,
    "account": AccountPart,
    "team": TeamPart,
    "home": BlockPart,
    "menu": LinkPart,
    "footer": FooterPart,
    "article": ArticlePart,
    "picture": PicturePart,
}
EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
NOTERS = {"portal": {"record"}, "node": {"record_event", "record_audit_event"}}
"""The function that notes an event, in each program."""


def documented(page: str, pattern: str, section: str = "") -> set[str]:
    """What a reference page (or one section of it) names at the start of a table row."""
    text: str = (REFERENCE / page).read_text()
    if section:
        text = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return set(re.findall(rf"^\| `({pattern})`", text, re.MULTILINE))


def commands(group: Any, prefix: str = "") -> set[str]:
    """Every command that `--help` shows; a group is whatever has commands, since Typer has a click of its own."""
    names = set()
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            names |= commands(command, f"{prefix}{name} ")
        elif not command.hidden:
            names.add(f"{prefix}{name}")
    return names


def events(program: str) -> set[str]:
    """The names given to `record(session, actor, "<name>", …)` or `note(…)`, wherever they are called."""
    return set[str]().union(*events_by_noter(program).values())


def events_by_noter(program: str) -> dict[str, set[str]]:
    """The same, by the function that notes them."""
    paths = list((SOURCE / program).rglob("*.py"))
    return {
        noter: {name for path in paths for name in _events_of(path, {noter})}
        for noter in NOTERS[program]
    }


def _events_of(path: Path, noters: set[str]) -> Iterator[str]:
    content = path.read_text()
    if not any(noter in content for noter in noters):
        return
    for call in ast.walk(ast.parse(content)):
        if isinstance(call, ast.Call) and noters & {
            getattr(call.func, "id", ""),
            getattr(call.func, "attr", ""),
        }:
            strings = [
                node.value for node in ast.walk(call) if isinstance(node, ast.Constant)
            ]
            yield from (
                text
                for text in strings
                if isinstance(text, str) and EVENT.fullmatch(text)
            )


def test_every_setting_is_documented_with_its_words() -> None:
    names = {f"UDI_{name.upper()}" for name in Settings.model_fields}

    assert documented("settings.md", r"UDI_\w+") == names
    text = (REFERENCE / "settings.md").read_text()
    assert [
        field.description
        for field in Settings.model_fields.values()
        if (field.description or "") not in text
    ] == []


def test_every_command_is_documented() -> None:
    product = commands(typer.main.get_command(build_app())) - {"bench"}
    measures = commands(typer.main.get_command(bench), "bench ")
    names = {f"udi {name}" for name in product | measures}

    assert {"udi node add", "udi bench pages"} <= names
    assert documented("commands.md", r"udi [a-z -]+") == names


def test_every_key_of_a_territory_is_documented_with_its_words() -> None:
    keys = {
        f"{part}.{name}" for part, model in PARTS.items() for name in model.model_fields
    }

    assert documented("tenant.md", r"[a-z_.]+") == keys
    text = (REFERENCE / "tenant.md").read_text()
    undescribed = [
        f.description
        for model in PARTS.values()
        for f in model.model_fields.values()
        if (f.description or "") not in text
    ]
    assert undescribed == []


def test_every_code_is_documented_with_its_meaning_and_remedy() -> None:
    assert documented("protocol.md", r"ERR-\d+") == {code.value for code in FaultCode}
    text = (REFERENCE / "protocol.md").read_text()
    assert [
        code
        for code, explanation in EXPLANATIONS.items()
        if f"| {explanation.meaning} | {explanation.remedy} |" not in text
    ] == []


def test_every_event_is_documented() -> None:
    for program, section in (("portal", "Portal"), ("node", "Node")):
        event_names = events(program)

        assert len(event_names) > 5
        assert documented("events.md", EVENT.pattern, section) == event_names


def test_journal_lines_whose_subject_is_a_person_are_named() -> None:
    """Whoever collects the journal is told which lines name somebody besides who did it."""
    text = (REFERENCE.parent / "how-to/collect-the-log.md").read_text()
    [row] = [line for line in text.splitlines() if line.startswith("| `subject` |")]
    portal = (REFERENCE / "events.md").read_text().partition("\n## Node")[0]
    names = re.findall(r"^\| `([\w.]+)` \|[^|]*\| person \|", portal, re.MULTILINE)

    assert len(names) > 5
    assert [
        name
        for name in names
        if f"`{name}`" not in row and f"`{name.partition('.')[0]}.…`" not in row
    ] == []


async def test_every_address_is_documented(
    portal_app: Litestar, node_app: Litestar
) -> None:
    both = documented("routes.md", r"[A-Z]+ /[^`]*", "Both")
    for program, served, section in (
        ("portal", portal_app, "Portal"),
        ("node", node_app, "Node"),
    ):
        routes = {address.partition(" ")[2] for address in addresses(served, program)}

        assert documented("routes.md", r"[A-Z]+ /[^`]*", section) | both == routes
