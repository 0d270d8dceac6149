"""Calls for projects: the table walked whole, and the call of 32 candidates and 6 laureates."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from tests.depth import by_depth, examples
from tests.mails import text_of
from tests.portal.projects.conftest import Relay, Workshop
from tests.portal.transitions import list_trials, read_transitions
from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.jobs import Job
from udi.kit.oidc import Login
from udi.portal.audit.models import AuditEvent
from udi.portal.projects.calls.models import (
    Call,
    CallCriterion,
    CallQuestion,
    Juror,
    Score,
    Submission,
)
from udi.portal.projects.calls.notifications import SEND_CALL_EMAIL
from udi.portal.projects.calls.queries import call_state
from udi.portal.projects.calls.tasks import task_handlers
from udi.portal.projects.calls.transitions import (
    CALL,
    CallEvent,
    CallState,
    state_at,
)

PAGE = Path(__file__).parents[3] / "docs/reference/calls.md"
CRITERIA = "Utilité pour les habitants, 40\nRespect des personnes, 30\nRéalisable en six mois, 20\nRésultats ouverts, 10"
TRANSITIONS = read_transitions("""
    draft  change   draft
    draft  name     draft
    draft  open     open
    open   extend   open
    open   name     open
    open   ask      open
    open   answer   open
    open   submit   open
    open   withdraw open
    closed name     closed
    closed answer   closed
    closed declare  closed
    closed score    closed
    closed judge    judged
    judged decide   judged
    judged publish  published
""")
"""The table of `docs/reference/calls.md`, written a second time."""
NAMES = {
    CallEvent.CHANGE: "changed", CallEvent.OPEN: "opened", CallEvent.EXTEND: "extended", CallEvent.NAME: "jury_named", CallEvent.ASK: "questioned",
    CallEvent.ANSWER: "answered", CallEvent.SUBMIT: "submitted", CallEvent.WITHDRAW: "submission_withdrawn",
    CallEvent.DECLARE: "conflicts_declared", CallEvent.SCORE: "scored", CallEvent.JUDGE: "judged", CallEvent.DECIDE: "decided",
    CallEvent.PUBLISH: "published",
}  # fmt: skip


def moment(days: int) -> str:
    return (now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


@dataclass
class Workspace:
    """The territory's team, a jury of three, and candidates."""

    workshop: Workshop
    jury: list[tuple[httpx.AsyncClient, Login]]
    address: str = ""
    team: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.team = self.workshop.team

    def form(self, **changed: str) -> dict[str, str]:
        return {
            "title": "Rafraîchir la ville", "summary": "Où planter, où ombrager.", "words": "Un service ou une carte.",
            "criteria": CRITERIA, "closes_at": moment(10), "results_at": moment(30), "datasets": "", **changed,
        }  # fmt: skip

    async def write(self) -> None:
        answer = await self.team.post("/calls/new", data=self.form())
        assert answer.status_code == 303, answer.text
        self.address = answer.headers["location"].removesuffix("/organise")

    async def act(self, what: str, **data: str) -> httpx.Response:
        return await self.team.post(f"{self.address}/organise/{what}", data=data)

    async def name_jury(self) -> httpx.Response:
        return await self.act(
            "jury", emails="\n".join(login.email for _, login in self.jury)
        )

    async def send(
        self, candidate: httpx.AsyncClient, title: str, answer: str = "Une carte."
    ) -> httpx.Response:
        form = {
            "title": title,
            "summary": f"Pour {title}.",
            "purpose": "civic",
            "words": "Nos mots.",
        }
        project = (
            (await candidate.post("/projects/new", data=form))
            .headers["location"]
            .rpartition("/")[2]
        )
        return await candidate.post(
            f"{self.address}/answer", data={"project": project, "answer": answer}
        )

    async def pass_hour(self) -> None:
        """The closing hour passes."""
        async with self.workshop.site.database.session(
            self.workshop.territory.id, role="worker"
        ) as session:
            await session.execute(
                update(Call).values(closes_at=now() - timedelta(seconds=1))
            )

    async def rows(self, model: Any) -> list[Any]:
        return await self.workshop.rows(model)

    async def standing(self) -> CallState:
        [call] = await self.rows(Call)
        return call_state(call)

    async def declare(
        self, juror: httpx.AsyncClient, *conflicts: Submission
    ) -> httpx.Response:
        data = {}
        for conflict in conflicts:
            data |= {
                f"conflict-{conflict.id}": "1",
                f"why-{conflict.id}": "J’y travaille.",
            }
        return await juror.post(f"{self.address}/jury", data=data)

    async def score(
        self, juror: httpx.AsyncClient, submission: Submission, share: float = 0.5
    ) -> httpx.Response:
        data = {}
        for criterion in await self.rows(CallCriterion):
            points = int(criterion.points * share)
            data |= {
                f"points-{criterion.id}": str(points),
                f"reason-{criterion.id}": f"Parce que {points}.",
            }
        return await juror.post(
            f"{self.address}/submissions/{submission.id}", data=data
        )

    async def tell_all(self, what: str, ids: list[UUID]) -> None:
        for about in ids:
            payload = {
                "call": self.address.rpartition("/")[2],
                "what": what,
                "about": str(about),
            }
            await task_handlers(self.workshop.site)[SEND_CALL_EMAIL](
                Job(SEND_CALL_EMAIL, self.workshop.territory.id, payload, 0, last=True)
            )

    async def events(self) -> list[str]:
        names = (
            select(AuditEvent.name)
            .where(AuditEvent.name.startswith("call."))
            .order_by(AuditEvent.at, AuditEvent.id)
        )
        async with self.workshop.site.database.session(
            self.workshop.territory.id, role="worker"
        ) as session:
            return list((await session.scalars(names)).all())


