"""A start that an operator asked for on a page: done, with its stage noted on the way."""

from uuid import UUID

import msgspec
from sqlalchemy import Text, cast, func, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from udi.cli.installation.territory_start import look, pack_files, start_territory
from udi.kit.db import Database
from udi.kit.errors import InvalidError, field_error
from udi.kit.tenancy import INSTALLATION_ID
from udi.portal.installation.models import OperatorAct, OperatorRequest
from udi.portal.installation.new_territory import NewTerritory, StartStage
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

STARTED = "started"
FIRST_MEMBER = ["territory", "first_member"]
"""Where the details of a start have the address of its first member."""


async def perform_start(
    settings: Settings,
    portal: Database,
    request: OperatorRequest,
    tenant: Tenant | None,
) -> str:
    """Start the territory of a request, and keep its files with it.

    Then the details of this start, and of earlier ones of the same territory, forget the address of its first member. Its
    files keep it, in `[[team]]`: those online, and the ZIP of this request.

    Raises:
        InvalidError: something of it cannot be.
        ProvisionError: the identity service refuses, or does not answer.
    """
    new = msgspec.convert(request.details["territory"], NewTerritory)
    if request.details.get("only_looks"):
        online = await look(settings, new)
        request.details = {**request.details, "online": dict(online)}
        return STARTED
    is_continued = bool(request.outcome or request.details.get("continues"))
    if tenant is not None and not is_continued:
        reason = "“%(slug)s” was taken a moment ago."
        raise field_error("slug", reason, values={"slug": new.slug})
    notes = StageNotes(portal, request.id)
    known = tenant.fingerprint if tenant else None
    result = await start_territory(settings, new, notes, known)
    request.details = {
        "territory": {**request.details["territory"], "first_member": ""},
        "online": dict(result.online),
    }
    request.content = pack_files(new.slug, result.files)
    await _forget_first_member(portal, request)
    return STARTED


async def _forget_first_member(portal: Database, request: OperatorRequest) -> None:
    """Blank the address of the first member in the other starts of a territory."""
    details = func.jsonb_set(
        OperatorRequest.details, cast(FIRST_MEMBER, ARRAY(Text)), cast("", JSONB)
    )
    statement = (
        update(OperatorRequest)
        .where(
            OperatorRequest.territory_id == request.territory_id,
            OperatorRequest.act == OperatorAct.START,
            OperatorRequest.id != request.id,
        )
        .values(details=details)
        .execution_options(synchronize_session=False)
    )
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        await session.execute(statement)


def note_refusal(request: OperatorRequest, error: InvalidError) -> None:
    """Keep with a request which answers of it are refused, for the form."""
    refusals = [
        {"field": item.field, "reason": item.reason, "values": dict(item.values)}
        for item in error.refusals
    ]
    request.details = {**request.details, "refusals": refusals}


class StageNotes:
    """Notes the stage of a start, for its page: in transactions of its own, since that of the request is open."""

    def __init__(self, portal: Database, request: UUID) -> None:
        self._portal = portal
        self._request = request

    async def __call__(self, stage: StartStage) -> None:
        """Note a stage."""
        statement = (
            update(OperatorRequest)
            .where(OperatorRequest.id == self._request)
            .values(outcome=stage.value)
        )
        async with self._portal.session(INSTALLATION_ID, role="worker") as session:
            await session.execute(statement)
