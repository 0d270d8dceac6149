"""What a node calls to tell which consents people stopped there."""

from typing import Any
from uuid import UUID

from litestar import Response, post
from msgspec import to_builtins
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import field_error
from udi.portal.consents.actions import withdraw_consent
from udi.portal.consents.locks import lock_given
from udi.portal.consents.models import Consent
from udi.portal.nodes.api import MIB, as_json, decode_report, take_report
from udi.portal.nodes.models import Node
from udi.protocol.consent import ConsentState
from udi.protocol.consent_withdrawals import (
    MOST_WITHDRAWALS,
    PATH,
    ConsentWithdrawalAnswer,
    ConsentWithdrawals,
    WithdrawalOutcome,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

LARGEST = MIB


def read_withdrawals(body: bytes) -> ConsentWithdrawals:
    """What a node tells.

    Raises:
        InvalidError: it is something else.
    """
    refusal = field_error(
        "consents",
        "These are no identifiers of consents.",
        "Send a list of %(most)s at most, as the protocol says.",
        values={"most": MOST_WITHDRAWALS},
    )
    return decode_report(body, ConsentWithdrawals, refusal)


@post(PATH, status_code=200, request_max_body_size=LARGEST)
async def receive_withdrawals(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Stop what people stopped at the node that calls; say of each what became of it."""
    outcomes = await take_report(
        request, territory, read_withdrawals, take_withdrawals, largest=LARGEST
    )
    return as_json(to_builtins(ConsentWithdrawalAnswer(consents=outcomes)))


async def take_withdrawals(
    session: AsyncSession, node: Node, withdrawals: ConsentWithdrawals
) -> dict[UUID, WithdrawalOutcome]:
    """Stop consents that this node holds; those of other nodes are unknown to it."""
    of_node = Consent.id.in_(withdrawals.consents) & (Consent.node_id == node.id)
    for consent in await lock_given(session, of_node):
        await withdraw_consent(session, consent)
    rows = (
        await session.execute(select(Consent.id, Consent.state).where(of_node))
    ).all()
    states: dict[UUID, str] = {row.id: row.state for row in rows}
    return {id_: _find_outcome(states.get(id_)) for id_ in withdrawals.consents}


def _find_outcome(state: str | None) -> WithdrawalOutcome:
    if state is None:
        return WithdrawalOutcome.UNKNOWN
    if state == ConsentState.WITHDRAWN:
        return WithdrawalOutcome.WITHDRAWN
    return WithdrawalOutcome.ENDED


routes: Routes = [receive_withdrawals]
