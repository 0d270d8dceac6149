"""What was understood of a file of a dataset, the main one or that of a part, corrected by its producer."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.clean import remove_property_names
from udi.node.datasets.actions.correct import (
    correct_version,
    keep_lines,
    leave_table_out,
    read_corrections,
)
from udi.node.datasets.actions.line_settings import (
    choose_mended_copy,
    choose_zeros,
    read_line_form,
    read_lines,
)
from udi.node.datasets.actions.prepare import prepare_promptly
from udi.node.datasets.models import PartRole, PreparationState
from udi.node.datasets.pages.messages import PageRequest, field_errors, translator
from udi.node.datasets.pages.upload import build_preparation_context
from udi.node.datasets.queries import CheckedFile, get_checked_file
from udi.node.datasets.versions.findings import (
    can_anonymise,
    can_correct_rows,
    corrections_of,
    count_type_errors,
    declared_schema_of,
    has_removable_names,
    has_virus,
    is_table,
    is_unread,
    likely_schemas_of,
    line_settings_of,
    named_tables_of,
    new_dangers_of,
    personal_findings_of,
    repairs_of,
    schema_report_of,
    tables_dropped_of,
    tables_left_of,
    unsearched_parts_of,
)
from udi.node.datasets.versions.table_list import list_tables_of
from udi.node.datasets.versions.table_places import TablePlace
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.tables.addresses import TableAddresses
from udi.tabular.columns.column import ColumnType
from udi.tabular.formats.line_settings import LineSettings
from udi.tabular.formats.text_encoding import CHARSETS
from udi.tabular.personal.anonymisation import TreatmentSummary
from udi.tabular.profiles.corrections import SYSTEMS
from udi.tabular.profiles.profile import Profile
from udi.tabular.profiles.raw_lines import TABLES, LineRole, RawLine, RawLines
from udi.tabular.queries.readers import READERS
from udi.tabular.schemas.explanations import explain_column_fault
from udi.ui.dependencies import Session
from udi.ui.refresh import refreshing
from udi.ui.site import render, site_of

DATASET = "/datasets/{dataset_id:uuid}"
ADDRESSES = (DATASET, f"{DATASET}/parts/{{part_id:uuid}}")
"""Of the main file of a dataset, and of that of a part."""
EXCERPT = 40
"""Characters of a line in a list."""
ENCODINGS = tuple(dict.fromkeys(CHARSETS.values()))
MOST_FAULTS = 20


FAILURES = {
    "too_large": "The file is too large to be shown as a table here. People will get it as it is.",
    "too_long": "Reading the file took too long. People will get it as it is.",
    "too_heavy": "Reading the file takes more memory than the node gives to one file. People will get it as it is.",
    "failed": "Reading the file failed. People will get it as it is.",
    "not_treated": "The new file could not be created: yours has not changed. Ask for fewer changes, or count by fewer columns.",
}


@get([f"{address}/check" for address in ADDRESSES])
async def show_findings(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """Step 2: what was understood, what to look at; no transaction is open while the lines of the file are read."""
    return await _findings_page(request, territory, member, dataset_id)


async def _findings_page(
    request: PageRequest,
    territory: Territory,
    member: Actor,
    dataset_id: UUID,
    errors: dict[str, str] | None = None,
) -> Response[str]:
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        file = await get_addressed_file(request, session, member, dataset_id)
    preparation = file.version.preparation
    failure = FAILURES.get(preparation.failure, "") if preparation else ""
    waiting = bool(preparation and preparation.state == PreparationState.WAITING)
    context = _collect_findings(file)
    template = "datasets/part_check.html" if file.part else "datasets/check.html"
    raw = RawLines()
    if not waiting and context["profile"].is_table:
        services = site_of(request).services
        raw = await read_lines(services[OBJECTS], services[READERS], file.version)
    page = render(
        request,
        template,
        status=422 if errors else 200,
        waiting=waiting,
        failure=translator(request)(failure) if failure else "",
        errors=errors or {},
        **context,
        **_line_choices(context, raw),
    )
    return refreshing(request, page) if waiting else page


async def get_addressed_file(
    request: PageRequest,
    session: AsyncSession,
    member: Actor,
    dataset_id: UUID,
    *,
    lock: bool = False,
) -> CheckedFile:
    """The file that the address names, of the dataset or of one of its parts, for who may change it.

    Raises:
        NotFoundError, ForbiddenError, ConflictError, ErasedError: as `get_checked_file`.
    """
    part_id = request.path_params.get("part_id")
    return await get_checked_file(session, member, dataset_id, part_id, lock=lock)


def _find_data_page(file: CheckedFile) -> str:
    """The page of the data of its main table, in this version."""
    page = f"{file.address}/data"
    if file.part is not None:
        table_name = TablePlace(file.part.id).table_name
        page = TableAddresses(file.dataset.id, table_name).page
    return f"{page}?version={file.version.number}"


def _collect_findings(file: CheckedFile) -> dict[str, Any]:
    """What was understood of a file, before its lines are read."""
    has_table = is_table(file.version)
    return {
        "dataset": file.dataset,
        "part": file.part,
        "version": file.version,
        "file_address": file.address,
        "profile": file.profile,
        "corrections": corrections_of(file.version),
        "settled": line_settings_of(file.version),
        "shown_at": _find_data_page(file) if has_table else "",
        "total": count_type_errors(file.version),
        **_list_tables(file),
        "correctable": can_correct_rows(file.dataset, file.version),
        "can_mend": has_table and file.profile.reads in TABLES,
        "repairs": repairs_of(file.version),
        **_list_obstacles(file),
        **_schema_findings(file),
    }


def _list_obstacles(file: CheckedFile) -> dict[str, Any]:
    """What may keep a file from being published, and what the node made of the one that was sent."""
    version = file.version
    made_from = corrections_of(version).made_from
    unsearched = unsearched_parts_of(version)
    if file.part is not None and file.part.role == PartRole.DOCUMENTATION:
        unsearched = []
    return {
        "people": personal_findings_of(version),
        "dangers": new_dangers_of(file.dataset, version),
        "removable": has_removable_names(version),
        "virus": has_virus(version),
        "unread": is_unread(version),
        "unsearched": unsearched,
        "treated": TreatmentSummary.from_json(made_from.treated) if made_from else None,
        "treatable": can_anonymise(version),
    }


def _list_tables(file: CheckedFile) -> dict[str, Any]:
    """The tables of the file, where it has more than one, or where some are not read."""
    left = tables_left_of(file.version)
    dropped = tables_dropped_of(file.version)
    several = named_tables_of(file.version) or left or dropped
    return {
        "tables": list_tables_of(file.dataset, file.version) if several else [],
        "tables_left": left,
        "tables_dropped": dropped,
    }


def _line_choices(findings: Mapping[str, Any], raw: RawLines) -> dict[str, Any]:
    """The lines of the file, and what its producer may settle of them."""
    profile: Profile = findings["profile"]
    settled: LineSettings = findings["settled"]
    raw_lines = [*raw.first, *raw.last]
    ends = [
        (str(one.below), f"{one.line}. {_excerpt(one)}")
        for one in reversed(raw_lines)
        if one.below > 0 and one.role not in {LineRole.EMPTY, LineRole.NAMES}
    ]
    return {
        "raw": raw,
        "chosen_header": profile.header_line,
        "name_lines": settled.name_lines or "",
        "line_choices": [
            (str(one.line), f"{one.line}. {_excerpt(one)}")
            for one in raw.first
            if one.role is not LineRole.EMPTY
        ],
        "has_end": any(one.below >= 0 for one in raw_lines),
        "below_choices": ends,
        "encodings": [(name, name) for name in ENCODINGS],
        "sheets": [(sheet.name, sheet.name) for sheet in profile.sheets],
    }


def _excerpt(line: RawLine) -> str:
    text = line.text or " │ ".join(line.cells)
    if len(text) > EXCERPT:
        return text[:EXCERPT] + "…"
    return text


@post([f"{address}/lines" for address in ADDRESSES])
async def settle_lines(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Keep what the producer settled of the lines of the file, and read it again at once."""
    form = await request.form()
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        file = await get_addressed_file(request, session, member, dataset_id, lock=True)
        corrections, refusals = read_line_form(form, file.version)
        if not refusals:
            await correct_version(
                session, member, file.dataset, file.version, corrections
            )
    if refusals:
        errors = field_errors(request, refusals)
        return await _findings_page(request, territory, member, dataset_id, errors)
    return await _read_again(request, territory, file)


