"""Transfers, on both sides: as provider, a secret for one agreement that opens its data at the node; as consumer, the reverse."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal, Refusals, field_error
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.revisions import send_agreement_status
from udi.portal.access.agreements.transitions import LIVE, AgreementState
from udi.portal.access.models import AccessAgreement, ProjectCredential
from udi.portal.dataspace.messages import PULL, MessageType, read_reason
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.dataspace.negotiations.offers import URN
from udi.portal.dataspace.processes import (
    apply_received_event,
    begin_process,
    end_process,
    find_begun_process,
    queue_message,
    queue_next_step,
    send_event,
)
from udi.portal.dataspace.transitions import (
    ENDED,
    DataspaceEvent,
    DataspaceSide,
    ProcessKind,
    TransferState,
)
from udi.portal.nodes.models import Node
from udi.protocol.agreement import PROJECT_CREDENTIAL, fingerprint

LASTS = timedelta(days=30)
"""How long the secret of a transfer is good; suspended and started again, it gets a new one."""
READABLE = (AgreementState.ACTIVE, AgreementState.REVOKING)
ENDPOINT_TYPE = "https://w3id.org/idsa/v4.1/HTTP"


async def receive_request(
    session: AsyncSession, connector: Connector, message: dict[str, Any]
) -> DataspaceProcess:
    """A connector asks for the data of an agreement of its project; they start a moment later.

    Raises:
        InvalidError: the project has no such agreement, or the data are not given in this way.
        ConflictError: nothing is read under the agreement now.
    """
    if (
        begun := await find_begun_process(
            session, connector, ProcessKind.TRANSFER, message["consumerPid"]
        )
    ) is not None:
        return begun
    agreement = await _find_agreement(session, connector, message["agreementId"])
    refusals = Refusals()
    if agreement is None:
        refusals.refuse(
            "agreementId",
            "The project has no such agreement.",
            "Negotiate one first.",
        )
    if message["format"] != PULL:
        values = {"format": PULL}
        refusals.refuse(
            "format",
            "The data are not given in this way.",
            "Ask for %(format)s.",
            values=values,
        )
    if refusals or agreement is None:
        raise InvalidError("The transfer cannot begin.", refusals=refusals)
    if agreement.state not in READABLE or agreement.ends_at <= now():
        raise ConflictError(
            "This agreement gives no access to the data now.",
            remedy="Its page on the portal says why.",
        )
    process = await begin_process(
        session,
        connector,
        ProcessKind.TRANSFER,
        DataspaceSide.PROVIDER,
        TransferState.REQUESTED,
        callback=message["callbackAddress"],
        their_pid=message["consumerPid"],
        dataset=f"{URN}{agreement.dataset_id}",
        agreement_id=agreement.id,
        contract=message["agreementId"],
    )
    await queue_next_step(session, process)
    return process


async def _find_agreement(
    session: AsyncSession, connector: Connector, name: str
) -> AccessAgreement | None:
    try:
        id_ = UUID(name.removeprefix(URN))
    except ValueError:
        return None
    conditions = (
        AccessAgreement.id == id_,
        AccessAgreement.project_id == connector.project_id,
    )
    return await session.scalar(select(AccessAgreement).where(*conditions))


async def start_transfer(session: AsyncSession, process: DataspaceProcess) -> None:
    """Give the data, or give them again with a new secret; it is made when the message leaves.

    Raises:
        ConflictError: the transfer does not wait for that, or nothing is read under the agreement now.
    """
    if not await is_readable(session, process):
        raise ConflictError(
            "This agreement gives no access to the data now.",
            remedy="Its page on the portal says why.",
        )
    await send_event(session, process, DataspaceEvent.START, MessageType.TRANSFER_START)
    process.code = process.reason = ""


async def is_readable(session: AsyncSession, process: DataspaceProcess) -> bool:
    """Whether the data of a transfer may be read now."""
    agreement = await session.get_one(
        AccessAgreement, (process.tenant_id, process.agreement_id)
    )
    return agreement.state in READABLE and agreement.ends_at > now()


async def issue_data_address(
    session: AsyncSession, process: DataspaceProcess
) -> dict[str, Any]:
    """The place of the data and a new secret for it, which is in no row: the node is told its SHA-256.

    The secret of a transfer that was suspended or ended before its start left opens nothing.
    """
    agreement = await session.get_one(
        AccessAgreement, (process.tenant_id, process.agreement_id)
    )
    node = await session.get_one(Node, (process.tenant_id, agreement.node_id))
    connector = await session.get_one(
        Connector, (process.tenant_id, process.connector_id)
    )
    await _revoke_credential(session, process)
    secret = PROJECT_CREDENTIAL.generate()
    moment = now()
    credential = ProjectCredential(
        project_id=process.project_id,
        node_id=node.id,
        agreement_id=agreement.id,
        name=f"{ProcessKind.TRANSFER} {process.id}",
        sha256=fingerprint(secret),
        created_by=connector.created_by,
        created_at=moment,
        expires_at=min(agreement.ends_at, moment + LASTS),
        revoked_at=None if process.state == TransferState.STARTED else moment,
    )
    session.add(credential)
    await session.flush()
    process.credential_id = credential.id
    await send_agreement_status(session, agreement)
    properties = [
        {"@type": "EndpointProperty", "name": name, "value": value}
        for name, value in {"authorization": secret, "authType": "bearer"}.items()
    ]
    return {
        "@type": "DataAddress",
        "endpointType": ENDPOINT_TYPE,
        "endpoint": f"{node.url}/datasets/{agreement.dataset_id}/file",
        "endpointProperties": properties,
    }


async def close_transfer(
    session: AsyncSession,
    process: DataspaceProcess,
    event: DataspaceEvent,
    code: str = "",
    reason: str = "",
) -> None:
    """Suspend, complete or terminate, as whichever side we are; as provider, the secret is good no more.

    Raises:
        ConflictError: it does not stand there.
    """
    if event is DataspaceEvent.COMPLETE:
        await send_event(session, process, event, MessageType.TRANSFER_COMPLETION)
    else:
        await end_process(session, process, code, reason, event)
    await _revoke_access(session, process)


async def receive_close(
    session: AsyncSession,
    process: DataspaceProcess,
    event: DataspaceEvent,
    message: dict[str, Any],
) -> None:
    """The other side suspends, completes or terminates.

    Raises:
        ConflictError: it may not come now.
    """
    apply_received_event(process, event, message)
    process.code = str(message.get("code") or "")
    process.reason = read_reason(message)
    await _revoke_access(session, process)


async def receive_start(
    session: AsyncSession, process: DataspaceProcess, message: dict[str, Any]
) -> None:
    """The provider gives the place of the data; or, of what it suspended itself, a consumer goes on with the secret it has.

    Raises:
        ConflictError: it may not come now, or nothing is read under the agreement now.
        InvalidError: no place of the data is said.
    """
    first = process.state == TransferState.REQUESTED
    apply_received_event(process, DataspaceEvent.START, message)
    if process.side == DataspaceSide.PROVIDER:
        await _restore_credential(session, process)
    elif message.get("dataAddress"):
        process.data_address = message["dataAddress"]
    elif first:
        refusal = Refusal(
            "dataAddress",
            "It is not said where the data are.",
            "Say the endpoint, and what opens it.",
        )
        raise InvalidError("The message cannot be read.", refusals=[refusal])
    process.code = process.reason = ""


async def _restore_credential(session: AsyncSession, process: DataspaceProcess) -> None:
    agreement = await session.get_one(
        AccessAgreement, (process.tenant_id, process.agreement_id)
    )
    credential = await _find_credential(session, process)
    if (
        agreement.state not in READABLE
        or credential is None
        or credential.expires_at <= now()
    ):
        raise ConflictError(
            "This agreement gives no access to the data now.",
            remedy="Ask for a new transfer.",
        )
    credential.revoked_at = None
    await session.flush()
    await send_agreement_status(session, agreement)


async def resume_transfer(session: AsyncSession, process: DataspaceProcess) -> None:
    """As consumer: go on with what we suspended, with the secret that we have.

    Raises:
        ConflictError: it is not suspended.
    """
    await send_event(session, process, DataspaceEvent.START, MessageType.TRANSFER_START)
    process.code = process.reason = ""


async def request_transfer(
    session: AsyncSession,
    actor: Actor,
    connector: Connector,
    contract: str,
    *,
    dataset: str = "",
) -> DataspaceProcess:
    """As consumer: ask for the data of an agreement with a provider.

    Raises:
        InvalidError: no agreement is named.
    """
    if not contract:
        raise field_error("agreement", "It is not said under which agreement.")
    process = await begin_process(
        session,
        connector,
        ProcessKind.TRANSFER,
        DataspaceSide.CONSUMER,
        TransferState.REQUESTED,
        callback=connector.address,
        dataset=dataset,
        contract=contract,
    )
    await queue_message(
        session,
        process,
        MessageType.TRANSFER_REQUEST,
        {"agreementId": contract, "format": PULL},
    )
    audit.record(
        session,
        actor,
        "dataspace_transfer.requested",
        process.id,
        project=str(process.project_id),
    )
    return process


async def sync_transfers(session: AsyncSession, agreement: AccessAgreement) -> None:
    """Bring the transfers of an agreement to where people brought it: suspended, given again, over."""
    conditions = (
        DataspaceProcess.agreement_id == agreement.id,
        DataspaceProcess.kind == ProcessKind.TRANSFER,
    )
    living = DataspaceProcess.state.not_in([state.value for state in ENDED])
    query = (
        select(DataspaceProcess)
        .where(*conditions, living)
        .order_by(DataspaceProcess.id)
        .with_for_update()
    )
    transfers: Sequence[DataspaceProcess] = (await session.scalars(query)).all()
    for transfer in transfers:
        is_waiting = (
            transfer.state == TransferState.REQUESTED
            or transfer.code == AgreementState.SUSPENDED
        )
        if agreement.state not in LIVE:
            await close_transfer(
                session,
                transfer,
                DataspaceEvent.TERMINATE,
                agreement.state,
                agreement.reason,
            )
        elif (
            agreement.state == AgreementState.SUSPENDED
            and transfer.state == TransferState.STARTED
        ):
            await close_transfer(
                session,
                transfer,
                DataspaceEvent.SUSPEND,
                agreement.state,
                agreement.reason,
            )
        elif (
            is_waiting
            and transfer.state != TransferState.STARTED
            and await is_readable(session, transfer)
        ):
            await start_transfer(session, transfer)


async def _revoke_access(session: AsyncSession, process: DataspaceProcess) -> None:
    process.data_address = None
    if process.side == DataspaceSide.PROVIDER and await _revoke_credential(
        session, process
    ):
        agreement = await session.get_one(
            AccessAgreement, (process.tenant_id, process.agreement_id)
        )
        await send_agreement_status(session, agreement)


async def _revoke_credential(session: AsyncSession, process: DataspaceProcess) -> bool:
    credential = await _find_credential(session, process)
    if credential is None or credential.revoked_at is not None:
        return False
    credential.revoked_at = now()
    await session.flush()
    return True


async def _find_credential(
    session: AsyncSession, process: DataspaceProcess
) -> ProjectCredential | None:
    if process.credential_id:
        return await session.get(
            ProjectCredential, (process.tenant_id, process.credential_id)
        )
    return None
