"""Negotiations as provider: each is a request for access, which people answer on its page; machines hear it here."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.actions import confirm_agreement, give_up_agreement
from udi.portal.access.agreements.creation import AgreementSigner
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import AccessAgreement, AccessRequest, AccessRequestState
from udi.portal.access.policies.queries import get_policy, policy_of
from udi.portal.access.requests.decisions import accept_offer
from udi.portal.access.requests.requester_actions import (
    correct_request,
    submit_request,
    withdraw_request,
)
from udi.portal.access.requests.thread import list_steps
from udi.portal.access.requests.transitions import OPEN
from udi.portal.catalogue.models import Dataset
from udi.portal.dataspace.messages import MessageType, read_reason
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.dataspace.negotiations.offers import (
    URN,
    get_negotiable,
    is_named,
    participant_of,
    read_request_input,
)
from udi.portal.dataspace.negotiations.principals import ConnectorActor, get_principal
from udi.portal.dataspace.processes import (
    apply_received_event,
    begin_process,
    end_process,
    find_begun_process,
    queue_next_step,
    send_event,
)
from udi.portal.dataspace.transitions import (
    DataspaceEvent,
    DataspaceSide,
    NegotiationState,
    ProcessKind,
)
from udi.protocol import odrl
from udi.protocol.agreement import read_agreement
from udi.protocol.policy import Policy, read_policy
from udi.protocol.terms import read_terms

OVER = {
    AccessRequestState.REFUSED: "refused",
    AccessRequestState.WITHDRAWN: "withdrawn",
    AccessRequestState.LAPSED: "expired",
}
"""Why a negotiation ends, by how its request did."""


async def receive_request(
    session: AsyncSession,
    territory: Territory,
    connector: Connector,
    message: dict[str, Any],
) -> DataspaceProcess:
    """A connector asks: a request for access of its project, once, however often the message arrives.

    Raises:
        NotFoundError: nothing is negotiated about such a dataset.
        InvalidError, ConflictError, TooManyRequestsError: as for `submit`, and where what is asked is not within the offer.
    """
    if (
        begun := await find_begun_process(
            session, connector, ProcessKind.NEGOTIATION, message["consumerPid"]
        )
    ) is not None:
        return begun
    speaker = await get_principal(session, territory, connector)
    dataset, policy = await get_negotiable(
        session, str(message["offer"].get("target") or "")
    )
    request_input = read_request_input(policy_of(policy), message["offer"], connector)
    request = await submit_request(
        session,
        speaker.actor,
        dataset,
        speaker.project,
        request_input,
        policy=policy,
        territory=territory,
        language=speaker.language,
        connector=connector.name,
    )
    return await begin_process(
        session,
        connector,
        ProcessKind.NEGOTIATION,
        DataspaceSide.PROVIDER,
        NegotiationState.REQUESTED,
        callback=message["callbackAddress"],
        their_pid=message["consumerPid"],
        dataset=f"{URN}{dataset.id}",
        offer=message["offer"],
        request_id=request.id,
    )


async def receive_counter(
    session: AsyncSession,
    territory: Territory,
    connector: Connector,
    process: DataspaceProcess,
    message: dict[str, Any],
) -> None:
    """Instead of taking an offer, the connector asks for something else: the request is corrected.

    Raises:
        ConflictError, InvalidError: as for `correct`, and where it is about another dataset.
    """
    speaker = await get_principal(session, territory, connector)
    request = await get_request(session, process)
    apply_received_event(process, DataspaceEvent.REQUEST, message)
    dataset = await session.get_one(Dataset, (territory.id, request.dataset_id))
    if not is_named(dataset, message["offer"].get("target", f"{URN}{dataset.id}")):
        refusal = Refusal("offer.target", "The negotiation is about another dataset.")
        raise InvalidError("Nothing was sent yet.", refusals=[refusal])
    await session.refresh(dataset, ["organisation"])
    policy = await get_policy(session, dataset)
    request_input = read_request_input(policy_of(policy), message["offer"], connector)
    await correct_request(
        session,
        speaker.actor,
        request,
        speaker.project,
        request_input,
        policy=policy,
        territory=territory,
        connector=connector.name,
    )
    process.offer = message["offer"]


async def receive_event(
    session: AsyncSession, process: DataspaceProcess, message: dict[str, Any]
) -> None:
    """The connector takes the producer's offer; the agreement follows a moment later.

    Raises:
        ConflictError: no offer waits, or it is the provider's to say.
    """
    if message["eventType"] != NegotiationState.ACCEPTED:
        raise ConflictError("A consumer accepts; a provider finalises.")
    apply_received_event(process, DataspaceEvent.ACCEPT, message)
    await queue_next_step(session, process)


async def receive_verification(
    session: AsyncSession, process: DataspaceProcess, message: dict[str, Any]
) -> None:
    """The connector confirms the agreement; it is in force a moment later.

    Raises:
        ConflictError: no agreement waits.
    """
    apply_received_event(process, DataspaceEvent.VERIFY, message)
    await queue_next_step(session, process)


async def receive_termination(
    session: AsyncSession,
    territory: Territory,
    connector: Connector,
    process: DataspaceProcess,
    message: dict[str, Any],
) -> None:
    """The connector takes its request back, or does not confirm the agreement.

    Raises:
        ConflictError: the negotiation is over.
    """
    apply_received_event(process, DataspaceEvent.TERMINATE, message)
    process.code = str(message.get("code") or "withdrawn")
    process.reason = read_reason(message)
    speaker = await get_principal(session, territory, connector)
    request = await get_request(session, process)
    if request.state in OPEN:
        await withdraw_request(session, speaker.actor, request, territory)
        return
    agreement = await find_agreement(session, request)
    if agreement is not None and agreement.state == AgreementState.UNCONFIRMED:
        await give_up_agreement(session, speaker.actor, agreement)


async def get_request(
    session: AsyncSession, process: DataspaceProcess
) -> AccessRequest:
    """The request that a negotiation is, locked: always after its process, so that nobody waits for ever."""
    query = (
        select(AccessRequest)
        .where(AccessRequest.id == process.request_id)
        .with_for_update()
    )
    return (await session.scalars(query)).one()


async def find_agreement(
    session: AsyncSession, request: AccessRequest
) -> AccessAgreement | None:
    """What the request became, locked."""
    query = (
        select(AccessAgreement)
        .where(AccessAgreement.id == request.agreement_id)
        .with_for_update()
    )
    if request.agreement_id:
        return await session.scalar(query)
    return None


async def sync_negotiation(
    session: AsyncSession,
    territory: Territory,
    connector: Connector,
    process: DataspaceProcess,
) -> None:
    """Bring a negotiation to where people brought its request: an offer, an agreement, or the end."""
    if process.state in {NegotiationState.FINALIZED, NegotiationState.TERMINATED}:
        return
    request = await get_request(session, process)
    waiting = process.state in {NegotiationState.REQUESTED, NegotiationState.OFFERED}
    if request.state in OVER:
        await end_process(
            session,
            process,
            OVER[AccessRequestState(request.state)],
            await last_words(session, request),
        )
    elif (
        request.state == AccessRequestState.COUNTERED
        and request.since != process.answered_at
    ):
        if waiting:
            await _send_offer(session, territory, request, process)
        else:
            await end_process(
                session, process, "refused", "The producer offers something else."
            )
    elif request.state == AccessRequestState.GRANTED:
        await _send_agreement(session, territory, connector, request, process)


async def last_words(session: AsyncSession, request: AccessRequest) -> str:
    """What was said last in the thread by whoever closed it."""
    steps = await list_steps(session, request)
    if steps:
        return steps[-1].words
    return ""


async def _send_offer(
    session: AsyncSession,
    territory: Territory,
    request: AccessRequest,
    process: DataspaceProcess,
) -> None:
    terms = read_terms(request.offer)
    policy = read_policy(request.policy)
    offered_policy = Policy(requesters=policy.requesters, terms=terms)
    uid = f"{URN}{request.id}:offer:{int(request.since.timestamp() * 1000)}"
    offer = odrl.write_offer(
        offered_policy,
        uid=uid,
        provider=participant_of(territory),
        dataset=process.dataset,
    )
    process.offer = offer
    process.answered_at = request.since
    await send_event(
        session, process, DataspaceEvent.OFFER, MessageType.OFFER, {"offer": offer}
    )


async def _send_agreement(
    session: AsyncSession,
    territory: Territory,
    connector: Connector,
    request: AccessRequest,
    process: DataspaceProcess,
) -> None:
    agreement = await find_agreement(session, request)
    if agreement is None or agreement.state != AgreementState.UNCONFIRMED:
        if agreement and agreement.state == AgreementState.GIVEN_UP:
            code = "withdrawn"
        else:
            code = "refused"
        await end_process(session, process, code, agreement.reason if agreement else "")
    elif process.agreed is None:
        odrl_agreement = odrl.write_agreement(
            read_agreement(agreement.document),
            provider=participant_of(territory),
            requester=connector.participant,
            dataset=process.dataset,
            accepted_at=agreement.since,
        )
        process.agreed = odrl_agreement
        process.agreement_id = agreement.id
        await send_event(
            session,
            process,
            DataspaceEvent.AGREE,
            MessageType.AGREEMENT,
            {"agreement": odrl_agreement},
        )


async def advance_negotiation(
    session: AsyncSession,
    connector: Connector,
    process: DataspaceProcess,
    agreement_signer: AgreementSigner,
) -> None:
    """What follows by itself: an offer that was taken becomes an agreement, one that was confirmed is in force."""
    speaker = await get_principal(session, agreement_signer.territory, connector)
    request = await get_request(session, process)
    await sync_negotiation(session, agreement_signer.territory, connector, process)
    if process.state == NegotiationState.ACCEPTED:
        await _accept_offer(
            session, speaker, connector, process, request, agreement_signer
        )
        await sync_negotiation(session, agreement_signer.territory, connector, process)
    elif (
        process.state == NegotiationState.VERIFIED
        and (agreement := await find_agreement(session, request)) is not None
    ):
        await confirm_agreement(session, speaker.actor, agreement)
        await send_event(
            session,
            process,
            DataspaceEvent.FINALIZE,
            MessageType.EVENT,
            {"eventType": NegotiationState.FINALIZED},
        )


async def _accept_offer(
    session: AsyncSession,
    speaker: ConnectorActor,
    connector: Connector,
    process: DataspaceProcess,
    request: AccessRequest,
    agreement_signer: AgreementSigner,
) -> None:
    step = process.answered_at.isoformat() if process.answered_at else ""
    await accept_offer(
        session,
        speaker.actor,
        request,
        step=step,
        agreement_signer=agreement_signer,
        connector=connector.name,
    )
