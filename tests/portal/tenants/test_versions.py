"""Versions of a territory's files: whatever pages and files do, nothing that was online is lost."""

import random
import tomllib
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tests import stage
from tests.depth import examples
from udi.kit.db import Database
from udi.kit.errors import ConflictError, InvalidError
from udi.kit.tenancy import Territory
from udi.portal.tenants import versions
from udi.portal.tenants.actions import write_register
from udi.portal.tenants.applied_files import (
    NewerVersionError,
    VersionMark,
    apply_files,
    compare_online,
)
from udi.portal.tenants.files import TenantFiles, fingerprint, read_files
from udi.portal.tenants.models import Tenant, TerritoryFile
from udi.portal.tenants.toml.tenant_toml import find_changes, set_values
from udi.settings import Settings

AUTHOR = uuid4()
HUE = ("theme", "hue")
SEED = 20261129
STEPS = examples(40, 120)
FOLDERS = 3


@dataclass
class Folder:
    """An operator's copy of the files."""

    files: dict[str, bytes]
    mark: VersionMark | None = None


@dataclass
class Journal:
    """What happened to one territory, remembered outside of the database."""

    database: Database
    territory: Territory
    online: list[dict[str, bytes]] = field(default_factory=list)
    """Every version, the first being number 1."""
    from_pages: set[int] = field(default_factory=set)

    async def check(self) -> None:
        """Every version can be read as it was, and the last is what passers-by read."""
        async with self.database.session(self.territory.id) as session:
            stored = await versions.list_versions(session, limit=1000)
            assert [version.number for version in reversed(stored)] == list(
                range(1, len(self.online) + 1)
            )
            for version in stored:
                files = await versions.read_manifest(session, version.manifest)
                assert files == self.online[version.number - 1]
        async with self.database.session(self.territory.id, role="public") as session:
            paths = await versions.list_published(session)
            read = {
                path: await versions.read_published(session, path) for path in paths
            }
        assert read == self.online[-1]


async def change_page(journal: Journal, chance: random.Random) -> None:
    hue = chance.randrange(361)
    text_ = f'+++\ntitle = "Mentions"\n+++\n{chance.random()}\n'.encode()
    async with journal.database.session(journal.territory.id) as session:
        await versions.change_draft_values(session, AUTHOR, {HUE: hue})
        path = chance.choice(["legal.md", "legal.en.md", "pages/story.fr.md"])
        await versions.change_draft(session, AUTHOR, {path: text_})


async def publish(journal: Journal) -> None:
    """Publish the draft, brought up to date where somebody published meanwhile."""
    async with journal.database.session(journal.territory.id) as session:
        draft = await versions.find_draft(session)
        if draft is None:
            return
        if draft.base != len(journal.online):
            with pytest.raises(ConflictError):
                await versions.publish_draft(session, AUTHOR, journal.territory.slug)
            draft = await versions.update_draft(session, AUTHOR)
        if draft is None:
            return
        version, folder = await versions.publish_draft(
            session, AUTHOR, journal.territory.slug
        )
    journal.online.append(dict(folder.files))
    journal.from_pages.add(version.number)


async def restore(journal: Journal, chance: random.Random) -> None:
    number = chance.randint(1, len(journal.online))
    async with journal.database.session(journal.territory.id) as session:
        if journal.online[number - 1] == journal.online[-1]:
            with pytest.raises(ConflictError):
                await versions.restore_version(
                    session, AUTHOR, journal.territory.slug, number
                )
            return
        version, folder = await versions.restore_version(
            session, AUTHOR, journal.territory.slug, number
        )
    assert folder.files == journal.online[number - 1]
    journal.online.append(dict(folder.files))
    journal.from_pages.add(version.number)


async def apply(journal: Journal, folder: Folder, *, force: bool = False) -> None:
    """Apply an operator's files; what they do not know of pages is refused."""
    async with journal.database.session(journal.territory.id, role="owner") as session:
        version = await apply_files(session, folder.files, folder.mark, force=force)
    if version is not None:
        journal.online.append(dict(folder.files))


