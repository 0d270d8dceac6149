"""Running a command as an operator does, on the test's own parts."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.environments import write_copying_python
from tests.identity.scene import provision
from udi.cli import (
    costs,
    journal,
    key,
    node,
    outlines,
    producer,
    producer_files,
    tenant,
    tenant_apply,
    tenant_check,
    tenant_start,
    tenant_versions,
)
from udi.cli.main import build_app
from udi.cli.upgrade import install
from udi.kit.tenancy import Territory
from udi.portal.identity.provision import admin
from udi.settings import Settings

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def command_settings(settings: Settings) -> Settings:
    """What the commands read; a test that needs others overrides this."""
    return settings


@pytest.fixture
def run(command_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`await run("tenant", "list")`: the command's result; it may speak to a program of this test meanwhile."""
    return make_run(command_settings, monkeypatch)


def make_run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """How commands are run with these settings, until the patch is undone."""
    modules = (
        costs,
        journal,
        key,
        producer_files,
        node,
        outlines,
        producer,
        tenant,
        tenant_apply,
        tenant_check,
        tenant_start,
        tenant_versions,
    )
    for module in modules:
        monkeypatch.setattr(module, "get_settings", lambda: settings)

    async def invoke(*arguments: str | Path) -> Result:
        words = [str(argument) for argument in arguments]
        app = build_app(words[0])
        return await asyncio.to_thread(CliRunner().invoke, app, words)

    return invoke


@pytest.fixture
async def known(keycloak: Settings, demo: Territory) -> Territory:
    """A territory that Keycloak knows too, with the organisations `mairie` and `seve`."""
    await asyncio.to_thread(provision, admin.connect(keycloak), keycloak, demo)
    return demo


@pytest.fixture
def copied_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A release is installed in a copy of an environment; that Python makes one is another test's."""
    python = write_copying_python(tmp_path / "copying/python3")
    monkeypatch.setattr(install, "BASE_PYTHON", python)
