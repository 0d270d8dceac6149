"""Negotiations as provider: each is a request for access, which people answer on its page; machines hear it here."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.changing import confirm, give_up
from udi.portal.access.agreements.notary import Notary
from udi.portal.access.agreements.states import AgreementState
from udi.portal.access.models import AccessAgreement, AccessRequest
from udi.portal.access.policies.queries import get_policy, policy_of
from udi.portal.access.requests.asking import correct, submit, withdraw
from udi.portal.access.requests.deciding import accept
from udi.portal.access.requests.states import OPEN
from udi.portal.access.requests.states import State as Asked
from udi.portal.access.requests.thread import list_steps
from udi.portal.catalogue.models import Dataset
from udi.portal.dataspace.messages import Type, read_reason
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.dataspace.offers import URN, get_negotiable, is_named, participant_of, read_asked
from udi.portal.dataspace.processes import begin, end, find_begun, go_on, receive, say
from udi.portal.dataspace.speakers import Speaker, get_speaker
from udi.portal.dataspace.states import Event, Kind, Negotiation, Side
from udi.protocol import odrl
from udi.protocol.agreement import read_agreement
from udi.protocol.policy import Policy, read_policy
from udi.protocol.terms import read_terms

OVER = {Asked.REFUSED: "refused", Asked.WITHDRAWN: "withdrawn", Asked.LAPSED: "expired"}
"""Why a negotiation ends, by how its request did."""


async def receive_request(
    session: AsyncSession, territory: Territory, connector: Connector, said: dict[str, Any]
) -> DataspaceProcess:
    """A connector asks: a request for access of its project, once, however often the message arrives.

    Raises:
        NotFoundError: nothing is negotiated about such a dataset.
        InvalidError, ConflictError, TooManyError: as for `submit`, and where what is asked is not within the offer.
    """
    if (begun := await find_begun(session, connector, Kind.NEGOTIATION, said["consumerPid"])) is not None:
        return begun
    speaker = await get_speaker(session, territory, connector)
    dataset, policy = await get_negotiable(session, str(said["offer"].get("target") or ""))
    asked = read_asked(policy_of(policy), said["offer"], connector)
    request = await submit(
        session, speaker.actor, dataset, speaker.project, asked, policy=policy, territory=territory,
        language=speaker.language, connector=connector.name,
    )  # fmt: skip
    return await begin(
        session, connector, Kind.NEGOTIATION, Side.PROVIDER, Negotiation.REQUESTED, callback=said["callbackAddress"],
        their_pid=said["consumerPid"], dataset=f"{URN}{dataset.id}", offer=said["offer"], request_id=request.id,
    )  # fmt: skip


async def receive_counter(
    session: AsyncSession, territory: Territory, connector: Connector, process: DataspaceProcess, said: dict[str, Any]
) -> None:
    """Instead of taking an offer, the connector asks for something else: the request is corrected.

    Raises:
        ConflictError, InvalidError: as for `correct`, and where it is about another dataset.
    """
    speaker = await get_speaker(session, territory, connector)
    request = await get_request(session, process)
    receive(process, Event.REQUEST, said)
    dataset = await session.get_one(Dataset, (territory.id, request.dataset_id))
    if not is_named(dataset, said["offer"].get("target", f"{URN}{dataset.id}")):
        refusal = Refusal("offer.target", "The negotiation is about another dataset.")
        raise InvalidError("Nothing was sent yet.", refusals=[refusal])
    await session.refresh(dataset, ["organisation"])
    policy = await get_policy(session, dataset)
    asked = read_asked(policy_of(policy), said["offer"], connector)
    await correct(
        session, speaker.actor, request, speaker.project, asked, policy=policy, territory=territory,
        connector=connector.name,
    )  # fmt: skip
    process.offer = said["offer"]


async def receive_event(session: AsyncSession, process: DataspaceProcess, said: dict[str, Any]) -> None:
    """The connector takes the producer's offer; the agreement follows a moment later.

    Raises:
        ConflictError: no offer waits, or it is the provider's to say.
    """
    if said["eventType"] != Negotiation.ACCEPTED:
        raise ConflictError("A consumer accepts; a provider finalises.")
    receive(process, Event.ACCEPT, said)
    await go_on(session, process)


async def receive_verification(session: AsyncSession, process: DataspaceProcess, said: dict[str, Any]) -> None:
    """The connector confirms the agreement; it is in force a moment later.

    Raises:
        ConflictError: no agreement waits.
    """
    receive(process, Event.VERIFY, said)
    await go_on(session, process)


async def receive_end(
    session: AsyncSession, territory: Territory, connector: Connector, process: DataspaceProcess, said: dict[str, Any]
) -> None:
    """The connector takes its request back, or does not confirm the agreement.

    Raises:
        ConflictError: the negotiation is over.
    """
    receive(process, Event.TERMINATE, said)
    process.code, process.reason = str(said.get("code") or "withdrawn"), read_reason(said)
    speaker = await get_speaker(session, territory, connector)
    request = await get_request(session, process)
    if request.state in OPEN:
        await withdraw(session, speaker.actor, request, territory)
        return
    agreement = await find_agreement(session, request)
    if agreement is not None and agreement.state == AgreementState.UNCONFIRMED:
        await give_up(session, speaker.actor, agreement)


async def get_request(session: AsyncSession, process: DataspaceProcess) -> AccessRequest:
    """The request that a negotiation is, locked: always after its process, so that nobody waits for ever."""
    query = select(AccessRequest).where(AccessRequest.id == process.request_id).with_for_update()
    return (await session.scalars(query)).one()


async def find_agreement(session: AsyncSession, request: AccessRequest) -> AccessAgreement | None:
    """What the request became, locked."""
    query = select(AccessAgreement).where(AccessAgreement.id == request.agreement_id).with_for_update()
    return await session.scalar(query) if request.agreement_id else None


async def catch_up(
    session: AsyncSession, territory: Territory, connector: Connector, process: DataspaceProcess
) -> None:
    """Bring a negotiation to where people brought its request: an offer, an agreement, or the end."""
    if process.state in {Negotiation.FINALIZED, Negotiation.TERMINATED}:
        return
    request = await get_request(session, process)
    waiting = process.state in {Negotiation.REQUESTED, Negotiation.OFFERED}
    if request.state in OVER:
        await end(session, process, OVER[Asked(request.state)], await last_words(session, request))
    elif request.state == Asked.COUNTERED and request.since != process.answered_at:
        if waiting:
            await _offer(session, territory, request, process)
        else:
            await end(session, process, "refused", "The producer offers something else.")
    elif request.state == Asked.GRANTED:
        await _agree(session, territory, connector, request, process)


async def last_words(session: AsyncSession, request: AccessRequest) -> str:
    """What was said last in the thread by whoever closed it."""
    steps = await list_steps(session, request)
    return steps[-1].words if steps else ""


async def _offer(
    session: AsyncSession, territory: Territory, request: AccessRequest, process: DataspaceProcess
) -> None:
    terms, policy = read_terms(request.offer), read_policy(request.policy)
    said = Policy(requesters=policy.requesters, terms=terms)
    uid = f"{URN}{request.id}:offer:{int(request.since.timestamp() * 1000)}"
    offer = odrl.write_offer(said, uid=uid, provider=participant_of(territory), dataset=process.dataset)
    process.offer, process.answered_at = offer, request.since
    await say(session, process, Event.OFFER, Type.OFFER, {"offer": offer})


async def _agree(
    session: AsyncSession,
    territory: Territory,
    connector: Connector,
    request: AccessRequest,
    process: DataspaceProcess,
) -> None:
    agreement = await find_agreement(session, request)
    if agreement is None or agreement.state != AgreementState.UNCONFIRMED:
        code = "withdrawn" if agreement and agreement.state == AgreementState.GIVEN_UP else "refused"
        await end(session, process, code, agreement.reason if agreement else "")
    elif process.agreed is None:
        said = odrl.write_agreement(
            read_agreement(agreement.document), provider=participant_of(territory), requester=connector.participant,
            dataset=process.dataset, accepted_at=agreement.since,
        )  # fmt: skip
        process.agreed, process.agreement_id = said, agreement.id
        await say(session, process, Event.AGREE, Type.AGREEMENT, {"agreement": said})


async def conclude(session: AsyncSession, connector: Connector, process: DataspaceProcess, notary: Notary) -> None:
    """What follows by itself: an offer that was taken becomes an agreement, one that was confirmed is in force."""
    speaker, request = await get_speaker(session, notary.territory, connector), await get_request(session, process)
    await catch_up(session, notary.territory, connector, process)
    if process.state == Negotiation.ACCEPTED:
        await _accept(session, speaker, connector, process, request, notary)
        await catch_up(session, notary.territory, connector, process)
    elif process.state == Negotiation.VERIFIED and (agreement := await find_agreement(session, request)) is not None:
        await confirm(session, speaker.actor, agreement)
        await say(session, process, Event.FINALIZE, Type.EVENT, {"eventType": Negotiation.FINALIZED})


async def _accept(
    session: AsyncSession,
    speaker: Speaker,
    connector: Connector,
    process: DataspaceProcess,
    request: AccessRequest,
    notary: Notary,
) -> None:
    step = process.answered_at.isoformat() if process.answered_at else ""
    await accept(session, speaker.actor, request, step=step, notary=notary, connector=connector.name)
