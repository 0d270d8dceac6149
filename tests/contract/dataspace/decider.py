"""People who decide at once, by the same commands as their pages: what the kit waits for, and no more.

It looks at the processes as their pages do, and does what the case's script says a moment after the state that calls for it:
the other side has to have noted its own answer, and what follows by itself is not far.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.contract.dataspace.cases import (
    CONSUMER_NEGOTIATIONS,
    CONSUMER_TRANSFERS,
    SCRIPTS,
    Steps,
)
from tests.contract.dataspace.stage import WHY, Stage, name_of
from udi.kit.clock import now
from udi.kit.errors import UdiError
from udi.portal.access.agreements import actions
from udi.portal.access.models import AccessAgreement, AccessRequest
from udi.portal.access.requests import decisions
from udi.portal.dataspace import transfers
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.negotiations import consumer_negotiations
from udi.portal.dataspace.negotiations.offers import URN
from udi.portal.dataspace.transitions import (
    ENDED,
    DataspaceEvent,
    DataspaceSide,
    ProcessKind,
)

LOOK = 0.05
AFTER = timedelta(seconds=0.3)
RULES = {"permission": [{"action": "use"}]}
Act = Callable[[Stage, AsyncSession, DataspaceProcess], Awaitable[None]]


class Decider:
    """Does what the scripts say, for every case but those that are left alone."""

    def __init__(self, stage: Stage, *, alone: frozenset[str] = frozenset()) -> None:
        self.stage = stage
        self.alone = alone
        self.troubles = list[str]()
        self._done: dict[UUID, tuple[int, datetime | None]] = {}
        """Of each process, how many steps are done, and since when it stood where the last one was."""

    async def run(self) -> None:
        """Look and act until cancelled."""
        while True:
            try:
                for id_, act in await self._due():
                    await self._act(id_, act)
            except UdiError as error:
                self.troubles.append(f"{type(error).__name__}: {error.detail}")
            await asyncio.sleep(LOOK)

    async def _due(self) -> list[tuple[UUID, str]]:
        async with self.stage.site.database.session(
            self.stage.territory.id, person=self.stage.leader.person_id
        ) as session:
            living = DataspaceProcess.state.not_in(
                [final_state.value for final_state in ENDED]
            )
            query = select(DataspaceProcess).where(
                living, DataspaceProcess.since <= now() - AFTER
            )
            processes = (await session.scalars(query)).all()
        due = []
        for process in processes:
            case = self._case(process)
            steps: Steps = SCRIPTS[process.kind, process.side].get(case, ())
            place, before = self._done.get(process.id, (0, None))
            if case in self.alone or len(steps) <= place or before == process.since:
                continue
            state, act = steps[place]
            if state == process.state:
                self._done[process.id] = place + 1, process.since
                due.append((process.id, act))
        return due

    def _case(self, process: DataspaceProcess) -> str:
        if process.side == DataspaceSide.CONSUMER:
            named = process.dataset or process.contract
            return next(
                (
                    case
                    for case in (*CONSUMER_NEGOTIATIONS, *CONSUMER_TRANSFERS)
                    if name_of(case) == named
                ),
                "",
            )
        if process.kind == ProcessKind.NEGOTIATION:
            id_by_case = self.stage.datasets
        else:
            id_by_case = self.stage.agreements
        if process.kind == ProcessKind.NEGOTIATION:
            named = process.dataset
        else:
            named = process.contract
        return next(
            (case for case, id_ in id_by_case.items() if named == f"{URN}{id_}"), ""
        )

    async def _act(self, id_: UUID, act: str) -> None:
        async with self.stage.site.database.session(
            self.stage.territory.id, person=self.stage.leader.person_id
        ) as session:
            query = (
                select(DataspaceProcess)
                .where(DataspaceProcess.id == id_)
                .with_for_update()
            )
            process = (await session.scalars(query)).one()
            await ACTS[DataspaceSide(process.side)][act](self.stage, session, process)


async def _request(session: AsyncSession, process: DataspaceProcess) -> AccessRequest:
    query = (
        select(AccessRequest)
        .where(AccessRequest.id == process.request_id)
        .with_for_update()
    )
    return (await session.scalars(query)).one()


async def _agreement(
    session: AsyncSession, process: DataspaceProcess
) -> AccessAgreement:
    query = (
        select(AccessAgreement)
        .where(AccessAgreement.id == process.agreement_id)
        .with_for_update()
    )
    return (await session.scalars(query)).one()


async def counter(
    stage: Stage, session: AsyncSession, process: DataspaceProcess
) -> None:
    """The producer offers six months."""
    request = await _request(session, process)
    offer = decisions.OfferInput(months="6")
    revision = request.revision
    agreement_signer = stage.agreement_signer
    await decisions.make_counter_offer(
        session,
        stage.producer,
        request,
        WHY,
        offer,
        revision=revision,
        agreement_signer=agreement_signer,
    )


async def grant(stage: Stage, session: AsyncSession, process: DataspaceProcess) -> None:
    """The producer gives what was asked."""
    request = await _request(session, process)
    await decisions.grant_request(
        session,
        stage.producer,
        request,
        WHY,
        revision=request.revision,
        agreement_signer=stage.agreement_signer,
    )


async def refuse(
    stage: Stage, session: AsyncSession, process: DataspaceProcess
) -> None:
    """The producer refuses."""
    request = await _request(session, process)
    await decisions.refuse_request(
        session,
        stage.producer,
        request,
        WHY,
        revision=request.revision,
        agreement_signer=stage.agreement_signer,
    )


async def revoke(
    stage: Stage, session: AsyncSession, process: DataspaceProcess
) -> None:
    """The producer revokes the agreement."""
    await actions.revoke_agreement(
        session, stage.producer, await _agreement(session, process), WHY
    )


async def suspend(
    stage: Stage, session: AsyncSession, process: DataspaceProcess
) -> None:
    """The producer suspends the agreement."""
    await actions.suspend_agreement(
        session, stage.producer, await _agreement(session, process), WHY
    )


async def resume(
    stage: Stage, session: AsyncSession, process: DataspaceProcess
) -> None:
    """The producer takes the agreement up again."""
    await actions.resume_agreement(
        session, stage.producer, await _agreement(session, process)
    )


async def take(stage: Stage, session: AsyncSession, process: DataspaceProcess) -> None:
    """The project takes the provider's offer."""
    await consumer_negotiations.accept_offer(session, stage.leader, process)


