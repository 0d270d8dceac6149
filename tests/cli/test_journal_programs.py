"""The journal of each program leaves in a chain of its own: every event of both, and no line of one passes for another's."""

import ast
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests import stage
from tests.cli.conftest import Run, make_run
from tests.rules.test_documented import NOTERS, REFERENCE, SOURCE, events_by_noter
from udi.cli.journal_files import AUDIENCE, JOURNAL, NEW_CHAIN, SIGNERS
from udi.cli.own.space_rows import SpaceContents, delete_space_rows
from udi.kit.db import Database
from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.hash_chain import ChainHead, make_checkpoint, seal_line
from udi.kit.identity import Actor
from udi.kit.journal_lines import BEGIN_CHAINS
from udi.kit.keys import Signer
from udi.kit.tenancy import INSTALLATION_SLUG, Territory
from udi.node.audit import record_audit_event
from udi.node.datasets.journal import FACTS, WORDS
from udi.node.datasets.models import DatasetEvent
from udi.node.identity.models import Person
from udi.node.spaces.actions import apply_space
from udi.portal.audit import record
from udi.settings import ProgramName, Settings
from udi.ui.domains import declare_tables, list_domains
from udi.ui.person_erasure import erase_person
from udi.ui.personal_rows import read_register

SOMEBODY = Actor(uuid4(), "Compte de test", "somebody@people.example", "demo")
PRIVATE = {"portal": "suggestion.", "node": "subject_request."}
"""What no collector reads, by program: the beginning of the events' names."""
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
find_noters = cache(events_by_noter)
"""Read once in this file: the sources of a program take half a second."""


@dataclass(frozen=True)
class Journals:
    """What both programs note of a territory."""

    portal: Database
    node: Database

    async def note(self, territory: Territory, program: str, *names: str) -> None:
        """Note events as the program does."""
        noters = find_noters(program)
        for name in names:
            [noter] = [noter for noter, known in noters.items() if name in known]
            await self.note_by(noter, territory, name)

    async def note_by(self, noter: str, territory: Territory, name: str) -> UUID:
        """Note one event by this function of a program; the identifier of its subject."""
        subject = uuid4()
        if noter == "record":
            async with self.portal.session(territory.id) as session:
                record(session, SOMEBODY, name, subject)
        elif noter == "record_audit_event":
            async with self.node.session(territory.id) as session:
                record_audit_event(session, SOMEBODY, name, subject)
        else:
            async with self.node.session(territory.id) as session:
                session.add(DatasetEvent.by(SOMEBODY, subject, name, {}))
        return subject


@pytest.fixture
def journals(portal_database: Database, node_database: Database) -> Journals:
    return Journals(portal_database, node_database)


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def files_of(folder: Path, territory: Territory, program: str) -> list[Path]:
    return sorted((folder / territory.slug).glob(f"{program}-*.jsonl"))


async def faults_of(run: Run, *arguments: str | Path) -> list[str]:
    """What is wrong with files, in words; nothing where the check passes."""
    checked = await run("journal", "verify", *arguments, "--json")
    faults = [fault["cause"] for fault in json.loads(checked.stdout)["faults"]]
    assert checked.exit_code == (1 if faults else 0)
    return faults


@pytest.mark.parametrize("program", PROGRAMS)
async def test_every_event_that_a_program_notes_is_exported(
    run: Run,
    journals: Journals,
    demo: Territory,
    tmp_path: Path,
    program: ProgramName,
) -> None:
    names = set().union(*find_noters(program).values())
    private = {name for name in names if name.startswith(PRIVATE[program])}
    await journals.note(demo, program, *sorted(names))

    await run("journal", "export", "--territory", demo.slug, "--folder", tmp_path)

    [file] = files_of(tmp_path, demo, program)
    *lines, checkpoint = read(file)
    assert len(private) > 3
    assert {line["name"] for line in lines} == names - private
    assert {line["program"] for line in lines} == {program}
    assert set(checkpoint) == {"checkpoint"}
    assert await faults_of(run, file, "--program", program) == []


async def test_no_word_of_a_person_leaves_with_the_history_of_a_dataset(
    run: Run, node_database: Database, demo: Territory, tmp_path: Path
) -> None:
    detail = {name: f"written {name}" for name in FACTS | WORDS | {"unheard_of"}}
    async with node_database.session(demo.id) as session:
        event = DatasetEvent.by(SOMEBODY, uuid4(), "dataset.withdrawn", detail)
        session.add(event)

    await run("journal", "export", "--territory", demo.slug, "--folder", tmp_path)

    [file] = files_of(tmp_path, demo, "node")
    line, _ = read(file)
    assert set(line["facts"]) == FACTS
    assert (line["name"], line["actor"], line["subject"]) == (
        "dataset.withdrawn",
        str(SOMEBODY.person_id),
        str(event.dataset_id),
    )
    for word in (SOMEBODY.name, SOMEBODY.email, "written reason", "written column"):
        assert word not in file.read_text()


