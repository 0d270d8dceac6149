"""The check at each reading of restricted data: who shows what, which agreement that is, and what it lets through."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import structlog
from joserfc import jws
from joserfc.errors import JoseError
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import field_error
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory, space_context
from udi.node.agreements.actions import (
    log_reading,
    log_reading_as_refusal,
    log_refusal,
    mark_use_checked,
    update_use,
)
from udi.node.agreements.consents import read_person_rows
from udi.node.agreements.documents import CurrentAgreement, read_current_agreement
from udi.node.agreements.freshness import AgreementFreshness
from udi.node.agreements.models import ALLOWED, STOPPED, HeldAgreement
from udi.node.agreements.queries import (
    find_agreement,
    get_agreement,
    list_credential_agreements,
    read_consumption,
)
from udi.node.datasets.exchange.portal_tokens import take_ticket
from udi.node.files.restricted import (
    AgreementEndedError,
    ConsentsStaleError,
    NotGrantedError,
    ReadingRateError,
    RestrictedError,
)
from udi.protocol.access_decision import (
    ReadingDecision,
    ReadingRequest,
    RefusalReason,
    View,
    decide_reading,
    refuse,
)
from udi.protocol.agreement import PROJECT_CREDENTIAL, Agreement, fingerprint
from udi.protocol.credentials import TABLE_READING
from udi.protocol.terms import Purpose
from udi.ui.dependencies import AnyRequest

log = structlog.get_logger()
SECONDS = 2.0
BYTES = 8 * 1024**2
"""How long and how much is sent at most before the agreement is asked again."""
PURPOSE = "udi-purpose"
"""The header in which a machine may say what it reads for."""


@dataclass(frozen=True)
class ReadingAttempt:
    """A reading as it is asked: of which dataset, how (`kind`, for the log), with which secret (digest), what for."""

    dataset_id: UUID
    kind: str
    digest: str = ""
    purpose: Purpose | None = None


@dataclass
class AgreementReading:
    """A reading that an agreement lets through; `use_id` is its line in the log."""

    gate: "AgreementGate"
    tenant: UUID
    attempt: ReadingAttempt
    signed_agreement: CurrentAgreement
    use_id: UUID
    view: View

    async def give(self, size: int) -> None:
        """Count bytes before they are sent; the agreement is asked once more, for it may have ended meanwhile.

        Raises:
            NotGrantedError: they are more than it leaves this month, or it lets nothing through any more.
        """
        async with self.gate.session(self.tenant) as session:
            row = await get_agreement(session, self.signed_agreement.agreement.id)
            decision = await decide_attempt(
                session, row, self.attempt, size=size, but=self.use_id
            )
            if decision.view and not self.view.still_lent(decision.view.persons):
                decision = refuse(RefusalReason.NO_CONSENT)
            if decision.refused:
                await log_reading_as_refusal(
                    session, row, self.use_id, decision.refused.value
                )
            else:
                await update_use(session, self.use_id, sent=size)
        if decision.refused:
            raise refusal_of(read_current_agreement(row), decision)

    async def counted(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same bytes, as long as the agreement holds; what of them was really sent is noted, however it ends.

        Raises:
            AgreementEndedError: the agreement ended meanwhile; nothing more is sent.
        """
        sent = checked = 0
        outcome = ALLOWED
        at = self.gate.monotonic()
        try:
            async for piece in content:
                if (
                    sent + len(piece) - checked > BYTES
                    or self.gate.monotonic() - at >= SECONDS
                ):
                    if await self._has_ended():
                        outcome = STOPPED
                        raise AgreementEndedError
                    checked = sent
                    at = self.gate.monotonic()
                sent += len(piece)
                yield piece
        finally:
            self.gate.log_in_background(self._log_end(sent, outcome))

    async def _has_ended(self) -> bool:
        """Whether the agreement lets nothing through any more; how much may be read was asked before."""
        async with self.gate.session(self.tenant) as session:
            signed_agreement = read_current_agreement(
                await get_agreement(session, self.signed_agreement.agreement.id)
            )
            reading = _reading(self.attempt, 0, 0, 0)
            decision = decide_reading(
                signed_agreement.agreement, signed_agreement.status, reading, now()
            )
            decision = await _keep_to_lenders(
                session, signed_agreement.agreement, decision
            )
            ended = decision.view is None or not self.view.still_lent(
                decision.view.persons
            )
            await mark_use_checked(session, self.use_id)
        return ended

    async def _log_end(self, sent: int, outcome: str) -> None:
        async with self.gate.session(self.tenant) as session:
            await update_use(
                session, self.use_id, sent=sent, outcome=outcome, ended=True
            )

    async def refuse(
        self, refused: RefusalReason, columns: Collection[str] = ()
    ) -> NotGrantedError:
        """That the agreement leaves nothing of what is asked, once this is in the log."""
        async with self.gate.session(self.tenant) as session:
            row = await get_agreement(session, self.signed_agreement.agreement.id)
            await log_reading_as_refusal(session, row, self.use_id, refused.value)
        return refusal_of(
            self.signed_agreement, _partial_decision(refused, self.view, columns)
        )