@pytest.fixture
async def workspace(workshop: Workshop) -> Workspace:
    return Workspace(workshop, [await workshop.come() for _ in range(3)])


async def bring_to(workspace: Workspace, state: CallState) -> None:
    """A call in this state, with a question and a submission once it was open."""
    await workspace.write()
    await workspace.name_jury()
    if state == CallState.DRAFT:
        return
    assert (await workspace.act("open")).status_code == 303
    assert (await workspace.send(workspace.workshop.other, "Ombres")).status_code == 303
    response = await workspace.workshop.other.post(
        f"{workspace.address}/questions",
        data={"question": "Pour qui\N{NO-BREAK SPACE}?"},
    )
    assert response.status_code == 303
    if state == CallState.OPEN:
        return
    await workspace.pass_hour()
    [submission] = await workspace.rows(Submission)
    juror, _ = workspace.jury[0]
    if state in {CallState.JUDGED, CallState.PUBLISHED}:
        await workspace.declare(juror)
        await workspace.score(juror, submission)
        await workspace.act("judge")
    if state == CallState.PUBLISHED:
        await workspace.act(
            "decide", submission=str(submission.id), laureate="yes", reason="Utile."
        )
        await workspace.act("publish")


async def do(workspace: Workspace, event: CallEvent) -> httpx.Response:
    """Try an event as whoever may do it; what it needs besides the state is there."""
    juror = workspace.jury[0][0]
    other = workspace.workshop.other
    submission = next(iter(await workspace.rows(Submission)), None)
    question = next(iter(await workspace.rows(CallQuestion)), None)
    if submission:
        sent = str(submission.id)
    else:
        sent = "00000000-0000-4000-8000-000000000000"
    acts: dict[CallEvent, Callable[[], Awaitable[httpx.Response]]] = {
        CallEvent.CHANGE: lambda: workspace.team.post(
            f"{workspace.address}/edit", data=workspace.form(title="Rafraîchir")
        ),
        CallEvent.OPEN: lambda: workspace.act("open"),
        CallEvent.EXTEND: lambda: workspace.act(
            "extend", closes_at=moment(20), results_at=moment(40)
        ),
        CallEvent.NAME: lambda: workspace.act("jury", emails="quatrieme@jury.example"),
        CallEvent.ASK: lambda: other.post(
            f"{workspace.address}/questions", data={"question": "Et après ?"}
        ),
        CallEvent.ANSWER: lambda: workspace.act(
            "answer",
            question=str(question.id) if question else sent,
            answer="Pour tous.",
        ),
        CallEvent.SUBMIT: lambda: workspace.send(other, "Encore"),
        CallEvent.WITHDRAW: lambda: other.post(
            f"{workspace.address}/submissions/{sent}/withdraw"
        ),
        CallEvent.DECLARE: lambda: workspace.declare(juror),
        CallEvent.JUDGE: lambda: workspace.act("judge"),
        CallEvent.DECIDE: lambda: workspace.act(
            "decide", submission=sent, laureate="no", reason="Trop loin."
        ),
        CallEvent.PUBLISH: lambda: workspace.act("publish"),
    }
    if event == CallEvent.SCORE:
        return await workspace.score(juror, one_of(await workspace.rows(Submission)))
    return await acts[event]()


