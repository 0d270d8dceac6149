"""The check at each reading of restricted data: who shows what, which agreement that is, and what it lets through."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import InvalidError, Refusal
from udi.kit.tenancy import Territory, space_context
from udi.node.agreements.actions import change_use, note_check, note_reading, note_refusal, refuse_begun_reading
from udi.node.agreements.documents import Held, read_held
from udi.node.agreements.models import ALLOWED, STOPPED, HeldAgreement
from udi.node.agreements.queries import find_held, get_held, list_shown, read_spent
from udi.node.agreements.waiting import Waiting
from udi.node.files.restricted import Asked, NotGrantedError, PaceError, RestrictedError, StoppedError
from udi.protocol.agreement import PROJECT_CREDENTIAL, fingerprint
from udi.protocol.deciding import Reading, Refused, Verdict, View, decide, refuse
from udi.protocol.terms import Purpose

log = structlog.get_logger()
SECONDS, BYTES = 2.0, 8 * 1024**2
"""How long and how much is sent at most before the agreement is asked again."""
PURPOSE = "udi-purpose"
"""The header in which a machine may say what it reads for."""


@dataclass(frozen=True)
class Question:
    """A reading as it is asked: of which dataset, how (`what`, for the log), with which secret (digest), what for."""

    dataset_id: UUID
    what: str
    digest: str = ""
    purpose: Purpose | None = None


@dataclass
class Agreed:
    """A reading that an agreement lets through; `use_id` is its line in the log."""

    gate: "AgreementGate"
    tenant: UUID
    question: Question
    held: Held
    use_id: UUID
    view: View

    async def give(self, size: int) -> None:
        """Count bytes before they are sent; the agreement is asked once more, for it may have ended meanwhile.

        Raises:
            NotGrantedError: they are more than it leaves this month, or it lets nothing through any more.
        """
        async with self.gate.session(self.tenant) as session:
            row = await get_held(session, self.held.agreement.id)
            verdict = await ask(session, row, self.question, size=size, but=self.use_id)
            if verdict.refused:
                await refuse_begun_reading(session, row, self.use_id, verdict.refused.value)
            else:
                await change_use(session, self.use_id, sent=size)
        if verdict.refused:
            raise refusal_of(read_held(row), verdict)

    async def counted(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same bytes, as long as the agreement holds; what of them was really sent is noted, however it ends.

        Raises:
            StoppedError: the agreement ended meanwhile; nothing more is sent.
        """
        sent = checked = 0
        verdict = ALLOWED
        at = self.gate.monotonic()
        try:
            async for piece in content:
                if sent + len(piece) - checked > BYTES or self.gate.monotonic() - at >= SECONDS:
                    if await self._has_ended():
                        verdict = STOPPED
                        raise StoppedError
                    checked = sent
                    at = self.gate.monotonic()
                sent += len(piece)
                yield piece
        finally:
            self.gate.note_soon(self._note(sent, verdict))

    async def _has_ended(self) -> bool:
        """Whether the agreement lets nothing through any more; how much may be read was asked before."""
        async with self.gate.session(self.tenant) as session:
            held = read_held(await get_held(session, self.held.agreement.id))
            reading = _reading(self.question, 0, 0, 0)
            ended = decide(held.agreement, held.standing, reading, now()).refused is not None
            await note_check(session, self.use_id)
        return ended

    async def _note(self, sent: int, verdict: str) -> None:
        async with self.gate.session(self.tenant) as session:
            await change_use(session, self.use_id, sent=sent, verdict=verdict, ended=True)

    async def refuse(self, refused: Refused, columns: Collection[str] = ()) -> NotGrantedError:
        """That the agreement leaves nothing of what is asked, once this is in the log."""
        async with self.gate.session(self.tenant) as session:
            row = await get_held(session, self.held.agreement.id)
            await refuse_begun_reading(session, row, self.use_id, refused.value)
        return refusal_of(self.held, _in_part(refused, self.view, columns))


