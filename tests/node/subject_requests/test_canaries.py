"""Words, files, answers, grounds and codes are in no clear column, no file, no log and no report."""

import json
import secrets
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins
from sqlalchemy import select
from structlog.testing import capture_logs

from tests.mails import do_email_job
from tests.node.relays import Relay
from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import FORM, Asker
from tests.node.test_sealed_canaries import files_in_clear, rows_in_clear
from tests.node.test_sealed_canaries import first_transaction as first_transaction
from udi.cli.local.postgres import find_binaries
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.audit import record_audit_event
from udi.node.subject_requests.deadlines.reminders import (
    LATE,
    REMIND_AGENTS,
    task_handlers,
)
from udi.node.subject_requests.models import SubjectRequest
from udi.node.subject_requests.portal_sync.reports import report_requests
from udi.protocol.subject_request_reports import PATH
from udi.protocol.subject_requests import SubjectRight
from udi.settings import Settings
from udi.ui.site import Site

GROUND = "unfounded_or_excessive"


@dataclass
class WrittenWords:
    """Words like no other, each put somewhere else."""

    since: float = field(default_factory=lambda: time.time() - 1)
    words: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, place: str) -> str:
        return self.words.setdefault(place, f"ZQ{secrets.token_hex(8)}")

    @property
    def patterns(self) -> dict[str, bytes]:
        """As they may be written."""
        return {place: word.encode() for place, word in self.words.items()}


@pytest.fixture
def words() -> WrittenWords:
    return WrittenWords()


@dataclass
class ListeningPortal:
    """In the place of the client of portals: keeps what it is told."""

    reports: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, _territory: Territory, path: str, message: Any) -> bytes:
        assert path == PATH
        self.reports.append(to_builtins(message))
        return b'{"requests": {}}'


class PrefixedWords:
    """The words of one request among several."""

    def __init__(self, words: WrittenWords, right: SubjectRight) -> None:
        self._words = words
        self._right = right

    def __getitem__(self, place: str) -> str:
        return self._words[f"{self._right}: {place}"]


async def put_through(
    asker: Asker,
    agent: Agent,
    colleague: Agent,
    written: WrittenWords,
    right: SubjectRight,
) -> None:
    """Every event and every field, each with a word of its own."""
    words = PrefixedWords(written, right)
    form = {name: words[name] for name in ("concerns", "known_by", "words")}
    files = {
        "file": (f"{words['name of a file']}.pdf", b"%PDF-" + words["file"].encode())
    }
    request_id = await asker.ask(form=form, right=right)
    at = f"/requests/{request_id}"
    person_path = f"/subjects{at}"
    column = f"{words['column']};b\n{words['cell']};2\n".encode()
    await asker.client.post(
        f"{person_path}/messages", data={"text": words["message"]}, files=files
    )
    await agent.client.post(f"{at}/messages", data={"text": words["reply"]})
    await agent.act(request_id, "ask_identity", text=words["doubt"])
    await asker.act(request_id, "give_identity", text=words["code"])
    await agent.client.post(
        f"{at}/identity", data={"method": "counter", "text": words["note"]}
    )
    await agent.act(request_id, "accept")
    await agent.act(request_id, "extend", text=words["extension"])
    await agent.client.post(f"{at}/files", files={"file": ("table.csv", column)})
    await agent.client.post(
        f"{at}/hold", data={"hold": "on", "reference": words["complaint"]}
    )
    await agent.act(request_id, "refuse", ground=GROUND, text=words["refusal"])
    await asker.act(request_id, "escalate", text=words["escalation"])
    await colleague.act(request_id, "overturn", text=words["overturning"])
    answered = await agent.act(
        request_id,
        "answer",
        outcome="nothing_held",
        text=words["answer"],
        done=words["what was done"],
    )
    assert answered.status_code == 303, answered.text
    paper = {
        "received_on": time.strftime("%Y-%m-%d"),
        "right": right,
        "person_name": words["person"],
        "person_contact": words["contact"],
        "words": words["paper"],
    }
    entered = await agent.client.post(
        "/spaces/mairie-kerlevan/requests/new", data=paper
    )
    assert entered.status_code == 303, entered.text
    read = [await asker.see(request_id), await agent.see(request_id)]
    read.append(await agent.client.get(f"{at}/dossier.json"))
    page_text = "".join(page.text for page in read)
    assert words["answer"] in page_text