async def pull(journal: Journal, folder: Folder) -> None:
    folder.files = dict(journal.online[-1])
    folder.mark = VersionMark(len(journal.online), fingerprint(folder.files))
    before = len(journal.online)
    await apply(journal, folder)
    assert len(journal.online) == before


async def test_no_sequence_of_pages_and_files_loses_what_was_online(
    portal_database: Database, demo: Territory
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a fixed seed is the point
    journal = Journal(portal_database, demo)
    first = stage.territory_files(demo)
    folders = [Folder(dict(first)) for _ in range(FOLDERS)]
    await apply(journal, folders[0])
    refused: list[NewerVersionError] = []
    for _ in range(STEPS):
        folder = chance.choice(folders)
        match chance.choice(["page", "publish", "restore", "edit", "apply", "pull"]):
            case "page":
                await change_page(journal, chance)
            case "publish":
                await publish(journal)
            case "restore":
                await restore(journal, chance)
            case "edit":
                text_ = f"# Charte\n\n{chance.random()}\n".encode()
                folder.files["charter.md"] = text_
            case "pull":
                await pull(journal, folder)
            case "apply":
                try:
                    await apply(journal, folder, force=chance.random() < 0.2)
                except NewerVersionError as error:
                    refused.append(error)
    await journal.check()

    assert len(journal.online) > STEPS / 6
    assert len(refused) > STEPS / 40
    assert {error.number for error in refused} <= journal.from_pages
    assert all(error.differences for error in refused)


async def test_apply_refuses_files_that_do_not_know_a_version_of_pages(
    portal_database: Database, demo: Territory
) -> None:
    journal = Journal(portal_database, demo)
    folder = Folder(stage.territory_files(demo))
    elsewhere = Folder(dict(folder.files))
    await apply(journal, folder)
    async with portal_database.session(demo.id) as session:
        await versions.change_draft_values(session, AUTHOR, {HUE: 30})
    await publish(journal)

    with pytest.raises(NewerVersionError) as caught:
        await apply(journal, folder)
    [difference] = caught.value.differences
    assert "-hue = 30" in difference.lines
    assert "+hue = 186" in difference.lines

    await pull(journal, folder)
    folder.files["theme.css"] += b":root{--radius:0}\n"
    await apply(journal, folder)
    with pytest.raises(NewerVersionError):
        await apply(journal, elsewhere)
    await apply(journal, elsewhere, force=True)
    elsewhere.files["theme.css"] += b":root{--corner:0}\n"
    await apply(journal, elsewhere)
    await journal.check()
    assert len(journal.online) == 5


async def test_a_draft_is_not_online_and_brings_its_changes_to_what_others_published(
    portal_database: Database, demo: Territory, settings: Settings
) -> None:
    await stage.apply_territory_files(portal_database, demo, settings=settings)
    async with portal_database.session(demo.id) as session:
        await versions.change_draft_values(
            session, AUTHOR, {HUE: 30, ("territory", "tagline", "fr"): "Nouveau"}
        )
        await versions.change_draft(session, AUTHOR, {"charter.md": b"# Charte\n"})
    files = stage.territory_files(demo)
    files["tenant.toml"] = files["tenant.toml"].replace(
        b"spark = 62", b"spark = 100  # of the operator"
    )
    files["legal.md"] = b"# Mentions nouvelles\n"
    async with portal_database.session(demo.id, role="public") as session:
        online = await versions.read_published(session, "charter.md")
    assert online == files["charter.md"]
    await stage.apply_territory_files(portal_database, demo, files, settings=settings)

    async with portal_database.session(demo.id) as session:
        with pytest.raises(ConflictError):
            await versions.publish_draft(session, AUTHOR, demo.slug)
    async with portal_database.session(demo.id) as session:
        await versions.update_draft(session, AUTHOR)
        _, folder = await versions.publish_draft(session, AUTHOR, demo.slug)

    assert b"spark = 100  # of the operator" in folder.files["tenant.toml"]
    assert folder.file.theme.hue == 30
    assert folder.file.territory.tagline["fr"] == "Nouveau"
    assert folder.files["charter.md"] == b"# Charte\n"
    assert folder.files["legal.md"] == b"# Mentions nouvelles\n"


async def test_publish_has_what_another_session_changed_since_the_draft_was_read(
    portal_database: Database, demo: Territory, settings: Settings
) -> None:
    await stage.apply_territory_files(portal_database, demo, settings=settings)
    async with portal_database.session(demo.id) as session:
        await versions.change_draft_values(session, AUTHOR, {HUE: 30})
    async with portal_database.session(demo.id) as session:
        draft = await versions.find_draft(session)
        async with portal_database.session(demo.id) as other:
            await versions.change_draft(other, AUTHOR, {"charter.md": b"# Charte\n"})
        _, folder = await versions.publish_draft(session, AUTHOR, demo.slug)

    assert draft is not None
    assert folder.file.theme.hue == 30
    assert folder.files["charter.md"] == b"# Charte\n"


@pytest.mark.parametrize(
    "key",
    [("hosts", "portal"), ("territory", "slug"), ("organisation",), ("login", "x")],
)
async def test_what_is_the_operators_is_refused_on_pages(
    portal_database: Database,
    demo: Territory,
    settings: Settings,
    key: tuple[str, ...],
) -> None:
    await stage.apply_territory_files(portal_database, demo, settings=settings)

    async with portal_database.session(demo.id) as session:
        with pytest.raises(InvalidError) as caught:
            await versions.change_draft_values(session, AUTHOR, {key: ["else"]})

    assert ".".join(key) in str(caught.value.refusals[0].values["names"])


async def test_publish_refuses_wrong_files_and_changes_nothing(
    portal_database: Database, demo: Territory, settings: Settings
) -> None:
    await stage.apply_territory_files(portal_database, demo, settings=settings)
    async with portal_database.session(demo.id) as session:
        await versions.change_draft(
            session, AUTHOR, {"logo.svg": b"<svg><script/></svg>"}
        )

    with pytest.raises(versions.InvalidFilesError) as caught:
        async with portal_database.session(demo.id) as session:
            await versions.publish_draft(session, AUTHOR, demo.slug)

    assert [refusal.field for refusal in caught.value.refusals] == ["logo.svg"]
    async with portal_database.session(demo.id) as session:
        assert (await versions.get_published(session)).number == 1
        assert await versions.find_draft(session) is not None
        await versions.discard_draft(session)
        stored = await session.scalar(select(func.count()).select_from(TerritoryFile))
        assert stored == len(set(stage.territory_files(demo).values()))


async def test_a_restored_version_keeps_what_is_the_operators_now(
    portal_database: Database, demo: Territory, settings: Settings
) -> None:
    files = stage.territory_files(demo)
    await stage.apply_territory_files(portal_database, demo, files, settings=settings)
    source = set_values(
        files["tenant.toml"],
        {HUE: 20, ("hosts", "portal"): [demo.hosts[0], "data.example"]},
    )
    later = files | {"tenant.toml": source}
    await stage.apply_territory_files(portal_database, demo, later, settings=settings)

    async with portal_database.session(demo.id) as session:
        version, folder = await versions.restore_version(session, AUTHOR, demo.slug, 1)

    assert version.restored == 1
    assert find_changes(source, folder.files["tenant.toml"]) == {HUE: 186}


async def test_the_register_follows_and_the_role_of_pages_writes_nothing_else(
    portal_database: Database, demo: Territory, other: Territory, settings: Settings
) -> None:
    await stage.apply_territory_files(portal_database, demo, settings=settings)
    async with portal_database.session(demo.id) as session:
        await versions.change_draft_values(session, AUTHOR, {HUE: 301})
        _, folder = await versions.publish_draft(session, AUTHOR, demo.slug)
        await write_register(session, folder, settings)

    async with portal_database.platform_session() as session:
        row = (await session.scalars(select(Tenant).where(Tenant.id == demo.id))).one()
    assert row.theme["hue"] == 301
    assert row.fingerprint == fingerprint(folder.files)
    assert row.hosts == list(demo.hosts)
    async with portal_database.session(demo.id) as session:
        changed = await session.execute(
            text(
                "UPDATE platform.territory SET contact = 'x@y.example' WHERE id = :id"
            ),
            {"id": other.id},
        )
        assert changed.rowcount == 0  # type: ignore[attr-defined] # of a write
    with pytest.raises(DBAPIError):
        async with portal_database.session(demo.id) as session:
            await session.execute(text("UPDATE platform.territory SET hosts = '{}'"))


async def test_another_territory_reads_no_file(
    portal_database: Database, demo: Territory, other: Territory, settings: Settings
) -> None:
    await stage.apply_territory_files(portal_database, demo, settings=settings)
    async with portal_database.session(demo.id) as session:
        await versions.change_draft(session, AUTHOR, {"legal.md": b"# not published"})

    async with portal_database.session(other.id) as session:
        assert await versions.find_published(session) is None
        assert await versions.read_published(session, "charter.md") is None
        assert (await compare_online(session, {})) == []
    async with portal_database.session(demo.id, role="public") as session:
        contents = await session.scalars(select(TerritoryFile.content))
        assert b"# not published" not in set(contents)


def test_values_are_changed_and_comments_stay(demo: Territory) -> None:
    files = stage.territory_files(demo)
    source = files["tenant.toml"]
    blocks = [{"kind": "news", "most": 3}, {"kind": "map"}]
    changes = {
        HUE: 12,
        ("theme", "chroma"): 0.5,
        ("territory", "tagline", "fr"): 'Avec "guillemets" et é',
        ("plan", "block"): blocks,
        ("territory", "box"): None,
    }

    changed = set_values(source, changes)

    assert find_changes(source, changed) == changes
    comments = [line for line in source.splitlines() if line.startswith(b"#")]
    assert [line for line in changed.splitlines() if line.startswith(b"#")] == comments
    assert find_changes(
        changed, set_values(changed, find_changes(changed, source))
    ) == (find_changes(changed, source))


TABLES = b"""\
[[login.provider]]
name = "agents"  # by the town
# as its habilitation says
kind = "proconnect"

[[login.provider]]
name = "town"
kind = "oidc"  # not SAML

[[login.provider]]
name = "last"  # of all
"""
AGENTS = {"name": "agents", "kind": "proconnect"}
TOWN = {"name": "town", "kind": "oidc"}
LAST = {"name": "last"}
TABLE_CHANGES: list[tuple[list[dict[str, str]], int]] = [
    ([AGENTS, TOWN | {"domain": "town.example"}, LAST], 4),
    ([AGENTS | {"kind": "saml"}, TOWN, LAST], 4),
    ([AGENTS, TOWN, LAST, {"name": "new"}], 4),
    ([AGENTS, LAST], 3),
    ([LAST, TOWN, AGENTS], 0),
]


@pytest.mark.parametrize(("tables", "comments"), TABLE_CHANGES)
def test_tables_of_a_list_that_do_not_change_keep_their_comments(
    tables: list[dict[str, str]], comments: int
) -> None:
    changed = set_values(TABLES, {("login", "provider"): tables})

    assert tomllib.loads(changed.decode()) == {"login": {"provider": tables}}
    assert changed.count(b"# ") == comments


def test_a_folder_is_read_from_a_mapping(demo: Territory) -> None:
    files: TenantFiles = stage.territory_files(demo)

    assert read_files(files, demo.slug).fingerprint == fingerprint(files)
