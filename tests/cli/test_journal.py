"""The journal leaves as numbered, chained, signed lines: none is skipped, and what was exported stays as it is."""

import asyncio
import fcntl
import json
import os
import stat
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.cli.conftest import Run
from udi.cli.journal_files import (
    NEW_CHAIN,
    ExportScope,
    JournalExport,
    export_to_folder,
)
from udi.cli.local.errors import LocalError
from udi.kit import journal_lines
from udi.kit.db import Database
from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.hash_chain import ChainHead
from udi.kit.identity import Actor
from udi.kit.journal_lines import find_chain, number_events, stream_lines
from udi.kit.keys import Signer, new_secret, rotate_keys
from udi.kit.rows import ArchivedTable, ImportMapping, read_rows, replace_rows
from udi.kit.tenancy import INSTALLATION_ID, INSTALLATION_SLUG, Territory
from udi.portal.audit import record
from udi.portal.audit.journal import JOURNAL
from udi.portal.audit.models import AuditEvent
from udi.settings import Settings

SOMEBODY = Actor(uuid.uuid4(), "Compte de test", "somebody@people.example", "demo")

Change = Callable[[UUID, str], Awaitable[None]]


def read_refusal(printed: str) -> str:
    """Why the only territory of an export was refused."""
    [row] = json.loads(printed)
    return str(row["refusal"])


async def add_events(database: Database, territory: Territory, *names: str) -> None:
    for name in names:
        async with database.session(territory.id) as session:
            record(session, SOMEBODY, name, territory.id, node="armor")


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def list_files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def read_names(file: Path) -> list[str]:
    return [line["name"] for line in read(file)[:-1]]


async def test_lines_follow_each_other_over_files_and_are_verified(
    run: Run, portal_database: Database, demo: Territory, tmp_path: Path
) -> None:
    export = ("journal", "export", "--territory", demo.slug, "--folder", tmp_path)
    await add_events(portal_database, demo, "dataset.published", "dataset.updated")
    first = json.loads((await run(*export, "--json")).stdout)
    unchanged = await run(*export)
    await add_events(portal_database, demo, "dataset.withdrawn")
    second = json.loads((await run(*export, "--json")).stdout)

    files = [Path(row["file"]) for row in (*first, *second)]
    verified = await run("journal", "verify", *files, "--json")

    assert [row["lines"] for row in (*first, *second)] == [2, 1]
    assert "Nothing is new" in unchanged.stdout
    assert list_files(tmp_path / demo.slug) == files
    summary = json.loads(verified.stdout)
    assert (summary["faults"], summary["first"], summary["last"]) == ([], 1, 3)
    assert verified.exit_code == 0
    lines = read(files[0])
    assert lines[0]["number"] == 1
    assert lines[0]["previous"] == summary["chain"]
    assert lines[1]["previous"] == lines[0]["digest"]


async def test_a_line_holds_identifiers_and_our_own_words_alone(
    run: Run, portal_database: Database, demo: Territory, tmp_path: Path
) -> None:
    await add_events(portal_database, demo, "suggestion.turned_on", "dataset.published")

    await run("journal", "export", "--territory", demo.slug, "--folder", tmp_path)

    [file] = (tmp_path / demo.slug).iterdir()
    line, _ = read(file)
    assert set(line) == {
        "number", "previous", "territory", "program", "id", "at", "name", "actor", "subject", "facts", "digest",
    }  # fmt: skip
    assert (line["name"], line["actor"]) == (
        "dataset.published",
        str(SOMEBODY.person_id),
    )
    assert line["facts"] == {"node": "armor"}
    assert SOMEBODY.name not in file.read_text()
    assert SOMEBODY.email not in file.read_text()