def dump(dsn: str, name: str) -> bytes:
    """All that a dump of a database holds, as it is written."""
    tool = find_binaries(Settings().cache).folder / "pg_dump"
    address = f"{dsn.rsplit('/', 1)[0]}/{name}"
    return subprocess.run([tool, address], check=True, capture_output=True).stdout


def list_in(content: bytes, patterns: dict[str, bytes]) -> list[str]:
    """The canaries that stand in some bytes."""
    return [place for place, word in patterns.items() if word in content]


async def send_reminders(site: Site, territory: Territory, database: Database) -> None:
    """The mails to those who answer, of all requests as if they were late."""
    handlers = task_handlers(site)
    async with database.session(territory.id, role="worker") as session:
        rows = (await session.scalars(select(SubjectRequest))).all()
    for row in rows:
        payload = {
            "request": str(row.id),
            "due_on": row.due_on.isoformat(),
            "days": LATE,
        }
        await do_email_job(site, territory, handlers, REMIND_AGENTS, payload)


async def test_nothing_of_forty_words_is_in_clear(
    asker: Asker,
    agent: Agent,
    colleague: Agent,
    words: WrittenWords,
    first_transaction: int,
    node_site: Site,
    node_database: Database,
    demo: Territory,
    relay: Relay,
    postgres: str,
    settings: Settings,
    run_folder: Path,
) -> None:
    """Rows of both databases, their dumps, all files of the server with its log of writes (which backups copy), mails, logs, reports."""
    portal = ListeningPortal()
    with capture_logs() as logs:
        for right in (SubjectRight.ACCESS, SubjectRight.ERASURE):
            await put_through(asker, agent, colleague, words, right)
        open_request = await asker.ask(form=dict.fromkeys(FORM, words["left open"]))
        await send_reminders(node_site, demo, node_database)
        await report_requests(node_database, portal, demo)  # type: ignore[arg-type]  # a fixture without a type, or values by name

    patterns = words.patterns
    names = list(settings.database_names.values())
    looked_for = patterns | {"ground": GROUND.encode(), "outcome": b"nothing_held"}
    mails = "\n".join(mail.as_string() for mail in relay.mails)
    outgoing_text = json.dumps([logs, portal.reports, mails], default=str)
    subject = asker.login.subject
    assert len(patterns) >= 40
    assert open_request
    assert relay.mails
    assert [len(requests) for requests in portal.reports[0].values()] == [3, 2]
    assert await rows_in_clear(postgres, names, looked_for, first_transaction) == []
    dumps = b"".join(dump(postgres, name) for name in names)
    assert list_in(dumps, patterns) == []
    assert files_in_clear(run_folder, words) == []
    assert list_in(outgoing_text.encode(), patterns) == []
    assert (
        GROUND in outgoing_text,
        "nothing_held" in outgoing_text,
        subject in outgoing_text,
    ) == (
        False,
        False,
        False,
    )


async def test_the_search_finds_what_is_planted(
    words: WrittenWords,
    first_transaction: int,
    node_database: Database,
    demo: Territory,
    postgres: str,
    settings: Settings,
    run_folder: Path,
) -> None:
    planted = words["planted"]
    async with node_database.session(demo.id, role="worker") as session:
        record_audit_event(session, None, "planted", None, word=planted)
    file = run_folder / f"planted-{planted}"
    file.write_text(planted)

    names = list(settings.database_names.values())
    in_rows = await rows_in_clear(postgres, names, words.patterns, first_transaction)
    in_dumps = [list_in(dump(postgres, name), words.patterns) for name in names]
    in_files = files_in_clear(run_folder, words)
    file.unlink()

    assert len(in_rows) == 1
    assert sorted(in_dumps) == [[], ["planted"]]
    assert any(str(file) in str(leak) for leak in in_files)
