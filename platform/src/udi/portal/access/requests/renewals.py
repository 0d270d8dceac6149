"""Asking that an agreement go on after its end: a request like the first, which its producer answers again."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.queries import may_renew
from udi.portal.access.models import AccessAgreement, AccessPolicy, AccessRequest
from udi.portal.access.policies.queries import policy_of
from udi.portal.access.requests.request_input import AccessRequestInput
from udi.portal.access.requests.requester_actions import submit_request
from udi.portal.catalogue.models import Dataset
from udi.portal.projects.models import Project


async def renew_agreement(
    session: AsyncSession,
    actor: Actor,
    agreement: AccessAgreement,
    dataset: Dataset,
    project: Project,
    words: str,
    *,
    policy: AccessPolicy,
    territory: Territory,
    language: str,
) -> AccessRequest:
    """Ask for the same again, and say why; under the terms of today.

    Raises:
        ConflictError: it may not be renewed, or that is asked already.
        InvalidError: the terms of today ask for something else: the person asks anew.
    """
    if not may_renew(agreement, policy):
        raise ConflictError(
            "This agreement may not be renewed.",
            remedy="Make a new request, from the page of the dataset.",
        )
    before = await session.get_one(
        AccessRequest, (agreement.tenant_id, agreement.request_id)
    )
    later = (
        select(AccessAgreement.id)
        .where(AccessAgreement.renews_id == agreement.id)
        .limit(1)
    )
    if await session.scalar(later):
        raise ConflictError(
            "This agreement was renewed already.",
            remedy="See the new agreement.",
        )
    terms = policy_of(policy).terms
    request_input = AccessRequestInput(
        purpose=before.purpose,
        words=words,
        interest=before.interest,
        months=str(min(before.months, terms.months)),
        columns=tuple(column for column in before.columns if column in terms.columns),
        answers=before.answers,
    )
    return await submit_request(
        session,
        actor,
        dataset,
        project,
        request_input,
        policy=policy,
        territory=territory,
        language=language,
        renews=agreement,
    )