async def test_what_is_committed_late_is_numbered_late_and_never_skipped(
    run: Run, portal_database: Database, demo: Territory, tmp_path: Path
) -> None:
    export = ("journal", "export", "--territory", demo.slug, "--folder", tmp_path)
    async with portal_database.session(demo.id) as slow:
        record(slow, SOMEBODY, "dataset.withdrawn", demo.id)
        await slow.flush()
        await add_events(portal_database, demo, "dataset.published")
        await run(*export)
    await run(*export)

    early, late = list_files(tmp_path / demo.slug)
    assert read_names(early) == ["dataset.published"]
    assert read_names(late) == ["dataset.withdrawn"]
    assert read(late)[0]["at"] < read(early)[0]["at"]
    assert (await run("journal", "verify", early, late)).exit_code == 0


async def test_every_territory_and_the_installation_have_a_chain_of_their_own(
    run: Run,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    owner: Change,
    tmp_path: Path,
) -> None:
    await add_events(portal_database, demo, "dataset.published")
    await add_events(portal_database, other, "dataset.updated", "dataset.withdrawn")
    async with portal_database.session(INSTALLATION_ID) as session:
        record(session, None, "territory.exported", None)
    await run("tenant", "suspend", other.slug)

    exported = await run("journal", "export", "--folder", tmp_path, "--json")

    await owner(INSTALLATION_ID, "DELETE FROM app.journal_line")
    await owner(INSTALLATION_ID, "DELETE FROM app.audit_event")
    counts = {row["territory"]: row["lines"] for row in json.loads(exported.stdout)}
    assert counts[demo.slug] == 1
    assert counts[other.slug] == 3
    assert counts[INSTALLATION_SLUG] >= 1
    [theirs] = (tmp_path / other.slug).iterdir()
    assert {line["territory"] for line in read(theirs)[:-1]} == {other.slug}


async def test_the_same_lines_are_written_again_after_any_number(
    run: Run,
    portal_database: Database,
    demo: Territory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_lines, "BATCH", 2)
    names = [f"dataset.event_{number}" for number in range(5)]
    await add_events(portal_database, demo, *names)
    export = ("journal", "export", "--territory", demo.slug, "--output")

    await run(*export, tmp_path / "all.jsonl")
    await run(*export, tmp_path / "later.jsonl", "--after", "3")
    printed = await run(*export, "-", "--after", "3")

    assert read_names(tmp_path / "all.jsonl") == names
    later = (tmp_path / "later.jsonl").read_text().splitlines()
    assert later[:-1] == (tmp_path / "all.jsonl").read_text().splitlines()[3:5]
    assert printed.stdout.splitlines()[:2] == later[:2]
    verify = ("journal", "verify", tmp_path / "later.jsonl")
    assert (await run(*verify, "--after", "3")).exit_code == 0
    unexpected = await run(*verify, "--json")
    [fault] = json.loads(unexpected.stdout)["faults"]
    assert (unexpected.exit_code, fault["number"]) == (1, 4)
    assert "begins at 4, not at 1" in fault["cause"]


async def test_a_change_is_named_with_its_file_line_and_number(
    run: Run, portal_database: Database, demo: Territory, tmp_path: Path
) -> None:
    await add_events(portal_database, demo, "dataset.published", "dataset.withdrawn")
    file = tmp_path / "portion.jsonl"
    await run("journal", "export", "--territory", demo.slug, "--output", file)
    file.write_text(file.read_text().replace("withdrawn", "published"))

    verified = await run("journal", "verify", file, "--json")
    shorter = await run("journal", "verify", file, "--last", "9", "--json")

    [fault] = json.loads(verified.stdout)["faults"]
    assert (verified.exit_code, fault["file"]) == (1, str(file))
    assert (fault["line"], fault["number"]) == (2, 2)
    assert "was changed" in fault["cause"]
    assert (
        "lines up to 9 are missing" in json.loads(shorter.stdout)["faults"][1]["cause"]
    )