async def ask_otherwise(
    stage: Stage, session: AsyncSession, process: DataspaceProcess
) -> None:
    """The project asks for something else."""
    assert process.offer is not None
    await consumer_negotiations.send_counter_request(
        session, stage.leader, process, {"@id": process.offer["@id"], **RULES}
    )


async def verify(
    stage: Stage, session: AsyncSession, process: DataspaceProcess
) -> None:
    """The project confirms the agreement."""
    await consumer_negotiations.verify_agreement(session, stage.leader, process)


async def break_off(
    stage: Stage, session: AsyncSession, process: DataspaceProcess
) -> None:
    """The project does not want it any more."""
    await consumer_negotiations.terminate_negotiation(
        session, stage.leader, process, WHY
    )


def closing(event: DataspaceEvent) -> Act:
    """Whoever leads the project, or the producer's machine, closes a transfer."""

    async def close(
        _stage: Stage, session: AsyncSession, process: DataspaceProcess
    ) -> None:
        await transfers.close_transfer(session, process, event, "closed", WHY)

    return close


ACTS: dict[DataspaceSide, dict[str, Act]] = {
    DataspaceSide.PROVIDER: {
        "counter": counter, "grant": grant, "refuse": refuse, "revoke": revoke, "suspend": suspend, "resume": resume,
        "complete": closing(DataspaceEvent.COMPLETE),
    },
    DataspaceSide.CONSUMER: {
        "take": take, "ask_otherwise": ask_otherwise, "verify": verify, "break_off": break_off,
        "end": closing(DataspaceEvent.TERMINATE), "complete": closing(DataspaceEvent.COMPLETE), "suspend": closing(DataspaceEvent.SUSPEND),
    },
}  # fmt: skip


async def begin(stage: Stage, path: str, body: Mapping[str, Any]) -> None:
    """Whoever leads the project asks a provider, as the kit wishes: it is the provider."""
    assert body["connectorAddress"].rstrip("/") == stage.connector.address, body
    async with stage.site.database.session(
        stage.territory.id, person=stage.leader.person_id
    ) as session:
        if path == "/negotiations":
            offer = {"@id": body["offerId"], **RULES}
            await consumer_negotiations.request_dataset(
                session, stage.leader, stage.connector, body["datasetId"], offer
            )
        else:
            await transfers.request_transfer(
                session, stage.leader, stage.connector, body["agreementId"]
            )


async def stop(task: asyncio.Task[None]) -> None:
    """End a task that runs for ever; what it failed by is raised."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
