"""What whoever leads a project does in data spaces: its connectors, what they ask here, what it asks elsewhere."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError
from udi.portal.dataspace.actions import (
    list_possible_actions,
    perform_action,
    read_offer,
)
from udi.portal.dataspace.connectors import (
    ConnectorInput,
    add_connector,
    get_connector,
    list_connectors,
    renew_connector,
    revoke_connector,
)
from udi.portal.dataspace.messages import OUTGOING
from udi.portal.dataspace.models import DataspaceProcess
from udi.portal.dataspace.negotiations import consumer_negotiations
from udi.portal.dataspace.processes import (
    find_delivery_problem,
    get_project_process,
    list_project_processes,
)
from udi.portal.dataspace.provider_catalogue import (
    ProviderDataset,
    ProviderUnavailableError,
    fetch_catalogue,
)
from udi.portal.dataspace.transitions import DataspaceSide, ProcessKind, TransferState
from udi.portal.projects.models import Project
from udi.portal.projects.queries import get_led_project
from udi.protocol.odrl_reader import InvalidOdrl, read_terms
from udi.protocol.plain_language import write_terms
from udi.protocol.terms import Purpose
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render, site_of

HOME = "/projects/{project_id:uuid}/data-spaces"
CONNECTORS = f"{HOME}/connectors"
ONE = f"{CONNECTORS}/{{connector_id:uuid}}"
PROCESS = f"{HOME}/{{process_id:uuid}}"


@get(HOME)
async def show_connectors(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """The connectors of a project, its negotiations and its transfers."""
    return await _render_connectors(
        request, session, await get_led_project(session, member, project_id)
    )


@post(CONNECTORS, status_code=201, guards=[require_confirmation()])
async def create_connector(
    request: AnyRequest, session: Session, member: Member, project_id: FromPath[UUID]
) -> Response[str]:
    """Add a connector, and show the secret that it will show, this once."""
    project = await get_led_project(session, member, project_id, lock=True)
    form = await _read_form(request)
    connector_input = ConnectorInput(
        **{name: form.get(name, "") for name in ConnectorInput.__dataclass_fields__}
    )
    plain = site_of(request).services[OUTGOING].is_private(connector_input.address)
    try:
        _, secret = await add_connector(
            session, member, project, connector_input, plain=plain
        )
    except InvalidError as error:
        return await _render_connectors(
            request, session, project, status=422, error=error, form=form
        )
    return await _render_connectors(
        request, session, project, status=201, secret=secret
    )


@post(f"{ONE}/renew", status_code=201, guards=[require_confirmation()])
async def renew_connector_secret(
    request: AnyRequest,
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    connector_id: FromPath[UUID],
) -> Response[str]:
    """A new secret in the place of the former, shown this once."""
    project = await get_led_project(session, member, project_id)
    secret = await renew_connector(
        session, member, await get_connector(session, project, connector_id)
    )
    return await _render_connectors(
        request, session, project, status=201, secret=secret
    )


@post(f"{ONE}/revoke", status_code=303)
async def revoke_project_connector(
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    connector_id: FromPath[UUID],
) -> Redirect:
    """Speak with it no more."""
    project = await get_led_project(session, member, project_id)
    await revoke_connector(
        session, member, await get_connector(session, project, connector_id)
    )
    return Redirect(f"/projects/{project_id}/data-spaces", status_code=303)


@get(f"{ONE}/catalogue")
async def show_catalogue(
    request: AnyRequest,
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    connector_id: FromPath[UUID],
) -> Response[str]:
    """What a provider offers, asked of it now."""
    project = await get_led_project(session, member, project_id)
    connector = await get_connector(session, project, connector_id)
    listed: Sequence[ProviderDataset] = ()
    away = ""
    try:
        listed = await fetch_catalogue(site_of(request).services[OUTGOING], connector)
    except ProviderUnavailableError as error:
        away = str(error)
    language = request.scope["state"]["locale"]
    offers = [
        (
            dataset,
            [(offer, _describe_rules(offer, language)) for offer in dataset.offers],
        )
        for dataset in listed
    ]
    return render(
        request,
        "dataspace/catalogue.html",
        project=project,
        connector=connector,
        offers=offers,
        away=away,
        as_json=_as_json,
    )


@post(f"{ONE}/ask", status_code=303)
async def request_dataset(
    request: AnyRequest,
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    connector_id: FromPath[UUID],
) -> Redirect:
    """Ask for one of its datasets, under one of its offers."""
    project = await get_led_project(session, member, project_id)
    connector = await get_connector(session, project, connector_id)
    form = await _read_form(request)
    process = await consumer_negotiations.request_dataset(
        session,
        member,
        connector,
        form.get("dataset", ""),
        read_offer(form.get("offer", "")),
    )
    return Redirect(f"/projects/{project_id}/data-spaces/{process.id}", status_code=303)


@get(PROCESS)
async def show_process(
    request: AnyRequest,
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    process_id: FromPath[UUID],
) -> Response[str]:
    """How a negotiation or a transfer stands, and what may be done."""
    project = await get_led_project(session, member, project_id)
    return await _render_process(
        request,
        session,
        project,
        await get_project_process(session, project, process_id),
    )


@post(f"{PROCESS}/{{action:str}}", status_code=303)
async def act_on_process(
    request: AnyRequest,
    session: Session,
    member: Member,
    project_id: FromPath[UUID],
    process_id: FromPath[UUID],
    action: FromPath[str],
) -> Response[Any]:
    """Take an offer, ask otherwise, confirm, break off; fetch, suspend, go on, finish; see the place of the data, once."""
    project = await get_led_project(session, member, project_id)
    process = await get_project_process(session, project, process_id, lock=True)
    form = await _read_form(request)
    if action == "open":
        place = process.data_address
        process.data_address = None
        return await _render_process(request, session, project, process, place=place)
    try:
        async with session.begin_nested():
            process = await perform_action(
                session, member, project, process, action, form
            )
    except InvalidError as error:
        await session.refresh(process)
        return await _render_process(
            request, session, project, process, error=error, form=form
        )
    return Redirect(f"/projects/{project_id}/data-spaces/{process.id}", status_code=303)


async def _read_form(request: AnyRequest) -> dict[str, str]:
    return {
        name: str(value or "").strip() for name, value in (await request.form()).items()
    }


def _describe_rules(policy: dict[str, Any] | None, language: str) -> list[str]:
    """An offer or an agreement in words; none where it says what has no words here."""
    if policy is None:
        return []
    rules = {
        name: part
        for name, part in policy.items()
        if name in consumer_negotiations.RULES[:2]
    }
    try:
        return write_terms(read_terms({"@type": "Offer", **rules}), language)
    except InvalidOdrl:
        return []


def _as_json(policy: dict[str, Any] | None) -> str:
    if policy:
        return json.dumps(policy, ensure_ascii=False, indent=2)
    return ""


async def _render_connectors(
    request: AnyRequest,
    session: AsyncSession,
    project: Project,
    *,
    status: int = 200,
    secret: str = "",
    error: InvalidError | None = None,
    form: Mapping[str, str] | None = None,
) -> Response[str]:
    connectors = await list_connectors(session, project)
    processes = await list_project_processes(session, project)
    return render(
        request,
        "dataspace/home.html",
        status=status,
        project=project,
        secret=secret,
        form=form or {},
        connectors=connectors,
        names={connector.id: connector.name for connector in connectors},
        uses=list(Purpose),
        negotiations=[
            process for process in processes if process.kind == ProcessKind.NEGOTIATION
        ],
        transfers=[
            process for process in processes if process.kind == ProcessKind.TRANSFER
        ],
        errors=form_errors(request, error),
    )


async def _render_process(
    request: AnyRequest,
    session: AsyncSession,
    project: Project,
    process: DataspaceProcess,
    *,
    error: InvalidError | None = None,
    form: Mapping[str, str] | None = None,
    place: dict[str, Any] | None = None,
) -> Response[str]:
    connector = await get_connector(session, project, process.connector_id)
    language = request.scope["state"]["locale"]
    rules = process.agreed or process.offer
    return render(
        request,
        "dataspace/process.html",
        status=422 if error else 200,
        project=project,
        process=process,
        connector=connector,
        possible=list_possible_actions(process),
        rules=_as_json(rules),
        sentences=_describe_rules(rules, language),
        negotiation=process.kind == ProcessKind.NEGOTIATION,
        provider=process.side == DataspaceSide.PROVIDER,
        trouble=await find_delivery_problem(session, process),
        place=place,
        form=form or {},
        errors=form_errors(request, error),
        started=process.state == TransferState.STARTED,
    )


routes: Routes = [
    show_connectors,
    create_connector,
    renew_connector_secret,
    revoke_project_connector,
    show_catalogue,
    request_dataset,
    show_process,
    act_on_process,
]