@dataclass
class AgreementGate:
    """Lets in whoever shows the credential of a project that has an agreement, as far as that says."""

    database: Database
    freshness: AgreementFreshness
    monotonic: Callable[[], float] = time.monotonic
    _noting: set[asyncio.Task[None]] = field(default_factory=set)

    async def authorize_reading(
        self, request: AnyRequest, territory: Territory, dataset_id: UUID, kind: str
    ) -> AgreementReading:
        """The reading of a dataset by a machine.

        Raises:
            RestrictedError: no credential is shown, or none that is known here.
            NotGrantedError, ReadingRateError: its agreement does not allow it, or not any more.
        """
        if is_reading_key(request):
            return await self._authorize_reading_key(
                request, territory, dataset_id, kind
            )
        digest = credential_digest(request)
        if digest is None:
            raise RestrictedError(dataset_id)
        attempt = ReadingAttempt(dataset_id, kind, digest, _purpose(request))
        await self.freshness.wait_until_fresh(territory)
        async with self.session(territory.id) as session:
            stored_agreements = await list_credential_agreements(session, digest)
            row = await _choose_agreement(
                session,
                [
                    stored_agreement
                    for stored_agreement in stored_agreements
                    if stored_agreement.dataset_id == dataset_id
                ],
                attempt,
            )
            if row:
                judged = await self._decide_and_log(session, row, attempt)
            else:
                judged = None
        if not stored_agreements:
            raise RestrictedError(dataset_id, RefusalReason.UNKNOWN_CREDENTIAL)
        if row is None or judged is None:
            raise NotGrantedError(dataset_id, refuse(RefusalReason.OTHER_DATASET))
        return self._accept_reading(
            territory, attempt, read_current_agreement(row), *judged
        )

    async def _authorize_reading_key(
        self, request: AnyRequest, territory: Territory, dataset_id: UUID, kind: str
    ) -> AgreementReading:
        """The reading by a program of somebody to whom the portal gave a key for an agreement.

        Raises:
            ForbiddenError: the key is not one of the portal, for this node, or too old.
            NotGrantedError: it is for an agreement on another dataset, or as `authorize_person`.
            NotFoundError, ReadingRateError: as `authorize_person`.
        """
        signed = await take_ticket(
            request, territory, _shown_secret(request), TABLE_READING
        )
        agreement_id = UUID(signed.subject)
        async with self.session(territory.id) as session:
            row = await get_agreement(session, agreement_id)
            if row.dataset_id != dataset_id:
                raise NotGrantedError(dataset_id, refuse(RefusalReason.OTHER_DATASET))
        return await self.authorize_person(territory, agreement_id, kind)

    async def authorize_person(
        self, territory: Territory, agreement_id: UUID, kind: str
    ) -> AgreementReading:
        """The reading by somebody whom the portal sent here for an agreement.

        Raises:
            NotFoundError: this node knows no such agreement.
            NotGrantedError, ReadingRateError: as `let_in`.
        """
        await self.freshness.wait_until_fresh(territory)
        async with self.session(territory.id) as session:
            row = await get_agreement(session, agreement_id)
            attempt = ReadingAttempt(row.dataset_id, kind)
            judged = await self._decide_and_log(session, row, attempt)
        return self._accept_reading(
            territory, attempt, read_current_agreement(row), *judged
        )

    def _accept_reading(
        self,
        territory: Territory,
        attempt: ReadingAttempt,
        signed_agreement: CurrentAgreement,
        decision: ReadingDecision,
        use_id: UUID | None,
    ) -> AgreementReading:
        if decision.view is None or use_id is None:
            raise refusal_of(signed_agreement, decision)
        return AgreementReading(
            self, territory.id, attempt, signed_agreement, use_id, decision.view
        )

    async def _decide_and_log(
        self, session: AsyncSession, row: HeldAgreement, attempt: ReadingAttempt
    ) -> tuple[ReadingDecision, UUID | None]:
        """The answer, and the line of the log of a reading that may begin; a refusal is logged too."""
        decision = await decide_attempt(session, row, attempt)
        credential = _credential(read_current_agreement(row), attempt)
        if decision.refused:
            await log_refusal(
                session, row, credential, attempt.kind, decision.refused.value
            )
            return decision, None
        return decision, await log_reading(session, row, credential, attempt.kind)

    @asynccontextmanager
    async def session(self, tenant: UUID) -> AsyncIterator[AsyncSession]:
        """A transaction that is kept to no space: what is shown says what it opens."""
        with space_context(None):
            async with self.database.session(tenant) as session:
                yield session

    def log_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Write the end of a reading aside: its client may have gone."""
        task = asyncio.create_task(work)
        self._noting.add(task)
        task.add_done_callback(self._finish_logging)

    def _finish_logging(self, task: asyncio.Task[None]) -> None:
        self._noting.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("end of a reading not noted", error=type(error).__name__)

    async def close(self) -> None:
        """Wait until the ends of readings are written."""
        while self._noting:
            await asyncio.gather(*self._noting, return_exceptions=True)


AGREEMENT_GATE = ServiceKey[AgreementGate]("agreement gate", "agreements")


async def decide_attempt(
    session: AsyncSession,
    row: HeldAgreement,
    attempt: ReadingAttempt,
    *,
    size: int = 0,
    but: UUID | None = None,
) -> ReadingDecision:
    """The answer of an agreement at this moment; where it limits how much, readings take turns until the commit."""
    terms = read_current_agreement(row).agreement.terms
    if terms.bytes_a_month is not None or terms.requests_a_minute is not None:
        await find_agreement(session, row.id, lock=True)
    signed_agreement = read_current_agreement(row)
    sent, began = await read_consumption(session, signed_agreement.agreement, but=but)
    decision = decide_reading(
        signed_agreement.agreement,
        signed_agreement.status,
        _reading(attempt, size, sent, began),
        now(),
    )
    return await _keep_to_lenders(session, signed_agreement.agreement, decision)


async def _keep_to_lenders(
    session: AsyncSession, agreement: Agreement, decision: ReadingDecision
) -> ReadingDecision:
    """The same decision, for the rows of people who lend them; where rows are about nobody, as it is."""
    if decision.view is None:
        return decision
    persons = await read_person_rows(session, agreement.id, agreement.dataset)
    if isinstance(persons, RefusalReason):
        return refuse(persons)
    return replace(decision, view=structs.replace(decision.view, persons=persons))


def _shown_secret(request: AnyRequest) -> str:
    """What a request shows after the word Bearer; empty: nothing."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return ""
    return secret.strip()


