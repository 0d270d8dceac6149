"""Having the hosted node open the space of an organisation that joined."""

from uuid import UUID

import structlog
from sqlalchemy import select

from udi.kit.http import OutgoingError, RefusedAddressError
from udi.kit.jobs import Handlers, Job
from udi.kit.keys import SIGNER
from udi.kit.program_calls import call_program
from udi.kit.tenancy import Territory
from udi.kit.web_addresses import origin_of
from udi.portal.nodes.models import Node
from udi.portal.nodes.tasks import LONGEST_ANSWER
from udi.portal.organisations.joining.decisions import OPEN_SPACE, mark_space_opened
from udi.portal.organisations.models import Application, Organisation
from udi.protocol.credentials import SPACE
from udi.protocol.space import SpaceRequest, write_space
from udi.ui.site import Site

log = structlog.get_logger()


class SpaceCreationError(Exception):
    """The hosted node did not open the space: asked again later. The message is a status, or why there is none."""


def space_task_handlers(site: Site) -> Handlers:
    """The job of this module, for the portal's worker."""

    async def open_(job: Job) -> None:
        await open_space(site, job)

    return {OPEN_SPACE: open_}


async def open_space(site: Site, job: Job) -> None:
    """Ask the hosted node, once or again until it answers.

    Raises:
        SpaceCreationError: it did not answer, or refused.
    """
    territory = await site.registry.get_served(job.tenant)
    id_ = UUID(job.payload["application"])
    async with site.database.session(job.tenant, role="worker") as session:
        application = await session.get(Application, (job.tenant, id_))
        if (
            application is None
            or application.organisation_id is None
            or application.space_ready_at is not None
        ):
            return
        organisation = await session.get_one(
            Organisation, (job.tenant, application.organisation_id)
        )
        node = await session.scalar(
            select(Node).where(Node.hosted).order_by(Node.created_at).limit(1)
        )
    if node is None:
        raise SpaceCreationError("no hosted node is registered")
    await _put(site, territory, node, organisation)
    async with site.database.session(job.tenant, role="worker") as session:
        await mark_space_opened(
            session,
            await session.get_one(Application, (job.tenant, id_), with_for_update=True),
        )
    log.info("space opened", node=node.slug, organisation=organisation.slug)


async def _put(
    site: Site, territory: Territory, node: Node, organisation: Organisation
) -> None:
    signer = site.services[SIGNER]
    audience = origin_of(node.url)
    token = signer.sign(
        SPACE, subject=str(organisation.id), issuer=territory.origin, audience=audience
    )
    space_request = SpaceRequest(
        organisation_id=organisation.id,
        slug=organisation.slug,
        name=organisation.name,
        email=organisation.email,
    )
    try:
        answer = await call_program(
            site.outgoing,
            "PUT",
            f"{node.url}/api/v1/spaces/{organisation.id}",
            headers={"Authorization": f"Bearer {token}"},
            json=write_space(space_request),
            limit=LONGEST_ANSWER,
        )
    except RefusedAddressError as error:
        raise SpaceCreationError("address") from error
    except OutgoingError as error:
        raise SpaceCreationError("unreachable") from error
    if not answer.is_success:
        raise SpaceCreationError(str(answer.status_code))