def _schema_findings(file: CheckedFile) -> dict[str, Any]:
    """The schema that the table is said to follow with what is wrong, or those that it seems to follow."""
    declared = declared_schema_of(file.version)
    likely = likely_schemas_of(file.version)
    report = schema_report_of(file.version)
    return {
        "declared": declared,
        "likely": likely,
        "report": report,
        "column_faults": [
            explain_column_fault(fault) for fault in report.columns[:MOST_FAULTS]
        ]
        if report
        else [],
    }


@post([f"{address}/properties" for address in ADDRESSES])
async def remove_names(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Make the newest file again without the names that its properties give."""
    context = build_preparation_context(request, territory)
    part_id = request.path_params.get("part_id")
    address = await remove_property_names(context, member, dataset_id, part_id)
    return Redirect(f"{address}/check", status_code=303)


@get([f"{address}/understood" for address in ADDRESSES])
async def show_corrections_form(
    request: PageRequest,
    session: Session,
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The form that corrects what was understood."""
    file = await get_addressed_file(request, session, member, dataset_id)
    return corrections_page(request, file)


@post([f"{address}/understood" for address in ADDRESSES])
async def submit_corrections(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Keep what the producer says of the file, and read it again."""
    site = site_of(request)
    form = await request.form()
    async with site.database.session(territory.id, person=member.person_id) as session:
        file = await get_addressed_file(request, session, member, dataset_id, lock=True)
        corrections, refusals = read_corrections(form, file.profile)
        if refusals:
            return corrections_page(
                request, file, field_errors(request, refusals), status=422
            )
        corrections = keep_lines(corrections, corrections_of(file.version))
        await correct_version(session, member, file.dataset, file.version, corrections)
    return await _read_again(request, territory, file)


@post([f"{address}/zeros" for address in ADDRESSES])
async def repair_zeros(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Put back the zeros that a column of codes lost, or leave its values as they are, and read the file again.

    Raises:
        NotFoundError: the newest file has no such column.
    """
    form = await request.form()
    column = str(form.get("column") or "")
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        file = await get_addressed_file(request, session, member, dataset_id, lock=True)
        if column not in {named.name for named in file.profile.columns}:
            raise NotFoundError("The file has no such column.")
        before = corrections_of(file.version)
        put_back = bool(form.get("repair"))
        corrections = choose_zeros(before, column, put_back=put_back)
        await correct_version(session, member, file.dataset, file.version, corrections)
    return await _read_again(request, territory, file)


@post([f"{address}/tables" for address in ADDRESSES])
async def choose_table(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Leave out a table beside the main one, or put it back, and read the file again; the file itself stays whole.

    Raises:
        InvalidError: the newest file has no such table.
    """
    form = await request.form()
    title = str(form.get("title") or "")
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        file = await get_addressed_file(request, session, member, dataset_id, lock=True)
        corrections = leave_table_out(
            file.version, title, leave=bool(form.get("leave"))
        )
        await correct_version(session, member, file.dataset, file.version, corrections)
    return await _read_again(request, territory, file, "#tables")


@post([f"{address}/mended" for address in ADDRESSES])
async def choose_copy(
    request: PageRequest,
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    dataset_id: FromPath[UUID],
) -> Redirect:
    """Publish the table as a mended copy of the file, with the list of its repairs, or not any more."""
    form = await request.form()
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        file = await get_addressed_file(request, session, member, dataset_id, lock=True)
        mended = bool(form.get("mended"))
        corrections = choose_mended_copy(file.version, mended=mended)
        await correct_version(session, member, file.dataset, file.version, corrections)
    return await _read_again(request, territory, file)


async def _read_again(
    request: PageRequest, territory: Territory, file: CheckedFile, place: str = ""
) -> Redirect:
    """Read a small file at once, then show what is understood of it now."""
    await prepare_promptly(build_preparation_context(request, territory), file.version)
    return Redirect(f"{file.address}/check{place}", status_code=303)


def corrections_page(
    request: PageRequest,
    file: CheckedFile,
    errors: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response[str]:
    """The form, with what is wrong."""
    profile = file.profile
    return render(
        request,
        "datasets/understood.html",
        status=status,
        dataset=file.dataset,
        part=file.part,
        file_address=file.address,
        profile=profile,
        corrections=corrections_of(file.version),
        errors=errors or {},
        encodings=[(name, name) for name in ENCODINGS],
        sheets=[(sheet.name, sheet.name) for sheet in profile.sheets],
        systems=list(SYSTEMS.items()),
        kinds=[kind.value for kind in ColumnType if kind is not ColumnType.EMPTY],
    )


routes: Sequence[ControllerRouterHandler] = [
    show_findings,
    remove_names,
    show_corrections_form,
    submit_corrections,
    settle_lines,
    repair_zeros,
    choose_table,
    choose_copy,
]