async def test_published_keys_verify_elsewhere_and_after_a_rotation(
    run: Run,
    portal_database: Database,
    demo: Territory,
    settings: Settings,
    tmp_path: Path,
) -> None:
    await add_events(portal_database, demo, "dataset.published")
    file = tmp_path / "portion.jsonl"
    await run("journal", "export", "--territory", demo.slug, "--output", file)
    rotated = rotate_keys(settings.get_secret_path("signing_keys").read_text())
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps(Signer.from_secret(rotated).public_keys()))
    other_file = tmp_path / "wrong.json"
    other_file.write_text("[]")

    verified = await run("journal", "verify", file, "--keys", keys)
    refused = await run("journal", "verify", file, "--keys", other_file)

    assert verified.exit_code == 0
    assert isinstance(refused.exception, LocalError)
    assert "holds no set of keys" in str(refused.exception)


@pytest.fixture
def owner(portal_database: Database) -> Change:
    """A session that changes the database past the programs, in one territory."""

    async def change(territory: UUID, statement: str) -> None:
        async with portal_database.session(territory, role="owner") as session:
            await session.execute(text(statement))

    return change


async def test_a_restored_backup_begins_a_new_chain_by_hand(
    run: Run, portal_database: Database, demo: Territory, owner: Change, tmp_path: Path
) -> None:
    export = ("journal", "export", "--territory", demo.slug, "--folder", tmp_path)
    await add_events(portal_database, demo, "dataset.published", "dataset.updated")
    await run(*export)
    [before] = (tmp_path / demo.slug).iterdir()
    await owner(demo.id, "DELETE FROM app.journal_line WHERE number = 2")
    await owner(demo.id, "DELETE FROM app.audit_event WHERE name = 'dataset.updated'")

    fewer = await run(*export, "--json")
    await add_events(portal_database, demo, "dataset.withdrawn")
    otherwise = await run(*export, "--json")
    renewed = json.loads((await run(*export, "--new-chain", "--json")).stdout)
    unchanged = await run(*export)

    assert (fewer.exit_code, otherwise.exit_code) == (1, 1)
    assert "has 1 lines" in read_refusal(fewer.stdout)
    assert "--new-chain" in read_refusal(fewer.stdout)
    assert "does not continue" in read_refusal(otherwise.stdout)
    after = Path(renewed[0]["file"])
    assert after.name.split("-")[1] != before.name.split("-")[1]
    assert read_names(after) == ["dataset.published", "dataset.withdrawn"]
    assert (await run("journal", "verify", after)).exit_code == 0
    assert "Nothing is new" in unchanged.stdout


async def test_an_event_that_was_changed_in_the_database_is_not_exported(
    run: Run, portal_database: Database, demo: Territory, owner: Change, tmp_path: Path
) -> None:
    export = ("journal", "export", "--territory", demo.slug, "--output")
    await add_events(portal_database, demo, "dataset.published", "dataset.updated")
    await run(*export, tmp_path / "before.jsonl")

    await owner(
        demo.id,
        "UPDATE app.audit_event SET actor_id = NULL WHERE name = 'dataset.updated'",
    )
    changed = await run(*export, tmp_path / "changed.jsonl")
    await owner(demo.id, "DELETE FROM app.audit_event WHERE name = 'dataset.updated'")
    removed = await run(*export, tmp_path / "removed.jsonl")

    for result in (changed, removed):
        assert isinstance(result.exception, ConflictError)
        assert "the event of line 2" in str(result.exception)


async def test_a_file_that_was_cut_is_not_continued_and_holds_up_nobody_else(
    run: Run,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    tmp_path: Path,
) -> None:
    export = ("journal", "export", "--territory", demo.slug, "--folder", tmp_path)
    await add_events(portal_database, demo, "dataset.published")
    await run(*export)
    [file] = (tmp_path / demo.slug).iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])

    await add_events(portal_database, other, "dataset.published")
    refused = await run(*export, "--json")
    everybody = await run("journal", "export", "--folder", tmp_path)
    file.unlink()
    again = await run(*export)

    assert "does not end with a checkpoint" in read_refusal(refused.stdout)
    assert (refused.exit_code, everybody.exit_code) == (1, 1)
    [theirs] = (tmp_path / other.slug).iterdir()
    assert read_names(theirs) == ["dataset.published"]
    assert again.exit_code == 0
    assert file.read_bytes().splitlines()[0] == whole.splitlines()[0]