@dataclass
class AgreementGate:
    """Lets in whoever shows the credential of a project that has an agreement, as far as that says."""

    database: Database
    waiting: Waiting
    monotonic: Callable[[], float] = time.monotonic
    _noting: set[asyncio.Task[None]] = field(default_factory=set)

    async def let_in(self, request: Asked, territory: Territory, dataset_id: UUID, what: str) -> Agreed:
        """The reading of a dataset by a machine.

        Raises:
            RestrictedError: no credential is shown, or none that is known here.
            NotGrantedError, PaceError: its agreement does not allow it, or not any more.
        """
        digest = shown(request)
        if digest is None:
            raise RestrictedError(dataset_id)
        question = Question(dataset_id, what, digest, _purpose(request))
        await self.waiting.wait(territory)
        async with self.session(territory.id) as session:
            found = await list_shown(session, digest)
            row = await _choose([each for each in found if each.dataset_id == dataset_id], question)
            judged = await self._begin(session, row, question) if row else None
        if not found:
            raise RestrictedError(dataset_id, Refused.UNKNOWN_CREDENTIAL)
        if row is None or judged is None:
            raise NotGrantedError(dataset_id, refuse(Refused.OTHER_DATASET))
        return self._passed(territory, question, read_held(row), *judged)

    async def let_person_in(self, territory: Territory, agreement_id: UUID, what: str) -> Agreed:
        """The reading by somebody whom the portal sent here for an agreement.

        Raises:
            NotFoundError: this node knows no such agreement.
            NotGrantedError, PaceError: as `let_in`.
        """
        await self.waiting.wait(territory)
        async with self.session(territory.id) as session:
            row = await get_held(session, agreement_id)
            question = Question(row.dataset_id, what)
            judged = await self._begin(session, row, question)
        return self._passed(territory, question, read_held(row), *judged)

    def _passed(
        self, territory: Territory, question: Question, held: Held, verdict: Verdict, use_id: UUID | None
    ) -> Agreed:
        if verdict.view is None or use_id is None:
            raise refusal_of(held, verdict)
        return Agreed(self, territory.id, question, held, use_id, verdict.view)

    async def _begin(
        self, session: AsyncSession, row: HeldAgreement, question: Question
    ) -> tuple[Verdict, UUID | None]:
        """The answer, and the line of the log of a reading that may begin; a refusal is logged too."""
        verdict, credential = await ask(session, row, question), _credential(read_held(row), question)
        if verdict.refused:
            await note_refusal(session, row, credential, question.what, verdict.refused.value)
            return verdict, None
        return verdict, await note_reading(session, row, credential, question.what)

    @asynccontextmanager
    async def session(self, tenant: UUID) -> AsyncIterator[AsyncSession]:
        """A transaction that is kept to no space: what is shown says what it opens."""
        with space_context(None):
            async with self.database.session(tenant) as session:
                yield session

    def note_soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Write the end of a reading aside: its client may have gone."""
        task = asyncio.create_task(work)
        self._noting.add(task)
        task.add_done_callback(self._noted)

    def _noted(self, task: asyncio.Task[None]) -> None:
        self._noting.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("end of a reading not noted", error=type(error).__name__)

    async def close(self) -> None:
        """Wait until the ends of readings are written."""
        while self._noting:
            await asyncio.gather(*self._noting, return_exceptions=True)


async def ask(
    session: AsyncSession, row: HeldAgreement, question: Question, *, size: int = 0, but: UUID | None = None
) -> Verdict:
    """The answer of an agreement at this moment; where it limits how much, readings take turns until the commit."""
    terms = read_held(row).agreement.terms
    if terms.bytes_a_month is not None or terms.requests_a_minute is not None:
        await find_held(session, row.id, lock=True)
    held = read_held(row)
    sent, began = await read_spent(session, held.agreement, but=but)
    return decide(held.agreement, held.standing, _reading(question, size, sent, began), now())


def shown(request: Asked) -> str | None:
    """The digest of the credential of a project that a request shows."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not PROJECT_CREDENTIAL.fits(secret):
        return None
    return fingerprint(secret)


async def _choose(found: Sequence[HeldAgreement], question: Question) -> HeldAgreement | None:
    """The agreement that lets it through, else the one that ends last: a project may have had several."""
    asked = [(each, read_held(each)) for each in found]
    reading = _reading(question, 0, 0, 0)
    good = [row for row, held in asked if not decide(held.agreement, held.standing, reading, now()).refused]
    return next(iter([*good, *found]), None)


def _reading(question: Question, size: int, sent: int, began: int) -> Reading:
    return Reading(
        dataset=question.dataset_id,
        size=size,
        purpose=question.purpose,
        credential=question.digest,
        bytes_this_month=sent,
        readings_this_minute=began,
    )


def _credential(held: Held, question: Question) -> UUID | None:
    return next((each.id for each in held.standing.credentials if each.sha256 == question.digest), None)


def _purpose(request: Asked) -> Purpose | None:
    said = request.headers.get(PURPOSE)
    try:
        return Purpose(said.strip()) if said else None
    except ValueError as error:
        refusal = Refusal(
            "UDI-Purpose", "This is no purpose.", "Write one of these: %(known)s.", "", {"known": ", ".join(Purpose)}
        )
        raise InvalidError(refusals=[refusal]) from error


def _in_part(refused: Refused, view: View, columns: Collection[str]) -> Verdict:
    named = columns or (*view.columns, *(each.column for each in view.rows))
    values: dict[str, str | int] = {"columns": ", ".join(named)}
    return Verdict(refused=refused, values=values if refused is Refused.OTHER_COLUMNS else {})


def refusal_of(held: Held, verdict: Verdict) -> NotGrantedError:
    """What is said to whoever is refused, with the page of the agreement."""
    kind = PaceError if verdict.refused is Refused.TOO_OFTEN else NotGrantedError
    return kind(held.agreement.dataset, verdict, page=held.agreement.page)