def test_each_fact_of_the_node_leaves_or_stays() -> None:
    """A fact that comes later is named among those that leave, or among people's words."""
    names = {
        argument
        for path in (SOURCE / "node").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and {getattr(call.func, "id", ""), getattr(call.func, "attr", "")}
        & NOTERS["node"]
        for argument in (keyword.arg for keyword in call.keywords)
        if argument is not None
    }
    node = (REFERENCE / "events.md").read_text().partition("\n## Node")[2]
    cells = re.findall(r"^\| `[\w.]+` \|.*\| ([^|]*) \|$", node, re.MULTILINE)
    documented = {
        name
        for cell in cells
        for name in re.findall(r"`(\w+)`(?=,|:| \||$)", cell.partition(":")[0])
    }

    assert len(names) > 15
    assert (names | documented) - FACTS - WORDS == set()
    assert set() == FACTS & WORDS


@dataclass(frozen=True)
class Exported:
    """The lines of two territories at both programs, three each, and what their checkpoints are signed with."""

    folder: Path
    signers: dict[ProgramName, Signer]
    demo: Territory
    other: Territory

    def lines(self, program: str, *, elsewhere: bool = False) -> list[bytes]:
        territory = self.other if elsewhere else self.demo
        [file] = files_of(self.folder, territory, program)
        return file.read_bytes().splitlines(keepends=True)

    def write(self, name: str, lines: list[bytes]) -> Path:
        file = self.folder / name
        file.write_bytes(b"".join(lines))
        return file


@pytest.fixture(scope="module")
async def exported_once(
    settings: Settings,
    portal_database: Database,
    node_database: Database,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Exported]:
    """What the tests of this file read that neither note nor export anything themselves: chains begin anew in some."""
    databases = (portal_database, node_database)
    demo, other = [
        await stage.add_territory(databases, settings, word)
        for word in ("demo", "other")
    ]
    with pytest.MonkeyPatch.context() as patch:
        run = make_run(settings, patch)
        folder = tmp_path_factory.mktemp("exported")
        journals = Journals(*databases)
        yield await export_events(run, journals, demo, other, settings, folder)
    for territory in (demo, other):
        await stage.remove_territory(databases, territory.id)


@pytest.fixture
def exported(exported_once: Exported, tmp_path: Path) -> Exported:
    """The same in a folder of the test."""
    folder = tmp_path / "exported"
    shutil.copytree(exported_once.folder, folder)
    return replace(exported_once, folder=folder)


@pytest.fixture
async def exported_alone(
    run: Run,
    journals: Journals,
    demo: Territory,
    other: Territory,
    settings: Settings,
    tmp_path: Path,
) -> Exported:
    """The same of territories of the test, which exports them again."""
    return await export_events(run, journals, demo, other, settings, tmp_path)


async def export_events(
    run: Run,
    journals: Journals,
    demo: Territory,
    other: Territory,
    settings: Settings,
    folder: Path,
) -> Exported:
    """Note what is to be exported, and export it."""
    names = {
        "portal": ("dataset.published", "dataset.updated", "dataset.withdrawn"),
        "node": ("key.made", "version.added", "dataset.described"),
    }
    for territory in (demo, other):
        for program in PROGRAMS:
            await journals.note(territory, program, *names[program])
        command = ("journal", "export", "--territory", territory.slug)
        assert (await run(*command, "--folder", folder)).exit_code == 0
    signers = {program: SIGNERS[program](settings) for program in PROGRAMS}
    return Exported(folder, signers, demo, other)


CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a line removed": lambda lines: lines[:1] + lines[2:],
    "the end cut": lambda lines: lines[:2],
    "a line changed": lambda lines: [
        lines[0].replace(b'"facts":{}', b'"facts":{"a":1}'),
        *lines[1:],
    ],
    "two lines swapped": lambda lines: [lines[1], lines[0], *lines[2:]],
    "a line repeated": lambda lines: [lines[0], *lines],
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_file_of_either_program_is_refused(
    run: Run, exported: Exported, program: ProgramName, change: str
) -> None:
    lines = exported.lines(program)
    changed = CHANGES[change](lines)

    assert changed != lines
    assert await faults_of(run, exported.write("whole.jsonl", lines)) == []
    assert await faults_of(run, exported.write("changed.jsonl", changed)) != []