async def test_files_of_another_territory_or_chain_are_named(
    run: Run, portal_database: Database, demo: Territory, tmp_path: Path
) -> None:
    file = tmp_path / "portion.jsonl"
    export = ("journal", "export", "--territory", demo.slug, "--output", file)
    await add_events(portal_database, demo, "dataset.published")
    await run(*export)
    first = json.loads((await run("journal", "verify", file, "--json")).stdout)
    expected_lines = ("--territory", demo.slug, "--chain", first["chain"], "--json")
    same = await run("journal", "verify", file, *expected_lines)
    await run(*export, "--new-chain")

    renewed = await run("journal", "verify", file, *expected_lines)
    elsewhere = await run("journal", "verify", file, "--territory", "other", "--json")

    assert (same.exit_code, renewed.exit_code, elsewhere.exit_code) == (0, 1, 1)
    [chain_fault] = json.loads(renewed.stdout)["faults"]
    assert "are of the chain" in chain_fault["cause"]
    [territory_fault] = json.loads(elsewhere.stdout)["faults"]
    assert "not of «other»" in territory_fault["cause"]


async def test_the_group_of_the_folder_reads_files_whatever_the_mask(
    run: Run, portal_database: Database, demo: Territory, tmp_path: Path
) -> None:
    await add_events(portal_database, demo, "dataset.published")
    folder = tmp_path / "journal"
    mask = os.umask(0o077)
    try:
        await run("journal", "export", "--territory", demo.slug, "--folder", folder)
    finally:
        os.umask(mask)

    [file] = (folder / demo.slug).iterdir()
    around, *facts = [
        path.stat() for path in (tmp_path, folder, folder / demo.slug, file)
    ]
    assert [stat.S_IMODE(fact.st_mode) for fact in facts] == [0o750, 0o750, 0o640]
    assert {fact.st_gid for fact in facts} == {around.st_gid}


@pytest.mark.parametrize("end", [".partial", ".77.partial"])
async def test_what_an_interrupted_export_left_holds_up_nothing(
    run: Run, portal_database: Database, demo: Territory, tmp_path: Path, end: str
) -> None:
    folder = tmp_path / demo.slug
    folder.mkdir()
    (folder / f"00000000-000000000001-000000000009.jsonl{end}").write_text("{")
    (folder / ".00000000-000000000001-000000000009.jsonl").write_text("{")
    await add_events(portal_database, demo, "dataset.published")

    await run("journal", "export", "--territory", demo.slug, "--folder", tmp_path)

    hidden, file = list_files(folder)
    assert hidden.name.startswith(".")
    assert read_names(file) == ["dataset.published"]


async def test_a_key_that_was_removed_does_not_stop_the_export(
    run: Run,
    portal_database: Database,
    demo: Territory,
    settings: Settings,
    tmp_path: Path,
) -> None:
    export = ("journal", "export", "--territory", demo.slug, "--folder", tmp_path)
    path = settings.get_secret_path("signing_keys")
    secret = path.read_text()
    await add_events(portal_database, demo, "dataset.published")
    await run(*export)
    try:
        path.write_text(new_secret())
        await add_events(portal_database, demo, "dataset.updated")
        after = await run(*export, "--json")
    finally:
        path.write_text(secret)

    assert after.exit_code == 0
    assert [row["lines"] for row in json.loads(after.stdout)] == [1]
    assert len(list_files(tmp_path / demo.slug)) == 2


