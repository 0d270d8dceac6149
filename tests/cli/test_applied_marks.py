"""Which territories are left alone: those whose last apply was of the same files, program, settings and keys, and undone by nobody."""

import dataclasses
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import udi
from tests.cluster import write_secrets
from udi.cli.applied_marks import AppliedMarks, WrittenRow, make_mark
from udi.portal.tenants.files import TenantFolder, read_folder
from udi.settings import Settings

DEMO = Path(__file__).parents[2] / "tenants/demo"
MOMENTS = [datetime(2026, 11, day, 4, 15, tzinfo=UTC) for day in (24, 25)]
LATER = timedelta(microseconds=1)
DIRECTORY = """
[[login.directory]]
name = "staff"
kind = "ldap"
address = "ldaps://ldap.town.example"
people = "ou=people,dc=town,dc=example"
bind_dn = "cn=reader,dc=town,dc=example"
domain = "town.example"
"""
PROVIDER = """
[[login.provider]]
name = "town"
kind = "oidc"
label = {fr = "Ville"}
issuer = "https://id.town.example"
client_id = "udi"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation of its own, with the credential of the hosted node of one territory."""
    settings = Settings(state=tmp_path, demo=False)
    write_secrets(settings.secrets_folder)
    (settings.secrets_folder / "node_credential_demo").write_text("credential")
    return settings


@pytest.fixture
def folder() -> TenantFolder:
    """Its files."""
    return read_folder(DEMO)


def mark(settings: Settings, folder: TenantFolder) -> AppliedMarks:
    """What there is after a whole apply of this folder with these settings."""
    portal, node = (
        {folder.tenant_id: WrittenRow(folder.fingerprint, moment)} for moment in MOMENTS
    )
    marks = {f"{folder.slug}-node-hosted": make_mark(settings, folder, MOMENTS)}
    return AppliedMarks(settings, portal, node, marks)


def test_a_territory_that_was_applied_with_the_same_is_known(
    settings: Settings, folder: TenantFolder
) -> None:
    marks = mark(settings, folder)

    assert marks.has(folder)
    assert [len(value) for value in marks.marks.values()] == [64]


def test_what_differs_by_process_or_names_every_territory_changes_no_mark(
    settings: Settings, folder: TenantFolder
) -> None:
    """The worker of the installation has its own folders; a territory more is one host name more."""
    other = settings.model_copy(
        update={
            "state": Path("/var/lib/udi-operator"),
            "secrets": settings.secrets_folder,
            "private_hosts": ["rade.example:443"],
        }
    )

    assert make_mark(other, folder, MOMENTS) == make_mark(settings, folder, MOMENTS)


Change = Callable[[AppliedMarks, TenantFolder], AppliedMarks]


def change_settings(marks: AppliedMarks, _: TenantFolder) -> AppliedMarks:
    settings = marks.settings.model_copy(update={"portal_url": "https://{host}"})
    return dataclasses.replace(marks, settings=settings)


def change_key(name: str) -> Change:
    def act(marks: AppliedMarks, _: TenantFolder) -> AppliedMarks:
        (marks.settings.secrets_folder / name).write_text("another")
        return marks

    return act


def remove_credential(marks: AppliedMarks, _: TenantFolder) -> AppliedMarks:
    (marks.settings.secrets_folder / "node_credential_demo").unlink()
    return marks


def write_row(register: str, **values: Any) -> Change:
    def act(marks: AppliedMarks, folder: TenantFolder) -> AppliedMarks:
        row = getattr(marks, register)[folder.tenant_id]
        changed: dict[str, Any] = {
            register: {folder.tenant_id: dataclasses.replace(row, **values)}
        }
        return dataclasses.replace(marks, **changed)

    return act


def remove_row(register: str) -> Change:
    empty: dict[str, Any] = {register: {}}
    return lambda marks, _: dataclasses.replace(marks, **empty)


def remove_mark(marks: AppliedMarks, _: TenantFolder) -> AppliedMarks:
    return dataclasses.replace(marks, marks={})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(change_settings, id="settings"),
        pytest.param(change_key("portal_client_key"), id="key of the portal"),
        pytest.param(change_key("node_client_key"), id="key of the node"),
        pytest.param(remove_credential, id="credential"),
        pytest.param(
            write_row("portal", written_at=MOMENTS[0] + LATER), id="portal written"
        ),
        pytest.param(
            write_row("node", written_at=MOMENTS[1] + LATER), id="node written"
        ),
        pytest.param(write_row("portal", fingerprint="x"), id="page published"),
        pytest.param(write_row("node", fingerprint="x"), id="files of the node"),
        pytest.param(remove_row("portal"), id="not on the portal"),
        pytest.param(remove_row("node"), id="not on the node"),
        pytest.param(remove_mark, id="client made anew"),
    ],
)
def test_what_changed_since_has_it_applied_again(
    settings: Settings, folder: TenantFolder, change: Change
) -> None:
    before = mark(settings, folder)
    assert before.has(folder)

    assert not change(before, folder).has(folder)


def test_other_files_are_applied(
    settings: Settings, folder: TenantFolder, tmp_path: Path
) -> None:
    files = {**folder.files, "legal.md": b"# Others\n"}
    other = dataclasses.replace(folder, files=files, fingerprint="of others")

    assert not mark(settings, folder).has(other)


@pytest.mark.parametrize("what", ["version", "release"])
def test_another_program_applies_all_again(
    settings: Settings,
    folder: TenantFolder,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    marks = mark(settings, folder)

    if what == "version":
        monkeypatch.setattr(udi, "__version__", "9.9.9")
    else:
        monkeypatch.setattr(udi, "__file__", "/opt/udi/releases/another/udi.py")

    assert not marks.has(folder)


@pytest.mark.parametrize("part", [PROVIDER, DIRECTORY], ids=["provider", "directory"])
def test_a_territory_of_which_others_know_more_has_no_mark(
    settings: Settings, tmp_path: Path, part: str
) -> None:
    """What an identity service of others announces may change, and no file tells it."""
    path = Path(shutil.copytree(DEMO, tmp_path / "town"))
    declared = (DEMO / "tenant.toml").read_text()
    (path / "tenant.toml").write_text(
        declared.replace('slug = "demo"', 'slug = "town"') + part
    )
    folder = read_folder(path)
    (settings.secrets_folder / "node_credential_town").write_text("credential")

    marks = mark(settings, folder)

    assert marks.marks == {"town-node-hosted": ""}
    assert not marks.has(folder)


def test_a_territory_with_demonstration_accounts_has_no_mark(
    settings: Settings, folder: TenantFolder
) -> None:
    marks = mark(settings.model_copy(update={"demo": True}), folder)

    assert marks.marks == {"demo-node-hosted": ""}
    assert not marks.has(folder)