def seal_among(lines: list[bytes], foreign: bytes) -> list[bytes]:
    """The lines with one of another journal in the place of the second, numbered and sealed as if it were of this one."""
    first = json.loads(lines[0])
    body = {
        name: value
        for name, value in json.loads(foreign).items()
        if name not in {"number", "previous", "digest"}
    }
    line, _ = seal_line(body, ChainHead(first["number"], first["digest"]))
    return [lines[0], line, *lines[2:]]


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_line_of_another_journal_is_refused(
    run: Run, exported: Exported, program: ProgramName
) -> None:
    other_program = {"portal": "node", "node": "portal"}[program]
    lines = exported.lines(program)
    foreign = {
        "another program": exported.lines(other_program)[1],
        "another territory": exported.lines(program, elsewhere=True)[1],
    }

    for name, line in foreign.items():
        file = exported.write(f"{name}.jsonl", seal_among(lines, line))
        faults = await faults_of(run, file)
        assert any("of another journal" in fault for fault in faults), name


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_file_of_another_program_is_named(
    run: Run, exported: Exported, program: ProgramName
) -> None:
    other_program = {"portal": "node", "node": "portal"}[program]
    file = exported.write("file.jsonl", exported.lines(program))

    assert await faults_of(run, file, "--program", program) == []
    assert await faults_of(run, file, "--program", other_program) == [
        f"the lines are of the {program}, not of the {other_program}"
    ]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("signer", PROGRAMS)
async def test_a_checkpoint_is_signed_by_its_own_program(
    run: Run, exported: Exported, program: ProgramName, signer: ProgramName
) -> None:
    """Whoever has the key of a node writes nothing in the portal's name, and the other way round."""
    *lines, _ = exported.lines(program)
    first, last = json.loads(lines[0]), json.loads(lines[-1])
    claims = {
        "territory": exported.demo.slug, "program": program, "chain": first["previous"], "first": 1,
        "previous": first["previous"], "last": last["number"], "digest": last["digest"],
    }  # fmt: skip
    document = exported.signers[signer].sign_document(
        claims, kind=JOURNAL, issuer=AUDIENCE, audience=AUDIENCE
    )
    file = exported.write("forged.jsonl", [*lines, make_checkpoint(document)])
    keys = exported.folder / "jwks.json"
    keys.write_text(json.dumps(exported.signers[program].public_keys()))

    for arguments in ((file,), (file, "--keys", keys)):
        faults = await faults_of(run, *arguments)
        assert bool(faults) == (signer != program), faults


async def test_each_program_has_a_chain_of_its_own_in_the_folder(
    run: Run, journals: Journals, exported_alone: Exported
) -> None:
    exported = exported_alone
    demo = exported.demo
    export = ("journal", "export", "--territory", demo.slug, "--folder")
    await journals.note(demo, "node", "version.removed")
    only_portal = await run(*export, exported.folder, "--program", "portal", "--json")
    both = await run(*export, exported.folder, "--json")
    verified = [
        await faults_of(run, *files_of(exported.folder, demo, program))
        for program in PROGRAMS
    ]

    assert only_portal.stdout.strip() == "[]"
    [row] = json.loads(both.stdout)
    assert (row["program"], row["lines"], row["last"], row["note"]) == (
        "node",
        1,
        4,
        "",
    )
    assert verified == [[], []]
    counts = [len(files_of(exported.folder, demo, program)) for program in PROGRAMS]
    assert counts == [1, 2]
    seeds = {json.loads(exported.lines("portal")[0])["previous"]}
    nodes = files_of(exported.folder, demo, "node")[0]
    assert read(nodes)[0]["previous"] not in seeds


async def test_one_program_is_written_to_a_file_the_portal_unless_said(
    run: Run, exported_alone: Exported
) -> None:
    exported = exported_alone
    export = ("journal", "export", "--territory", exported.demo.slug, "--output", "-")
    portal = await run(*export)
    node = await run(*export, "--program", "node", "--after", "1")
    nobody = await run(
        "journal", "export", "--territory", INSTALLATION_SLUG, "--program", "node",
        "--output", "-",
    )  # fmt: skip

    assert portal.stdout.splitlines()[0] == exported.lines("portal")[0].decode()[:-1]
    assert node.stdout.splitlines()[:2] == [
        line.decode()[:-1] for line in exported.lines("node")[1:3]
    ]
    assert isinstance(nobody.exception, NotFoundError)


