"""Words, files, answers, grounds and codes are in no clear column, no file, no log and no report."""

import json
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins
from structlog.testing import capture_logs

from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker
from tests.node.test_sealed_canaries import files_in_clear, rows_in_clear
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.audit import record_audit_event
from udi.node.subject_requests.reports import report_requests
from udi.protocol.subject_request_reports import PATH
from udi.settings import Settings

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


async def put_through(
    asker: Asker, agent: Agent, colleague: Agent, words: WrittenWords
) -> None:
    """Every event and every field, each with a word of its own."""
    form = {name: words[name] for name in ("concerns", "known_by", "words")}
    files = {
        "file": (f"{words['name of a file']}.pdf", b"%PDF-" + words["file"].encode())
    }
    request_id = await asker.ask(form=form)
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
        request_id, "answer", outcome="nothing_held", text=words["answer"]
    )
    assert answered.status_code == 303, answered.text
    paper = {
        "received_on": time.strftime("%Y-%m-%d"),
        "right": "access",
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


async def test_nothing_that_is_written_is_in_clear(
    asker: Asker,
    agent: Agent,
    colleague: Agent,
    words: WrittenWords,
    node_database: Database,
    demo: Territory,
    postgres: str,
    settings: Settings,
    run_folder: Path,
) -> None:
    portal = ListeningPortal()
    with capture_logs() as logs:
        await put_through(asker, agent, colleague, words)
        await report_requests(node_database, portal, demo)  # type: ignore[arg-type]  # a fixture without a type, or values by name

    patterns = words.patterns
    names = list(settings.database_names.values())
    looked_for = patterns | {"ground": GROUND.encode(), "outcome": b"nothing_held"}
    outgoing_text = json.dumps([logs, portal.reports], default=str)
    subject = asker.login.subject
    assert len(patterns) >= 18
    assert [len(requests) for requests in portal.reports[0].values()] == [1, 1]
    assert await rows_in_clear(postgres, names, looked_for) == []
    assert files_in_clear(run_folder, words) == []  # type: ignore[arg-type]  # a fixture without a type, or values by name
    assert [place for place, word in words.words.items() if word in outgoing_text] == []
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
    in_rows = await rows_in_clear(postgres, names, words.patterns)
    in_files = files_in_clear(run_folder, words)  # type: ignore[arg-type]  # a fixture without a type, or values by name
    file.unlink()

    assert len(in_rows) == 1
    assert any(str(file) in str(leak) for leak in in_files)
