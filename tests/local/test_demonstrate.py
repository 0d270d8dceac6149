"""`udi demonstrate`: content that the territory's files carry, published where `udi up` runs and nowhere else."""

import tomllib

import pytest
from typer.testing import CliRunner

from tests.stage import DEMO
from udi.cli.demonstration import commands
from udi.cli.demonstration.content import (
    Content,
    find_content,
    read_content,
)
from udi.cli.local.state import lock_state
from udi.cli.main import build_app
from udi.settings import Settings


@pytest.fixture
def content() -> Content:
    folder = find_content(DEMO)
    assert folder is not None
    return read_content(folder)


@pytest.fixture
def published(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The installations whose demonstration the command publishes."""
    installations: list[Settings] = []

    async def publish_content(new_settings: Settings) -> None:
        installations.append(new_settings)

    monkeypatch.setattr(commands, "get_settings", lambda: settings)
    monkeypatch.setattr(commands, "publish_content", publish_content)
    return installations


def test_demonstrate_publishes_nothing_where_udi_up_does_not_run(
    published: list[Settings],
) -> None:
    refused = CliRunner().invoke(build_app("demonstrate"), ["demonstrate"])

    assert refused.exit_code == 1
    assert "does not run here" in refused.output
    assert published == []


def test_demonstrate_publishes_where_udi_up_runs(
    settings: Settings, published: list[Settings]
) -> None:
    with lock_state(settings):
        done = CliRunner().invoke(build_app("demonstrate"), ["demonstrate"])

    assert done.exit_code == 0
    assert [entry.state for entry in published] == [settings.state]


def test_content_names_accounts_and_spaces_of_its_territory(content: Content) -> None:
    territory = tomllib.loads((DEMO / "tenant.toml").read_text())
    accounts = {part["username"] for part in territory["account"]}
    spaces = {part["slug"] for part in territory["organisation"]}
    files = {dataset.file for dataset in content.datasets}
    parts = [*content.datasets, *content.projects, content.call, content.data_request,
             content.application, content.policy, content.access_request]  # fmt: skip

    assert content.datasets
    assert all(part is not None and part.account in accounts for part in parts)
    assert {dataset.space for dataset in content.datasets} <= spaces
    assert content.policy is not None
    assert content.access_request is not None
    assert {content.policy.dataset, content.access_request.dataset} <= files
