"""For people: the files of an agreement, reached from the portal; and for a producer, who reads what of its dataset."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import HttpMethod, Response, get, post, route
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.csv_writer import write_csv
from udi.kit.errors import NotFoundError, UnavailableError
from udi.kit.tenancy import Territory
from udi.node.agreements.actions import USES_KEPT
from udi.node.agreements.documents import read_current_agreement
from udi.node.agreements.gate import AGREEMENT_GATE, AgreementReading
from udi.node.agreements.models import AgreementUse
from udi.node.agreements.queries import (
    AgreementUsage,
    get_agreement,
    list_dataset_agreements,
    list_dataset_uses,
    list_running_uses,
    list_uses,
    sum_uses,
)
from udi.node.datasets.exchange.portal_tokens import require_ticket
from udi.node.datasets.pages.explore.page import COST, ExplorePage
from udi.node.datasets.pages.messages import PageRequest, locale_of, translator
from udi.node.datasets.queries import find_dataset, get_dataset
from udi.node.datasets.records.parts import part_caption
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.delivery.downloads import keyring_of, serve_file
from udi.node.files.delivery.signed_urls import (
    ExpiredLinkError,
    require_signature,
    sign_path,
)
from udi.node.files.models import FileAccess, StoredFile
from udi.node.files.queries import get_current_file
from udi.node.files.restricted import PRIVATE
from udi.node.tables.derived_files import DERIVED_FILES
from udi.node.tables.requests import open_table, request_table
from udi.node.tables.views import shows_places
from udi.protocol.access_decision import RefusalReason, state_at
from udi.protocol.credentials import READING, TICKET
from udi.tabular.exports.exports import FORMATS
from udi.tabular.queries.table import DatasetTable
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session, Visitor
from udi.ui.downloads import csv_response
from udi.ui.locale import localise
from udi.ui.middleware import FROM_ELSEWHERE
from udi.ui.site import render, site_of

FILES = "/agreements/{agreement_id:uuid}/files"
FILE = "file"
USES = "uses"
LONGEST_FORM = 16 * 1024
EXPORT_FORMATS = {
    "csv": "CSV",
    "xlsx": "XLSX",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "json": "JSON",
    "geojson": "GeoJSON",
}
MAX_SHOWN = 50
MAX_EXPORTED = 100_000
HEADER = ("When", "Agreement", "Credential", "What", "Result", "Bytes", "Times")
READ = [HttpMethod.GET, HttpMethod.HEAD]


@get(FILES)
async def redirect_to_portal(
    territory: CurrentTerritory, agreement_id: FromPath[UUID]
) -> Redirect:
    """The portal gives the ticket that opens this page."""
    return Redirect(
        f"{territory.links['portal']}/agreements/{agreement_id}/files", status_code=303
    )


@post(
    FILES,
    status_code=200,
    opt={FROM_ELSEWHERE: True},
    request_max_body_size=LONGEST_FORM,
)
async def show_files(
    request: PageRequest, territory: CurrentTerritory, agreement_id: FromPath[UUID]
) -> Response[str]:
    """The files of an agreement and what was read under it, for whoever the portal sends here with a ticket."""
    gate = site_of(request).services[AGREEMENT_GATE]
    ticket = str((await request.form()).get("ticket") or "")
    await require_ticket(request, territory, ticket, READING, agreement_id)
    agreed = await gate.authorize_person(territory, agreement_id, "page")
    async with gate.session(territory.id) as session:
        file = await get_current_file(
            session, agreed.signed_agreement.agreement.dataset, let=True
        )
        parts = await _list_parts(session, agreed)
        uses = await list_uses(session, agreement_id, size=MAX_SHOWN)
    downloads = await _list_downloads(request, agreed, file)
    agreement = agreed.signed_agreement.agreement
    locale = locale_of(request)
    page = render(
        request,
        "agreements/files.html",
        agreement=agreement,
        words=localise(agreement.text, locale),
        files=[
            (name, _sign(request, territory, agreement_id, kind))
            for name, kind in [*downloads, *parts]
        ],
        uses=uses.items,
        titles={},
        uses_link=_sign(request, territory, agreement_id, USES),
        explore_link=await _sign_exploring(request, territory, agreed, file),
        until=now() + TICKET,
    )
    page.headers.update({**PRIVATE, "Referrer-Policy": "no-referrer"})
    return page


async def _list_downloads(
    request: PageRequest, agreed: AgreementReading, file: StoredFile
) -> list[tuple[str, str]]:
    """(name, kind) of what may be taken: the file itself where all of it may be read, and the formats of its table."""
    downloads = [(file.name, FILE)] if agreed.view.is_whole else []
    tables = site_of(request).services[DATASET_TABLES]
    try:
        table = await tables.of_file(file)
    except (NotFoundError, UnavailableError):
        return downloads
    return downloads + [
        (name, kind)
        for kind, name in EXPORT_FORMATS.items()
        if not FORMATS[kind].placed or shows_places(table, agreed.view)
    ]


async def _list_parts(
    session: AsyncSession, agreed: AgreementReading
) -> list[tuple[str, str]]:
    """(name, kind) of the restricted files beside the main one, in their order; none for an agreement on a part of that."""
    dataset = await find_dataset(session, agreed.signed_agreement.agreement.dataset)
    downloads = list[tuple[str, str]]()
    for part in dataset.parts if dataset and agreed.view.is_whole else ():
        restricted = (
            version.file
            for version in part.versions
            if version.file.access == FileAccess.RESTRICTED
        )
        if (file := next(restricted, None)) is not None:
            downloads.append((f"{part_caption(part)}: {file.name}", str(part.id)))
    return downloads


def _sign(
    request: PageRequest, territory: Territory, agreement_id: UUID, kind: str
) -> str:
    return sign_path(
        keyring_of(request),
        territory.id,
        f"/agreements/{agreement_id}/files/{kind}",
        lifetime=TICKET,
    )


async def _sign_exploring(
    request: PageRequest,
    territory: Territory,
    agreed: AgreementReading,
    file: StoredFile,
) -> str:
    """The address of the rows as a page; empty where the file is no table."""
    try:
        await site_of(request).services[DATASET_TABLES].of_file(file)
    except (NotFoundError, UnavailableError):
        return ""
    agreement_id = agreed.signed_agreement.agreement.id
    return sign_path(
        keyring_of(request),
        territory.id,
        f"/agreements/{agreement_id}/data",
        lifetime=TICKET,
    )


@get("/agreements/{agreement_id:uuid}/data")
async def explore_rows(
    request: PageRequest,
    territory: CurrentTerritory,
    actor: Visitor,
    agreement_id: FromPath[UUID],
) -> Response[Any]:
    """The rows and columns of an agreement as the page of its data, by an address that the page of its files signed.

    The agreement is asked at each reading. Once the address is too old, the portal is asked again who reads.
    """
    try:
        require_signature(
            keyring_of(request),
            territory.id,
            "GET",
            request.scope["path"],
            dict(request.query_params),
        )
    except ExpiredLinkError:
        return Redirect(f"/agreements/{agreement_id}/files", status_code=303)
    gate = site_of(request).services[AGREEMENT_GATE]
    agreed = await gate.authorize_person(territory, agreement_id, "rows")
    dataset_id = agreed.signed_agreement.agreement.dataset

    async def find_table(_session: AsyncSession) -> DatasetTable:
        async with gate.session(territory.id) as session:
            file = await get_current_file(session, dataset_id, let=True)
        return await site_of(request).services[DATASET_TABLES].of_file(file)

    table_request = await request_table(
        request, territory, actor, dataset_id, find_table, cost=COST
    )
    await open_table(table_request, territory, agreed)
    page = ExplorePage(
        table_request, territory, actor, path=f"/agreements/{agreement_id}/data"
    )
    return await page.respond()


@route(f"{FILES}/{{kind:str}}", http_method=READ)
async def download_file(
    request: PageRequest,
    territory: CurrentTerritory,
    agreement_id: FromPath[UUID],
    kind: FromPath[str],
) -> Response[Any]:
    """One of them, by an address that the page signed; the agreement is asked at each reading.

    `kind` is a word, or the id of a file beside the main one, which is given whole or not at all.
    """
    keyring = keyring_of(request)
    path = request.scope["path"]
    require_signature(
        keyring, territory.id, str(request.method), path, dict(request.query_params)
    )
    gate = site_of(request).services[AGREEMENT_GATE]
    if kind == USES:
        async with gate.session(territory.id) as session:
            stored_agreement = await get_agreement(session, agreement_id)
            uses = (
                await list_uses(session, stored_agreement.id, size=MAX_EXPORTED)
            ).items
        return csv_response(_render_csv(request, uses), "uses.csv")
    part_id = _parse_part_id(kind)
    if part_id is not None:
        kind = FILE
    if kind not in {FILE, *EXPORT_FORMATS}:
        raise NotFoundError
    agreed = await gate.authorize_person(territory, agreement_id, kind)
    async with gate.session(territory.id) as session:
        file = await get_current_file(
            session, agreed.signed_agreement.agreement.dataset, part_id, let=True
        )
    if kind == FILE and agreed.view.is_whole:
        return await serve_file(request, file, agreed)
    if part_id is not None:
        raise await agreed.refuse(RefusalReason.ONLY_IN_PART)
    derive = site_of(request).services[DERIVED_FILES]
    return await derive(request, file, agreed, "csv" if kind == FILE else kind)


def _parse_part_id(kind: str) -> UUID | None:
    """The id of a file beside the main one; None for a word."""
    try:
        return UUID(kind)
    except ValueError:
        return None


@get("/datasets/{dataset_id:uuid}/agreements")
async def show_agreements(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[str]:
    """Which projects may read a dataset, and what they read, for its producer."""
    dataset = await get_dataset(session, member, dataset_id)
    rows = await list_dataset_agreements(session, dataset_id)
    totals = await sum_uses(session, dataset_id)
    listed = [
        (read_current_agreement(row), totals.get(row.id, AgreementUsage()))
        for row in rows
    ]
    return render(
        request,
        "agreements/agreements.html",
        dataset=dataset,
        agreements=[
            (
                signed_agreement,
                _agreement_state(signed_agreement.status, signed_agreement.agreement),
                total,
            )
            for signed_agreement, total in listed
        ],
        uses=await list_dataset_uses(session, dataset_id, limit=MAX_SHOWN),
        running=await list_running_uses(session, dataset_id),
        titles={
            row.id: read_current_agreement(row).agreement.project_title for row in rows
        },
        days=USES_KEPT.days,
    )


def _agreement_state(agreement_status: Any, agreement: Any) -> str:
    state = str(state_at(agreement_status, now()).value)
    if state == "active" and agreement.ends_at < now():
        return "ended"
    return state


@get("/datasets/{dataset_id:uuid}/uses.csv")
async def download_uses(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[bytes]:
    """Each reading, as a table."""
    dataset = await get_dataset(session, member, dataset_id)
    return csv_response(
        _render_csv(
            request, await list_dataset_uses(session, dataset.id, limit=MAX_EXPORTED)
        ),
        "uses.csv",
    )


def _render_csv(request: PageRequest, uses: Sequence[AgreementUse]) -> bytes:
    say = translator(request)
    lines = (
        (
            use.happened_at.isoformat(timespec="seconds"),
            str(use.agreement_id),
            str(use.credential_id or ""),
            use.kind,
            use.outcome,
            use.bytes,
            use.times,
        )
        for use in uses
    )
    return write_csv([say(word) for word in HEADER], lines, locale_of(request))


routes: Routes = [
    redirect_to_portal,
    show_files,
    download_file,
    explore_rows,
    show_agreements,
    download_uses,
]