def one_of(rows: list[Submission]) -> Submission:
    [submission, *_] = rows
    return submission


WITHOUT_OBJECT = (
    CallEvent.ANSWER,
    CallEvent.WITHDRAW,
    CallEvent.SCORE,
    CallEvent.DECIDE,
)
"""What is about a question or a submission, of which a draft has none."""
UNSEEN = {CallEvent.ASK, CallEvent.SUBMIT, CallEvent.DECLARE}
"""What is done by people to whom a draft does not exist."""
PAIRS = [
    (state, event)
    for state in CallState
    for event in CallEvent
    if state != CallState.DRAFT or event not in WITHOUT_OBJECT
]


@pytest.mark.parametrize("event", WITHOUT_OBJECT)
def test_a_draft_has_nothing_to_answer_withdraw_score_or_decide(
    event: CallEvent,
) -> None:
    with pytest.raises(ConflictError, match="has changed"):
        CALL.next_state(CallState.DRAFT, event)


@pytest.mark.parametrize(("state", "events"), list_trials(PAIRS, TRANSITIONS))
async def test_every_pair_of_state_and_event_follows_the_table(
    workspace: Workspace, state: CallState, events: list[CallEvent]
) -> None:
    await bring_to(workspace, state)
    assert await workspace.standing() == state
    await prepare(workspace, state, events[-1])
    before = await workspace.events()

    for event in events:
        answer = await do(workspace, event)

        target = TRANSITIONS.get((state, event))
        if state == CallState.DRAFT and event in UNSEEN:
            refusal = 404
        else:
            refusal = 409
        assert answer.status_code == (303 if target else refusal), answer.text
        assert await workspace.standing() == (target or state), event
        assert (await workspace.events())[len(before) :] == (
            [f"call.{NAMES[event]}"] if target else []
        )


async def prepare(workspace: Workspace, state: CallState, event: CallEvent) -> None:
    """What a transition needs besides the state."""
    [submission] = await workspace.rows(Submission) or [None]
    juror, _ = workspace.jury[0]
    if state == CallState.CLOSED and event in {CallEvent.SCORE, CallEvent.JUDGE}:
        await workspace.declare(juror)
    if state == CallState.CLOSED and event == CallEvent.JUDGE:
        await workspace.score(juror, submission)
    if state == CallState.JUDGED and event == CallEvent.PUBLISH:
        await workspace.act(
            "decide", submission=str(submission.id), laureate="yes", reason="Utile."
        )