def credential_digest(request: AnyRequest) -> str | None:
    """The digest of the credential of a project that a request shows."""
    secret = _shown_secret(request)
    if not PROJECT_CREDENTIAL.matches(secret):
        return None
    return fingerprint(secret)


def is_reading_key(request: AnyRequest) -> bool:
    """Whether a request shows a key that the portal gave to whoever leads a project, good or not."""
    try:
        header = jws.extract_compact(_shown_secret(request).encode()).headers()
    except (JoseError, ValueError):
        return False
    return header.get("typ") == TABLE_READING.typ


async def _choose_agreement(
    session: AsyncSession,
    stored_agreements: Sequence[HeldAgreement],
    attempt: ReadingAttempt,
) -> HeldAgreement | None:
    """The agreement that lets it through, else the one that ends last: a project may have had several.

    Where several are live, one under which somebody lends is taken first.
    """
    reading = _reading(attempt, 0, 0, 0)
    good = []
    for row in stored_agreements:
        signed = read_current_agreement(row)
        decision = decide_reading(signed.agreement, signed.status, reading, now())
        if not decision.refused:
            good.append((row, signed.agreement, decision))
    if len(good) > 1:
        for row, agreement, decision in good:
            lent = await _keep_to_lenders(session, agreement, decision)
            if not lent.refused:
                return row
    return next(iter([*(row for row, _, _ in good), *stored_agreements]), None)


def _reading(
    attempt: ReadingAttempt, size: int, sent: int, began: int
) -> ReadingRequest:
    return ReadingRequest(
        dataset=attempt.dataset_id,
        size=size,
        purpose=attempt.purpose,
        credential=attempt.digest,
        bytes_this_month=sent,
        readings_this_minute=began,
    )


def _credential(
    signed_agreement: CurrentAgreement, attempt: ReadingAttempt
) -> UUID | None:
    return next(
        (
            credential.id
            for credential in signed_agreement.status.credentials
            if credential.sha256 == attempt.digest
        ),
        None,
    )


def _purpose(request: AnyRequest) -> Purpose | None:
    header = request.headers.get(PURPOSE)
    try:
        if header:
            return Purpose(header.strip())
        return None
    except ValueError as error:
        raise field_error(
            "UDI-Purpose",
            "This is not a purpose.",
            "Write one of these: %(known)s.",
            "",
            {"known": ", ".join(Purpose)},
        ) from error


def _partial_decision(
    refused: RefusalReason, view: View, columns: Collection[str]
) -> ReadingDecision:
    named = columns or (*view.columns, *(row_filter.column for row_filter in view.rows))
    values: dict[str, str | int] = {"columns": ", ".join(named)}
    return ReadingDecision(
        refused=refused, values=values if refused is RefusalReason.OTHER_COLUMNS else {}
    )


def refusal_of(
    signed_agreement: CurrentAgreement, decision: ReadingDecision
) -> NotGrantedError:
    """What is said to whoever is refused, with the page of the agreement."""
    kinds: dict[RefusalReason | None, type[NotGrantedError]] = {
        RefusalReason.TOO_OFTEN: ReadingRateError,
        RefusalReason.CONSENTS_STALE: ConsentsStaleError,
    }
    kind = kinds.get(decision.refused, NotGrantedError)
    return kind(
        signed_agreement.agreement.dataset,
        decision,
        page=signed_agreement.agreement.page,
    )