async def test_two_exports_at_once_write_each_line_once(
    portal_database: Database,
    demo: Territory,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second begins once the first numbered its lines, and an event comes between."""
    write = JournalExport.write
    others: list[asyncio.Task[Any]] = []
    locked: list[bool] = []
    scope = ExportScope(demo.slug, ["portal"], new_chain=False)

    async def write_slowly(self: JournalExport, *arguments: Any) -> None:
        if not others:
            await add_events(portal_database, demo, "dataset.updated")
            locked.append(is_locked(tmp_path))
            again = export_to_folder(settings, tmp_path, scope)
            others.append(asyncio.create_task(again))
        await write(self, *arguments)

    await add_events(portal_database, demo, "dataset.published")
    monkeypatch.setattr(JournalExport, "write", write_slowly)
    await export_to_folder(settings, tmp_path, scope)
    await others[0]

    assert locked == [True]
    names = [read_names(file) for file in list_files(tmp_path / demo.slug)]
    assert names == [["dataset.published"], ["dataset.updated"]]


def is_locked(folder: Path) -> bool:
    with (folder / ".lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize("way", ["by hand", "restored"])
async def test_a_chain_that_has_no_file_here_begins_with_its_first_line(
    run: Run,
    portal_database: Database,
    demo: Territory,
    owner: Change,
    tmp_path: Path,
    way: str,
) -> None:
    begin = {
        "by hand": "DELETE FROM app.journal_line",
        "restored": journal_lines.BEGIN_CHAINS,
    }
    export = ("journal", "export", "--territory", demo.slug, "--folder", tmp_path)
    await add_events(portal_database, demo, "dataset.published")
    before = json.loads((await run(*export, "--json")).stdout)
    await owner(demo.id, begin[way])

    after = json.loads((await run(*export, "--json")).stdout)
    await add_events(portal_database, demo, "dataset.updated")
    later = json.loads((await run(*export, "--json")).stdout)

    files = [Path(row["file"]) for row in (*before, *after, *later)]
    assert [read_names(file) for file in files] == [
        ["dataset.published"],
        ["dataset.published"],
        ["dataset.updated"],
    ]
    chains = [file.name.split("-")[1] for file in files]
    assert chains[0] != chains[1] == chains[2]
    notes = [row["note"] for row in (*before, *after, *later)]
    assert notes == ["", NEW_CHAIN, ""]


async def test_pages_neither_read_nor_write_numbers(
    portal_database: Database, demo: Territory
) -> None:
    for statement in (
        "SELECT 1 FROM app.journal_line",
        "INSERT INTO app.journal_line (chain, number, digest) VALUES (1, 0, '')",
        "SELECT 1 FROM ops.unnumbered_event",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with portal_database.session(demo.id) as session:
                await session.execute(text(statement))


@pytest.mark.parametrize(
    ("number", "event"),
    [(-1, "gen_random_uuid()"), (0, "gen_random_uuid()"), (1, "NULL")],
)
async def test_only_number_zero_is_of_no_event(
    portal_database: Database, demo: Territory, number: int, event: str
) -> None:
    line = f"VALUES (1, {number}, {event}, '')"
    insert = f"INSERT INTO app.journal_line (chain, number, event_id, digest) {line}"
    with pytest.raises(DBAPIError, match="ck_journal_line"):
        async with portal_database.session(demo.id, role="worker") as session:
            await session.execute(text(insert))


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_events_in_any_order_of_commits_are_numbered_once(
    portal_database: Database, demo: Territory, order: tuple[int, ...]
) -> None:
    """The chain begins while three transactions are open; each run reads what was noted since, and no more."""
    async with (
        AsyncExitStack() as first,
        AsyncExitStack() as second,
        AsyncExitStack() as third,
    ):
        stacks = (first, second, third)
        for place, stack in enumerate(stacks):
            session = await stack.enter_async_context(portal_database.session(demo.id))
            record(session, None, f"dataset.event_{place}", demo.id)
            await session.flush()
        numbers = [await count_numbered(portal_database, demo)]
        for place in order:
            await stacks[place].aclose()
            numbers.append(await count_numbered(portal_database, demo))

    assert numbers == [0, 1, 2, 3]
    async with portal_database.session(demo.id, role="worker") as session:
        chain = await find_chain(session, JOURNAL)
        assert chain is not None
        start = ChainHead(0, chain.seed)
        lines = [
            json.loads(line)["name"]
            async for line in stream_lines(session, JOURNAL, demo.slug, chain, start)
        ]
        notes = await session.scalar(
            text("SELECT count(*) FROM ops.unnumbered_event WHERE tenant_id = :id"),
            {"id": demo.id},
        )
    assert lines == [f"dataset.event_{place}" for place in order]
    assert notes == 0


async def count_numbered(database: Database, territory: Territory) -> int:
    """Number what is new, and say how many lines there are."""
    async with database.session(territory.id, role="worker") as session:
        chain = await number_events(session, JOURNAL, territory.slug)
    return chain.head.number


async def test_events_that_an_archive_brings_again_keep_their_numbers(
    portal_database: Database, demo: Territory
) -> None:
    carried = ArchivedTable(AuditEvent)
    await add_events(portal_database, demo, "dataset.published", "dataset.updated")
    before = await count_numbered(portal_database, demo)
    async with portal_database.session(demo.id, role="owner") as session:
        lines = [line async for line in read_rows(session, carried, demo.id)]
        await replace_rows(
            session, [carried], {carried.name: lines}, demo.id, ImportMapping()
        )
    await add_events(portal_database, demo, "dataset.withdrawn")

    after = await count_numbered(portal_database, demo)

    assert (before, after) == (2, 3)
    async with portal_database.session(demo.id, role="worker") as session:
        notes = await session.scalar(
            text("SELECT count(*) FROM ops.unnumbered_event WHERE tenant_id = :id"),
            {"id": demo.id},
        )
    assert notes == 0


async def test_a_folder_that_cannot_be_written_and_odd_facts_hold_up_nobody(
    run: Run,
    portal_database: Database,
    demo: Territory,
    other: Territory,
    owner: Change,
    tmp_path: Path,
) -> None:
    (tmp_path / demo.slug).write_text("no folder")
    await add_events(portal_database, demo, "dataset.published")
    await add_events(portal_database, other, "dataset.published")
    await owner(
        other.id,
        """UPDATE app.audit_event SET facts = '["odd", 1]'""",
    )

    exported = await run("journal", "export", "--folder", tmp_path, "--json")

    rows = {row["territory"]: row for row in json.loads(exported.stdout)}
    assert exported.exit_code == 1
    assert "cannot be used" in rows[demo.slug]["refusal"]
    file = Path(rows[other.slug]["file"])
    assert read(file)[0]["facts"] == ["odd", 1]
    assert (await run("journal", "verify", file)).exit_code == 0


async def test_an_output_is_replaced_once_it_is_whole(
    run: Run, portal_database: Database, demo: Territory, owner: Change, tmp_path: Path
) -> None:
    file = tmp_path / "portion.jsonl"
    file.write_text("earlier")
    export = ("journal", "export", "--territory", demo.slug, "--output", file)

    nothing = await run(*export)
    await add_events(portal_database, demo, "dataset.published")
    async with portal_database.session(demo.id, role="worker") as session:
        await number_events(session, JOURNAL, demo.slug)
    await owner(demo.id, "UPDATE app.audit_event SET name = 'dataset.updated'")
    refused = await run(*export)

    assert "Nothing is new" in nothing.stdout
    assert isinstance(refused.exception, ConflictError)
    assert file.read_text() == "earlier"
    assert list_files(tmp_path) == [file]


async def test_what_cannot_be_done_is_said(
    run: Run, demo: Territory, tmp_path: Path
) -> None:
    nowhere = await run("journal", "export", "--territory", demo.slug)
    several = await run("journal", "export", "--output", "-")
    unknown = await run(
        "journal", "export", "--territory", "nobody", "--folder", tmp_path
    )
    later = await run(
        "journal", "export", "--territory", demo.slug, "--output", "-", "--after", "1"
    )
    missing = await run("journal", "verify", tmp_path / "none.jsonl")

    assert isinstance(nowhere.exception, LocalError)
    assert isinstance(several.exception, LocalError)
    assert isinstance(unknown.exception, NotFoundError)
    assert isinstance(later.exception, ConflictError)
    assert isinstance(missing.exception, LocalError)
    assert not (tmp_path / demo.slug).exists()