def test_the_documented_table_is_the_tested_one() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| [^|]+ \| `(\w+)` \| [^|]+ \| `call\.",
        PAGE.read_text(),
        re.MULTILINE,
    )

    assert {(state, event): target for state, event, target in rows} == TRANSITIONS
    closing = datetime.fromisoformat("2027-01-15T18:00:00+01:00")
    assert state_at("open", closing, closing) == CallState.CLOSED


CANDIDATES = examples(6, 32)
LAUREATES = examples(2, 6)
REFUSED = f"Raison {LAUREATES:02}."


async def test_a_call_of_many_candidates_and_some_laureates(
    workspace: Workspace, relay: Relay
) -> None:
    await workspace.write()
    await workspace.name_jury()
    await workspace.act("open")
    candidates = [await workspace.workshop.come() for _ in range(CANDIDATES)]
    for number, (candidate, _) in enumerate(candidates):
        assert (
            await workspace.send(candidate, f"Projet {number:02}")
        ).status_code == 303
    sent: list[Submission] = sorted(
        await workspace.rows(Submission), key=lambda entry: entry.title
    )
    assert len(sent) == CANDIDATES
    early = await workspace.jury[0][0].get(
        f"{workspace.address}/submissions/{sent[0].id}"
    )
    await workspace.pass_hour()
    late = await workspace.send(workspace.workshop.leader, "Trop tard")

    unsaid = await workspace.score(workspace.jury[0][0], sent[0])
    for juror, _ in workspace.jury[1:]:
        await workspace.declare(juror)
    await workspace.declare(workspace.jury[0][0], sent[0])
    forbidden = await workspace.score(workspace.jury[0][0], sent[0])
    for number, submission in enumerate(sent):
        for juror, _ in workspace.jury[1 if number == 0 else 0 :]:
            assert (
                await workspace.score(
                    juror, submission, 0.9 if number < LAUREATES else 0.4
                )
            ).status_code == 303
    before = await workspace.team.get(f"{workspace.address}/submissions/{sent[0].id}")
    judged = await workspace.act("judge")
    after = await workspace.team.get(f"{workspace.address}/submissions/{sent[0].id}")
    for number, submission in enumerate(sent):
        data = {
            "laureate": "yes" if number < LAUREATES else "no",
            "reason": f"Raison {number:02}.",
        }
        assert (
            await workspace.act("decide", submission=str(submission.id), **data)
        ).status_code == 303
    hidden = await workspace.workshop.anyone.get(workspace.address)
    assert (await workspace.act("publish")).status_code == 303
    await workspace.tell_all("decided", [entry.id for entry in sent])

    statuses = [
        answer.status_code for answer in (early, late, unsaid, forbidden, judged)
    ]
    assert statuses == [404, 409, 403, 403, 303]
    assert len(await workspace.rows(Score)) == (CANDIDATES * 3 - 1) * 4
    assert "Parce que" not in before.text
    assert "Parce que 36." in after.text
    page = await workspace.workshop.anyone.get(workspace.address)
    assert "Projet 00" not in hidden.text
    assert [f"Projet {number:02}" in page.text for number in range(CANDIDATES)] == [
        True
    ] * LAUREATES + [False] * (CANDIDATES - LAUREATES)
    assert REFUSED not in page.text
    emails_by_recipient = {mail["To"]: mail for mail in relay.mails}
    assert len(relay.mails) == len(emails_by_recipient) == CANDIDATES
    for number, (_, login) in enumerate(candidates):
        subject = "est lauréat de" if number < LAUREATES else "n’est pas retenu pour"
        assert subject in emails_by_recipient[login.email]["Subject"]
        assert f"Raison {number:02}." in text_of(emails_by_recipient[login.email])
    submission_path = f"{workspace.address}/submissions/{sent[LAUREATES].id}"
    refused = candidates[LAUREATES][0]
    assert REFUSED in (await refused.get(submission_path)).text
    assert (await candidates[LAUREATES + 1][0].get(submission_path)).status_code == 404


async def test_what_candidates_read_stays_and_what_the_jury_reads_is_what_was_sent(
    workspace: Workspace, relay: Relay
) -> None:
    await workspace.write()
    stranger = (await workspace.workshop.anyone.get(workspace.address)).status_code
    await workspace.name_jury()
    await workspace.act("open")
    changed = await workspace.team.post(
        f"{workspace.address}/edit", data=workspace.form()
    )
    earlier = await workspace.act("extend", closes_at=moment(1), results_at=moment(30))
    await workspace.workshop.other.post(
        f"{workspace.address}/questions", data={"question": "Qui peut répondre ?"}
    )
    [question] = await workspace.rows(CallQuestion)
    unseen = await workspace.workshop.anyone.get(workspace.address)
    await workspace.act("answer", question=str(question.id), answer="Tout le monde.")
    for what in ("questioned", "answered"):
        await workspace.tell_all(what, [question.id])
    await workspace.tell_all(
        "named", [juror.id for juror in await workspace.rows(Juror)]
    )

    assert (stranger, changed.status_code, earlier.status_code) == (404, 409, 422)
    assert "Qui peut répondre" not in unseen.text
    assert (
        "Tout le monde."
        in (await workspace.workshop.anyone.get(workspace.address)).text
    )
    subjects = [mail["Subject"] for mail in relay.mails]
    title = "«\N{NO-BREAK SPACE}Rafraîchir la ville\N{NO-BREAK SPACE}»"
    assert subjects[:2] == [
        f"Une question sur l’appel {title}",
        f"Votre question sur l’appel {title} a sa réponse",
    ]
    assert subjects[2:] == [f"Vous êtes membre du jury de l’appel {title}"] * 3
    await workspace.send(workspace.workshop.other, "Ombres", "Première réponse.")
    [submission] = await workspace.rows(Submission)
    again = {"project": str(submission.project_id), "answer": "Seconde réponse."}
    assert (
        await workspace.workshop.other.post(f"{workspace.address}/answer", data=again)
    ).status_code == 303
    assert [row.answer for row in await workspace.rows(Submission)] == [
        "Seconde réponse."
    ]
    calendar = await workspace.workshop.anyone.get(f"{workspace.address}/calendar.ics")
    assert calendar.text.count("BEGIN:VEVENT") == 2
    assert all(len(line.encode()) <= 75 for line in calendar.text.split("\r\n"))
    assert (
        workspace.address in (await workspace.workshop.anyone.get("/calls.atom")).text
    )
    assert "Rafraîchir la ville" in (await workspace.workshop.anyone.get("/calls")).text


@by_depth(
    ("name", "value"),
    [
        ("title", ""),
        ("criteria", "Utile"),
        ("criteria", "Utile, 900"),
        ("closes_at", "hier"),
        ("results_at", moment(1)),
    ],
    ids=[
        "no title",
        "a criterion without points",
        "too many points",
        "no date",
        "results before the end",
    ],
    by_default=[0],
)
async def test_what_is_wrong_in_a_call_is_said_beside_its_field(
    workspace: Workspace, name: str, value: str
) -> None:
    answer = await workspace.team.post(
        "/calls/new", data=workspace.form(**{name: value})
    )

    assert answer.status_code == 422
    assert f'href="#{name}"' in answer.text


async def test_only_organisers_write_calls(workspace: Workspace) -> None:
    assert (await workspace.workshop.other.get("/calls/new")).status_code == 403
    assert (
        await workspace.workshop.other.post("/calls/new", data=workspace.form())
    ).status_code == 403
    manager, _ = await workspace.workshop.come(memberships={"kerlevan": ["managers"]})
    assert (await manager.post("/calls/new", data=workspace.form())).status_code == 403
    response = await manager.post(
        "/calls/new", data=workspace.form(organisation="kerlevan")
    )
    assert response.status_code == 303
    assert (await workspace.team.get(response.headers["location"])).status_code == 404


async def test_a_submission_is_for_whoever_leads_its_project_now(
    workspace: Workspace,
) -> None:
    await workspace.write()
    await workspace.name_jury()
    await workspace.act("open")
    assert (await workspace.send(workspace.workshop.other, "Ombres")).status_code == 303
    [submission] = await workspace.rows(Submission)
    second, login = await workspace.workshop.come()
    project = f"/projects/{submission.project_id}"
    await workspace.workshop.other.post(
        f"{project}/team", data={"email": login.email, "right": "edit"}
    )
    await second.post(f"{project}/invitation", data={"what": "accept"})
    member = await workspace.workshop.member(login.email)
    await workspace.workshop.other.post(
        f"{project}/team/{member.id}", data={"what": "lead"}
    )
    address = f"{workspace.address}/submissions/{submission.id}"

    read = [
        (await who.get(address)).status_code
        for who in (workspace.workshop.other, second)
    ]
    withdrawal_statuses = [
        (await who.post(f"{address}/withdraw")).status_code
        for who in (workspace.workshop.other, second)
    ]

    assert (read, withdrawal_statuses) == ([404, 200], [404, 303])
