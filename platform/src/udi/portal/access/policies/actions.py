"""Setting the access policy of a dataset."""

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import PreconditionFailedError
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.models import AccessPolicy
from udi.portal.access.policies.queries import find_policy, require_producer
from udi.portal.catalogue.models import Dataset
from udi.protocol.policy import Policy, write_policy


async def set_policy(
    session: AsyncSession,
    actor: Actor,
    dataset: Dataset,
    policy: Policy,
    *,
    revision: int,
) -> AccessPolicy:
    """Say under which terms a restricted dataset opens; `revision` is the one that was read (0: there was none).

    Requests that wait keep the terms that their person read; those that come later are under these.

    Raises:
        ForbiddenError: the person does not publish for the producer.
        PreconditionError: somebody set it meanwhile.
    """
    await require_producer(session, actor, dataset)
    row = await find_policy(session, dataset.id, lock=True)
    if (row.revision if row else 0) != revision:
        raise PreconditionFailedError(
            "Somebody changed this policy since you opened it.",
            remedy="Read it, then save yours.",
        )
    if row is None:
        row = AccessPolicy(
            dataset_id=dataset.id, revision=0, received=0, granted=0, answer_days=[]
        )
        session.add(row)
    row.revision += 1
    row.document = write_policy(policy)
    row.changed_at = now()
    row.changed_by = actor.person_id
    await session.flush()
    audit.record(session, actor, "access_policy.set", dataset.id, revision=row.revision)
    return row