async def test_events_of_the_node_that_are_committed_late_are_never_skipped(
    run: Run,
    journals: Journals,
    node_database: Database,
    demo: Territory,
    tmp_path: Path,
) -> None:
    export = ("journal", "export", "--territory", demo.slug, "--folder", tmp_path)
    async with node_database.session(demo.id) as slow:
        record_audit_event(slow, SOMEBODY, "key.made", demo.id)
        slow.add(DatasetEvent.by(SOMEBODY, uuid4(), "dataset.created", {}))
        await slow.flush()
        await journals.note(demo, "node", "dataset.published")
        await run(*export)
    await run(*export)

    early, late = files_of(tmp_path, demo, "node")
    assert [line["name"] for line in read(early)[:-1]] == ["dataset.published"]
    assert {line["name"] for line in read(late)[:-1]} == {"key.made", "dataset.created"}
    assert await faults_of(run, early, late) == []


async def test_a_space_that_moves_leaves_no_note_and_what_comes_after_is_exported(
    run: Run,
    journals: Journals,
    node_database: Database,
    demo: Territory,
    tmp_path: Path,
) -> None:
    """The history of its datasets goes along: what was exported of it stays, and can be written again in no file."""
    export = ("journal", "export", "--territory", demo.slug, "--program", "node")
    async with node_database.session(demo.id, role="worker") as session:
        space = await apply_space(
            session,
            slug="ville",
            organisation_id=uuid4(),
            name="V",
            email="v@v.example",
        )
    dataset = await journals.note_by("record_event", demo, "dataset.created")
    await run(*export, "--folder", tmp_path)
    moved = SpaceContents(space, frozenset(), frozenset({dataset}), frozenset())
    async with node_database.session(demo.id) as session:
        session.add(DatasetEvent.by(SOMEBODY, dataset, "dataset.published", {}))
    async with node_database.session(demo.id, role="owner") as session:
        await delete_space_rows(session, moved)
    await journals.note(demo, "node", "key.made")

    later = await run(*export, "--folder", tmp_path, "--json")
    again = await run(*export, "--output", tmp_path / "again.jsonl")

    [row] = json.loads(later.stdout)
    assert (row["lines"], row["refusal"]) == (1, "")
    files = files_of(tmp_path, demo, "node")
    assert await faults_of(run, *files) == []
    assert isinstance(again.exception, ConflictError)
    assert "a producer moved to another node" in again.exception.remedy
    async with node_database.session(demo.id, role="worker") as session:
        query = text("SELECT count(*) FROM ops.unnumbered_event WHERE tenant_id = :id")
        assert await session.scalar(query, {"id": demo.id}) == 0


async def test_pages_of_the_node_neither_read_nor_write_numbers(
    node_database: Database, demo: Territory
) -> None:
    for statement in (
        "SELECT 1 FROM app.journal_line",
        "INSERT INTO app.journal_line (chain, number, digest) VALUES (1, 0, '')",
        "SELECT 1 FROM ops.unnumbered_event",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with node_database.session(demo.id) as session:
                await session.execute(text(statement))


async def test_a_restored_node_begins_a_chain_with_every_event_again(
    run: Run, node_database: Database, exported: Exported
) -> None:
    demo = exported.demo
    before = exported.lines("node")
    async with node_database.session(demo.id, role="worker") as session:
        await session.execute(text(BEGIN_CHAINS))

    renewed = await run(
        "journal", "export", "--territory", demo.slug, "--folder", exported.folder, "--json"
    )  # fmt: skip

    [row] = json.loads(renewed.stdout)
    assert (row["program"], row["lines"], row["note"]) == ("node", 3, NEW_CHAIN)
    after = read(Path(row["file"]))
    assert after[0]["previous"] != json.loads(before[0])["previous"]
    assert [line["id"] for line in after[:-1]] == [
        json.loads(line)["id"] for line in before[:-1]
    ]


async def test_an_erased_person_changes_no_line(
    run: Run, node_database: Database, exported_alone: Exported
) -> None:
    """Their identifier stays, and leads to nobody."""
    exported = exported_alone
    demo = exported.demo
    export = ("journal", "export", "--territory", demo.slug, "--program", "node")
    before = exported.lines("node")
    declare_tables("node")
    async with node_database.session(demo.id, role="worker") as session:
        person = Person(
            id=SOMEBODY.person_id, issuer="https://people.example", subject="somebody",
            name=SOMEBODY.name, email=SOMEBODY.email, locale="fr",
        )  # fmt: skip
        session.add(person)
        await session.flush()
        register = read_register(list_domains("node"))
        await erase_person(session, register, person, former_name="Former member")

    await run(*export, "--output", exported.folder / "again.jsonl")

    again = (exported.folder / "again.jsonl").read_bytes().splitlines(keepends=True)
    assert again[:-1] == before[:-1]
