"""A script sets, changes, pauses, runs and deletes the source from which a dataset is renewed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

import msgspec
from litestar import HttpMethod, Response, delete, get, patch, post, put, route
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import (
    ConflictError,
    GoneError,
    InvalidError,
    NotFoundError,
    Refusals,
    TooLargeError,
    field_error,
)
from udi.node.datasets import source_schemas
from udi.node.datasets.actions.source import (
    SourceInput,
    check_source_now,
    delete_source,
    find_source,
    pause_source,
    set_frequency,
    set_source,
)
from udi.node.datasets.intake.access import (
    build_upload_context,
    get_script_dataset,
    get_script_key,
    require_token,
)
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import PageRequest, locale_of, translator
from udi.node.datasets.renewal.models import DatasetSource, Frequency
from udi.node.files.remote.addresses import understand_address
from udi.node.files.remote.source_kinds import SourceKind
from udi.node.spaces.limits import enforce_look_limit
from udi.node.spaces.operations import DatasetPath, sending_operation
from udi.node.spaces.senders import Sender
from udi.ui.dependencies import CurrentTerritory, Routes

PATH = "/api/v1/datasets/{dataset_id:uuid}/source"
MAX_BODY = 64 * 1024
PRIVATE = {"Cache-Control": "no-store"}
MEMBERS = frozenset(source_schemas.NewSource.__struct_fields__)
ERRORS = (ConflictError, GoneError, InvalidError, TooLargeError)
SourceBody = TypeVar(
    "SourceBody", source_schemas.NewSource, source_schemas.SourceChange
)

Value = TypeVar("Value")


@dataclass(frozen=True)
class ScriptDataset:
    """A dataset, held; the script that changes it; and the person who made its key, who answers for what it sets."""

    dataset: Dataset
    sender: Sender
    person_id: UUID


@route(PATH, http_method=[HttpMethod.OPTIONS], status_code=204, sync_to_thread=False)
def show_methods() -> Response[None]:
    """Which methods a source has: those of handlers that share an address are not told together."""
    methods = "DELETE, GET, OPTIONS, PATCH, PUT"
    return Response(None, status_code=204, headers={"Allow": methods})


@get(
    "/api/v1/sources",
    **sending_operation(
        "listSources",
        summary="List the sources of a space",
        description="The addresses from which its datasets are renewed: those that the key is for.",
        answer=source_schemas.SourceList,
    ),
)
async def list_sources(
    request: PageRequest, territory: CurrentTerritory
) -> Response[source_schemas.SourceList]:
    """All those of the space of a key, or of the datasets that it was made for."""
    require_token(request)
    async with build_upload_context(request, territory).storage.session() as session:
        key = await get_script_key(session, request)
        query = (
            select(DatasetSource)
            .join(Dataset, Dataset.id == DatasetSource.dataset_id)
            .where(Dataset.space_id == key.space_id)
            .order_by(DatasetSource.address, DatasetSource.dataset_id)
        )
        if key.datasets is not None:
            query = query.where(Dataset.id.in_(key.datasets))
        sources = await session.scalars(query)
        items = [_build_detail(request, source) for source in sources]
    return Response(source_schemas.SourceList(items=items), headers=PRIVATE)


@get(
    PATH,
    **sending_operation(
        "readSource",
        summary="Read the source of a dataset",
        description="Where it is renewed from, and what came of the last look.",
        answer=source_schemas.SourceDetail,
        errors=(GoneError,),
    ),
)
async def show_source(
    request: PageRequest, territory: CurrentTerritory, dataset_id: DatasetPath
) -> Response[source_schemas.SourceDetail]:
    """The source as it stands."""
    require_token(request)
    async with build_upload_context(request, territory).storage.session() as session:
        dataset, _ = await get_script_dataset(session, request, dataset_id)
        detail = _build_detail(request, await _get_source(session, dataset))
    return Response(detail, headers=PRIVATE)


@put(
    PATH,
    request_max_body_size=MAX_BODY,
    **sending_operation(
        "setSource",
        summary="Set the source of a dataset",
        description="The dataset is renewed from there, and looked at now: 201 where it had no source, 200 where this one takes its place.",
        answer=source_schemas.SourceDetail,
        statuses=(201, 200),
        errors=ERRORS,
        body=source_schemas.NewSource,
    ),
)
async def put_source(
    request: PageRequest, territory: CurrentTerritory, dataset_id: DatasetPath
) -> Response[source_schemas.SourceDetail]:
    """Renew the dataset from there from now on."""
    require_token(request)
    body = await _read_body(request, source_schemas.NewSource)
    given = SourceInput(body.address, body.frequency, body.kind, body.fields)
    async with build_upload_context(request, territory).storage.session() as session:
        owned = await _get_dataset(session, request, dataset_id)
        enforce_look_limit(request, territory, dataset_id)
        is_new = await find_source(session, owned.dataset) is None
        source = await _set_source(session, request, owned, given)
        detail = _build_detail(request, source)
    return Response(detail, status_code=201 if is_new else 200, headers=PRIVATE)


@patch(
    PATH,
    request_max_body_size=MAX_BODY,
    **sending_operation(
        "changeSource",
        summary="Change, pause or resume the source of a dataset",
        description="A change of the address, the kind, the frequency or the fields has it looked at now; a paused source of which the frequency alone changes stays paused. paused: true stops that, and keeps what opens it.",
        answer=source_schemas.SourceDetail,
        errors=ERRORS,
        body=source_schemas.SourceChange,
    ),
)
async def change_source(
    request: PageRequest, territory: CurrentTerritory, dataset_id: DatasetPath
) -> Response[source_schemas.SourceDetail]:
    """Keep what is sent of it."""
    require_token(request)
    body = await _read_body(request, source_schemas.SourceChange)
    async with build_upload_context(request, territory).storage.session() as session:
        owned = await _get_dataset(session, request, dataset_id)
        source = await _get_source(session, owned.dataset)
        given = _merge_change(source, body)
        if given is not None or body.paused is False:
            enforce_look_limit(request, territory, dataset_id)
        if given is not None and source.paused and _is_frequency_alone(body):
            await set_frequency(
                session, owned.sender, owned.dataset, source, given.frequency
            )
        elif given is not None:
            await _set_source(session, request, owned, given)
        if body.paused is True:
            await pause_source(session, owned.sender, owned.dataset)
        elif body.paused is False and (source.paused or owned.dataset.withdrawn_at):
            await check_source_now(session, owned.dataset, source)
        detail = _build_detail(request, source)
    return Response(detail, headers=PRIVATE)


@post(
    f"{PATH}/run",
    **sending_operation(
        "runSource",
        summary="Look at the source of a dataset now",
        description="As soon as the worker can, paused or not; read the source again to see what came of it.",
        answer=source_schemas.SourceDetail,
        statuses=(202,),
        errors=(ConflictError, GoneError),
    ),
)
async def run_source(
    request: PageRequest, territory: CurrentTerritory, dataset_id: DatasetPath
) -> Response[source_schemas.SourceDetail]:
    """Queue a look."""
    require_token(request)
    async with build_upload_context(request, territory).storage.session() as session:
        dataset, _ = await get_script_dataset(session, request, dataset_id, lock=True)
        source = await _get_source(session, dataset)
        enforce_look_limit(request, territory, dataset_id)
        await check_source_now(session, dataset, source)
        detail = _build_detail(request, source)
    return Response(detail, status_code=202, headers=PRIVATE)


@delete(
    PATH,
    **sending_operation(
        "deleteSource",
        summary="Delete the source of a dataset",
        description="It is not looked at any more, and what opened it is forgotten; the versions stay.",
        statuses=(204,),
        errors=(GoneError,),
    ),
)
async def remove_source(
    request: PageRequest, territory: CurrentTerritory, dataset_id: DatasetPath
) -> None:
    """Forget it."""
    require_token(request)
    async with build_upload_context(request, territory).storage.session() as session:
        dataset, sender = await get_script_dataset(
            session, request, dataset_id, lock=True
        )
        await _get_source(session, dataset)
        await delete_source(session, sender, dataset)


async def _get_dataset(
    session: AsyncSession, request: PageRequest, dataset_id: UUID
) -> ScriptDataset:
    """What a script may change.

    Raises:
        UdiError: the key is not good, or not for it.
    """
    dataset, sender = await get_script_dataset(session, request, dataset_id, lock=True)
    key = await get_script_key(session, request)
    return ScriptDataset(dataset, sender, key.person_id)


async def _get_source(session: AsyncSession, dataset: Dataset) -> DatasetSource:
    source = await find_source(session, dataset)
    if source is None:
        raise NotFoundError(
            "This dataset has no source.",
            remedy="Set one with PUT: an address, and how often.",
        )
    return source


async def _set_source(
    session: AsyncSession,
    request: PageRequest,
    owned: ScriptDataset,
    given: SourceInput,
) -> DatasetSource:
    """Set it as the form of the page does.

    Raises:
        InvalidError: with the names of what was sent.
        ConflictError: the dataset has no main file, or is withdrawn.
    """
    owned.dataset.require_file()
    try:
        understood = understand_address(given.address, given.kind, given.values)
        _refuse_unknown_fields(understood.kind, given.values)
        return await set_source(
            session,
            owned.sender,
            owned.dataset,
            given,
            person_id=owned.person_id,
            locale=locale_of(request),
        )
    except InvalidError as error:
        refusals = [
            replace(refusal, field=_name_field(refusal.field))
            for refusal in error.refusals
        ]
        raise InvalidError(error.detail, refusals=refusals) from error


def _refuse_unknown_fields(kind: SourceKind, values: Mapping[str, str]) -> None:
    known = sorted(entry.name for entry in kind.fields)
    refusals = Refusals()
    for name in sorted(set(values) - set(known)):
        refusals.refuse(
            name,
            "A source of this kind has no such field.",
            "It has these: %(known)s." if known else "It has none: leave it out.",
            values={"known": ", ".join(known)},
        )
    refusals.check()


def _name_field(name: str) -> str:
    """What is wrong, as the body names it."""
    if not name or name in MEMBERS:
        return name
    return f"fields.{name}"


def _merge_change(
    source: DatasetSource, body: source_schemas.SourceChange
) -> SourceInput | None:
    """The source with what changes; None where nothing but the pause does."""
    changes = (body.address, body.frequency, body.kind, body.fields)
    if all(change is msgspec.UNSET for change in changes):
        return None
    return SourceInput(
        address=_value_or(body.address, source.address),
        frequency=_value_or(body.frequency, source.frequency),
        kind=_value_or(body.kind, source.kind),
        values=_value_or(body.fields, {}),
    )


def _is_frequency_alone(body: source_schemas.SourceChange) -> bool:
    """Whether nothing else is sent of the place: no reason to look at a paused source."""
    others = (body.address, body.kind, body.fields)
    return all(other is msgspec.UNSET for other in others)


def _value_or(value: Value | msgspec.UnsetType, former: Value) -> Value:
    if isinstance(value, msgspec.UnsetType):
        return former
    return value


def _build_detail(
    request: PageRequest, source: DatasetSource
) -> source_schemas.SourceDetail:
    """A source as the API says it: its credential is not even loaded."""
    say = translator(request)
    return source_schemas.SourceDetail(
        dataset_id=source.dataset_id,
        address=source.address,
        kind=source.kind,
        frequency=Frequency(source.frequency),
        paused=source.paused,
        paused_at=source.paused_at,
        checked_at=source.checked_at,
        changed_at=source.changed_at,
        next_check_at=None if source.paused else source.due_at,
        failures=source.failures,
        error=say(source.error) if source.error else "",
        remedy=say(source.remedy) if source.remedy else "",
        host_key=source.host_key,
        offered_key=source.offered_key,
    )


async def _read_body(request: PageRequest, kind: type[SourceBody]) -> SourceBody:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        _, _, path = str(error).partition("`$")
        raise field_error(
            path.rstrip("`").removesuffix("[...]").lstrip("."),
            "This is not the description of a source.",
            "Send the fields that the documentation of the API lists, as JSON.",
        ) from error


routes: Routes = [
    show_methods,
    list_sources,
    show_source,
    put_source,
    change_source,
    run_source,
    remove_source,
]
