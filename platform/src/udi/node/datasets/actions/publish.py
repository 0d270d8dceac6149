"""Publishing, withdrawing, and asking the portal again."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, Refusal
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.history import note
from udi.node.datasets.actions.outbox import queue_delivery
from udi.node.datasets.description import check_answers
from udi.node.datasets.models import Dataset, DeliveryState, State
from udi.node.datasets.rudi import compose_document
from udi.node.files.models import Access

RETRIED = (DeliveryState.FAILED, DeliveryState.REFUSED, DeliveryState.SENT)


async def publish_dataset(session: AsyncSession, actor: Actor, dataset: Dataset, territory: Territory) -> None:
    """Open the dataset to everyone on the node, and announce it to the portal.

    A first publication, a new version, a corrected description or a return after withdrawal: the same act.

    Raises:
        InvalidError: the description is not complete, or the portal would refuse it.
    """
    if refusals := check_answers(dataset.description):
        raise InvalidError("The description is not complete yet.", refusals=refusals)
    at, version, known = now(), dataset.latest, dataset.in_catalogue
    record = compose_document(dataset, version, territory, at=at)
    for published in dataset.versions:
        if published.published_at is not None or published is version:
            published.file.access = Access.OPEN
    version.published_at = version.published_at or at
    dataset.opened_at = dataset.opened_at or at
    dataset.withdrawn_at, dataset.withdrawal_reason = None, ""
    dataset.state, dataset.updated_at = State.PUBLISHING, at
    note(session, actor, dataset, "dataset.published", version=version.number)
    await queue_delivery(session, dataset, method="PUT" if known else "POST", record=record)


async def withdraw_dataset(session: AsyncSession, actor: Actor, dataset: Dataset, *, reason: str) -> None:
    """Close the dataset's files at once, and take it off the portal.

    Raises:
        ConflictError: it is not published.
        InvalidError: no reason is given.
    """
    if dataset.opened_at is None or dataset.withdrawn_at is not None:
        raise ConflictError("This dataset is not published.", remedy="Look at its page again.")
    if not reason:
        raise InvalidError(refusals=[Refusal("reason", "Say why: those who use the data will read it.")])
    for version in dataset.versions:
        if version.published_at is not None:
            version.file.access = Access.WITHDRAWN
    dataset.state, dataset.withdrawn_at, dataset.withdrawal_reason = State.WITHDRAWING, now(), reason
    dataset.updated_at = now()
    note(session, actor, dataset, "dataset.withdrawn")
    await queue_delivery(session, dataset, method="DELETE", record={"reason": reason})


async def retry_delivery(session: AsyncSession, actor: Actor, dataset: Dataset) -> None:
    """Announce the same thing again, with all attempts.

    Raises:
        ConflictError: the announcement arrived, or is still being tried.
    """
    delivery = dataset.delivery
    if delivery is None or delivery.state not in RETRIED or dataset.state not in {State.PUBLISHING, State.WITHDRAWING}:
        raise ConflictError("There is nothing to send again.", remedy="Look at the dataset's page again.")
    note(session, actor, dataset, "delivery.retried")
    await queue_delivery(session, dataset, method=delivery.method, record=delivery.record)
