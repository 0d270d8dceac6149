"""What time brings about, and what mails say of it: days, reminders, lateness, lapses, documents that go."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.portal.access.conftest import WHY, Workspace
from tests.portal.access.policies import REQUEST_FORM
from udi.portal.access.emails import TEMPLATES
from udi.portal.access.models import AccessDocument, AccessDraft, AccessPolicy
from udi.portal.access.policies.queries import find_answer_statistics
from udi.portal.access.requests.clock import (
    DOCUMENTS_KEPT,
    NUDGE_AFTER,
    due_day,
    end_of_day,
)
from udi.portal.access.requests.documents import detect_media_type
from udi.portal.access.tasks import write_agreement_emails, write_request_emails

PARIS = ZoneInfo("Europe/Paris")
SECRETS = (
    "Rafraîchir",
    "ombrager",
    "Repérer",
    "canicules",
    "2022 à 2026",
    "lettre",
    WHY,
    "Compte de test",
    "Goéland",
)
"""Of the request, its answers, its project, its people, its documents and its reasons: none is for a mail."""


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        (date(2026, 11, 27), 15, date(2026, 12, 14)), (date(2026, 11, 27), 14, date(2026, 12, 11)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)), (date(2026, 11, 27), 2, date(2026, 11, 30)),
        (date(2026, 2, 26), 3, date(2026, 3, 2)),
    ],
)  # fmt: skip
def test_a_last_day_is_a_calendar_day_and_never_on_a_weekend(
    start: date, days: int, last: date
) -> None:
    assert due_day(start, days) == last
    assert (
        end_of_day(last, PARIS)
        .astimezone(PARIS)
        .isoformat()
        .startswith(f"{last}T23:59:59")
    )


async def test_the_days_stand_still_while_a_question_waits(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    first = (await workspace.one(address)).due_at
    await workspace.decide(address, "question")
    still = (await workspace.one(address)).due_at
    await workspace.person.post(f"{address}/answer", data={"words": "Voici."})

    assert first is not None
    assert (still, (await workspace.one(address)).due_at) == (None, first)


@pytest.mark.thorough
async def test_the_deadline_is_an_entry_of_a_calendar(workspace: Workspace) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    due = (await workspace.one(address)).due_at
    assert due is not None

    answer = await workspace.producer.get(f"{address}/deadline.ics")
    await workspace.decide(address, "question")
    none = await workspace.producer.get(f"{address}/deadline.ics")

    assert answer.headers["content-type"].startswith("text/calendar")
    assert (
        f"DTSTART;VALUE=DATE:{due.astimezone(workspace.territory.zone):%Y%m%d}\r\n"
        in answer.text
    )
    assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))
    assert none.status_code == 404


async def test_who_is_late_is_told_with_the_team_once(workspace: Workspace) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    due = (await workspace.one(address)).due_at
    assert due is not None
    await workspace.sweep(due - timedelta(days=2))
    reminded = (await workspace.one(address)).reminded_at
    for _ in range(2):
        await workspace.sweep(due + timedelta(seconds=1))

    request = await workspace.one(address)
    assert reminded is not None
    assert (request.state, request.late_at) == ("submitted", due + timedelta(seconds=1))
    assert (await workspace.events()).count("access_request.escalated") == 1
    payload: dict[str, str | int] = {
        "request": str(request.id),
        "revision": 1,
        "state": "submitted",
        "event": "late",
        "side": "clock",
    }
    mails = await write_request_emails(workspace.site, workspace.territory, payload)
    assert workspace.territory.contact in [mail.to for mail in mails]
    assert len(mails) == 3


async def test_no_mail_carries_what_people_wrote(workspace: Workspace) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    request = await workspace.one(address)
    mails = []
    for event in ("correct", "answer", "accept", "withdraw", "message", "question", "counter", "grant", "refuse", "lapse",
                  "nudge", "due", "late"):  # fmt: skip
        for side in ("requester", "producer"):
            payload: dict[str, str | int] = {
                "request": str(request.id),
                "revision": 1,
                "state": request.state,
                "event": event,
                "side": side,
            }
            mails += await write_request_emails(
                workspace.site, workspace.territory, payload
            )
    await workspace.decide(address, "grant")
    agreement = f"/agreements/{(await workspace.one(address)).agreement_id}"
    agreement_row = await workspace.agreement_row(agreement)
    for event in (
        "suspended",
        "resumed",
        "revoked",
        "closed",
        "revoking",
        "given_up",
        "ended",
        "ending",
    ):
        agreement_payload = {
            "agreement": str(agreement_row.id),
            "state": agreement_row.state,
            "event": event,
        }
        mails += await write_agreement_emails(
            workspace.site, workspace.territory, agreement_payload
        )

    assert {mail.id.split("-", 6)[6].split("-")[0] for mail in mails} == set(TEMPLATES)
    for mail in mails:
        greeting, _, words = mail.text.partition("\n")
        content = f"{mail.subject}\n{words}"
        assert greeting in {"Bonjour Compte de test,", "Bonjour,"}
        assert [word for word in SECRETS if word in content] == []
        assert mail.text.count("https://") + mail.text.count("http://") == 1
        assert "@" not in content


async def test_a_mail_about_what_is_not_so_any_more_is_not_written(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    request = await workspace.one(address)
    await workspace.person.post(f"{address}/withdraw")
    payload: dict[str, str | int] = {
        "request": str(request.id),
        "revision": 1,
        "state": "submitted",
        "event": "correct",
        "side": "requester",
    }

    assert (
        await write_request_emails(workspace.site, workspace.territory, payload) == []
    )


async def test_a_person_is_reminded_of_what_waits_for_them(
    workspace: Workspace,
) -> None:
    await workspace.set_policy()
    address = await workspace.ask()
    await workspace.decide(address, "question")

    await workspace.sweep((await workspace.one(address)).since + NUDGE_AFTER)

    request = await workspace.one(address)
    assert (request.state, request.reminded_at is not None) == ("questioned", True)


@pytest.mark.thorough
async def test_documents_go_some_time_after_the_end(workspace: Workspace) -> None:
    await workspace.set_policy()
    refused = await workspace.ask()
    granted = await workspace.agree()
    await workspace.decide(refused, "refuse")
    ended = await workspace.agreement_row(granted)
    assert len(await workspace.rows(AccessDocument)) == 2

    await workspace.sweep(
        (await workspace.one(refused)).since + DOCUMENTS_KEPT - timedelta(hours=1)
    )
    assert len(await workspace.rows(AccessDocument)) == 2
    await workspace.sweep((await workspace.one(refused)).since + DOCUMENTS_KEPT)
    assert len(await workspace.rows(AccessDocument)) == 1
    await workspace.sweep(ended.ends_at)
    await workspace.sweep(ended.ends_at + DOCUMENTS_KEPT)
    assert await workspace.rows(AccessDocument) == []


async def test_what_was_begun_without_an_account_is_kept_for_a_day(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await workspace.set_policy()
    await workspace.passer.post(
        f"{workspace.home}/access-requests/new", data=REQUEST_FORM
    )
    assert len(await workspace.rows(AccessDraft)) == 1
    later = datetime.now(UTC) + timedelta(days=1, minutes=1)
    monkeypatch.setattr("udi.portal.access.requests.drafts.now", lambda: later)

    await workspace.sweep(later)

    assert await workspace.rows(AccessDraft) == []


async def test_figures_are_told_from_five_requests_on(workspace: Workspace) -> None:
    await workspace.set_policy()
    for number in range(5):
        address = await workspace.ask(title=f"Projet {number}")
        await workspace.decide(address, "grant" if number else "refuse")
        [row] = await workspace.rows(AccessPolicy)
        assert (find_answer_statistics(row) is None) == (number < 4)
        assert row.answer_days == [0] * (number + 1)

    home = await workspace.passer.get(workspace.home)
    assert "5 demandes reçues, 4 accordées" in home.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4", "application/pdf"), (b"\x89PNG\r\n\x1a\n..", "image/png"), ("Bonjour à tous\n".encode(), "text/plain"),
        (b"PK\x03\x04....mimetypeapplication/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
        (b"PK\x03\x04....evil.exe", None), (b"MZ\x90\x00", None), (b"\x00\x01", None), (b"\xff\xfe", None),
    ],
)  # fmt: skip
def test_documents_are_known_by_what_they_hold(
    content: bytes, kind: str | None
) -> None:
    assert detect_media_type(content) == kind


async def test_a_document_of_another_kind_is_refused(workspace: Workspace) -> None:
    await workspace.set_policy()
    files = {
        "answer_lettre_du_laboratoire": ("lettre.pdf", b"MZ\x90\x00", "application/pdf")
    }

    answer = await workspace.person.post(
        f"{workspace.home}/access-requests/new", data=REQUEST_FORM, files=files
    )
    large = {
        "answer_lettre_du_laboratoire": (
            "lettre.pdf",
            b"%PDF-" + bytes(5 * 1024 * 1024),
            "application/pdf",
        )
    }
    heavy = await workspace.person.post(
        f"{workspace.home}/access-requests/new", data=REQUEST_FORM, files=large
    )

    assert (answer.status_code, heavy.status_code) == (422, 422)
    assert await workspace.rows(AccessDocument) == []
