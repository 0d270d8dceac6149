"""Rows of a small table of the main file or of a part, corrected on pages: a list, a grid, a form; they wait to be published."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
)
from udi.kit.identity import Actor
from udi.kit.paging import page_number
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.rows import (
    compare_with_published,
    correct_table,
    read_again,
    read_row_page,
    require_editable,
)
from udi.node.datasets.actions.schema import find_declared_schema
from udi.node.datasets.actions.source import find_source
from udi.node.datasets.pages.corrections import ADDRESSES
from udi.node.datasets.pages.messages import PageRequest, refusal_errors, translator
from udi.node.datasets.pages.row_forms import (
    LARGEST_FORM,
    FormRow,
    blank_rows,
    check_form_size,
    read_form_rows,
    show_result,
)
from udi.node.datasets.pages.upload import (
    build_answer_proposer,
    build_preparation_context,
)
from udi.node.datasets.queries import CheckedFile, get_checked_file
from udi.node.datasets.versions.findings import read_difference
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.editing.row_changes import (
    PAGE_ROWS,
    CorrectionResult,
    EditableRowPage,
    RowQuery,
    TableCorrection,
)
from udi.tabular.editing.row_positions import digest_of
from udi.tabular.schemas.cell_inputs import CellInput, describe_inputs
from udi.tabular.schemas.declarations import language_of
from udi.tabular.schemas.schema import TableSchema
from udi.ui.dependencies import CurrentTerritory, Member, Routes
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import render, site_of

GRID_CELLS = 1_500
"""Cells of a page of the grid."""
FEWEST_GRID_ROWS = 5
NEW_ROWS = 5
MOST_COLUMNS = 1_000
LAST_LINE = 10_000_000
LONGEST_WORDS = 200
SAVE_ERRORS = (ConflictError, TooLargeError, UnavailableError)
VIEWS = {"grid", "row"}


@dataclass(frozen=True)
class EditedTable:
    """The main file of a dataset, or that of a part, whose rows may be corrected, with the model that it follows, if any."""

    file: CheckedFile
    schema: TableSchema | None
    is_renewed: bool
    """Whether an address renews it: the next file takes the place of what is corrected."""

    @property
    def address(self) -> str:
        """The list of its rows."""
        return f"{self.file.address}/rows"

    @property
    def check_address(self) -> str:
        """The page that leads to its publication: of a part, its own."""
        return self.file.address if self.file.part else f"{self.file.address}/check"

    def describe(self, names: Sequence[str]) -> list[CellInput]:
        """The fields of these columns."""
        by_name = {column.name: column for column in self.file.profile.columns}
        columns = [
            by_name.get(name) or TypedColumn(name, ColumnType.TEXT) for name in names
        ]
        return describe_inputs(columns, self.schema)


@dataclass(frozen=True)
class RowsAddress:
    """Where somebody was in a table: words that they looked for, the page, and how rows are shown."""

    words: str = ""
    page: int = 1
    view: str = ""

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "RowsAddress":
        """Of an address, or of a form; what cannot be read is the beginning."""
        number = page_number(str(values.get("page") or ""))
        view = str(values.get("view") or "")
        words = str(values.get("q") or "").strip()[:LONGEST_WORDS]
        return cls(words, number, view if view in VIEWS else "")

    def path(self, list_address: str, page: int | None = None, view: str = "") -> str:
        """The address of a page of the table, of which the list of rows has this one."""
        mode = view or ("grid" if self.view == "grid" else "")
        values = {"q": self.words, "view": mode}
        number = page or self.page
        query = {name: value for name, value in values.items() if value}
        if number > 1:
            query["page"] = str(number)
        return f"{list_address}?{urlencode(query)}" if query else list_address


@get([f"{address}/rows" for address in ADDRESSES])
async def show_rows(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """The rows of the newest file, page by page, as a list, in a grid, or what changes; `line` leads to the row of a line."""
    return await read_again(partial(_rows_page, request, territory, member, dataset_id))


async def _rows_page(
    request: PageRequest, territory: Territory, member: Actor, dataset_id: UUID
) -> Response[Any]:
    table = await _find_table(request, territory, member, dataset_id)
    address = RowsAddress.read(request.query_params)
    context = build_preparation_context(request, territory)
    version = table.file.version
    if line := request.query_params.get("line"):
        query = RowQuery(line=page_number(line, last=LAST_LINE))
        rows = await read_row_page(context, version, query)
        for row in rows.rows:
            return Redirect(f"{table.address}/{row.number}", status_code=303)
    if request.query_params.get("view") == "changes":
        changes = await compare_with_published(context, table.file)
        return render(
            request,
            "datasets/rows_changes.html",
            changes=changes,
            **_describe_file(table),
        )
    size = PAGE_ROWS
    if address.view == "grid":
        width = max(1, len(table.file.profile.columns))
        size = min(PAGE_ROWS, max(FEWEST_GRID_ROWS, GRID_CELLS // width))
    rows = await read_row_page(
        context, version, RowQuery(address.words, address.page, size)
    )
    if address.view == "grid":
        return _grid_page(request, table, rows, address, size)
    return render(
        request,
        "datasets/rows.html",
        inputs=table.describe(rows.names),
        rows=rows,
        **_common(table, address, rows, size),
    )


@get([f"{address}/rows/{{number:int}}" for address in ADDRESSES])
async def show_row(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
    number: FromPath[int],
) -> Response[str]:
    """The form of one row."""
    query = RowQuery(number=max(1, number))
    table, rows = await _read_rows(request, territory, member, dataset_id, query)
    if number < 1 or not rows.rows:
        raise NotFoundError("The table has no such row: it may have been removed.")
    address = RowsAddress(view="row")
    form_rows = [FormRow.of(row) for row in rows.rows]
    return _form_page(request, table, rows.names, form_rows, address)


@get([f"{address}/rows/new" for address in ADDRESSES])
async def show_new_row(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The form of a row that the table lacks."""
    query = RowQuery(size=1)
    table, rows = await _read_rows(request, territory, member, dataset_id, query)
    blank = blank_rows(1, len(rows.names))
    return _form_page(request, table, rows.names, blank, RowsAddress(view="row"))


@post([f"{address}/rows" for address in ADDRESSES], request_max_body_size=LARGEST_FORM)
async def save_rows(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Write the rows of a form into the newest file, which then waits to be published; or say what is in the way."""
    form = await request.form()
    address = RowsAddress.read(form)
    table = await _find_table(request, territory, member, dataset_id, saving=True)
    names = read_names(form)
    rows = blank_rows(1, len(names))
    try:
        rows = read_form_rows(form, len(names))
        check_form_size(form, rows)
    except InvalidError as error:
        errors = refusal_errors(request, error, "")
        return _form_page(request, table, names, rows, address, errors, status=422)
    places = [place for place, row in enumerate(rows) if not row.is_left_out]
    correction = TableCorrection(
        tuple(rows[place].as_edit() for place in places),
        digest_of(names),
        is_checked=not form.get("keep"),
    )
    try:
        result = await correct_table(
            build_preparation_context(request, territory),
            member,
            dataset_id,
            _read_part_id(request),
            correction,
            build_answer_proposer(request, territory),
        )
    except SAVE_ERRORS as error:
        errors = refusal_errors(request, error, "")
        status = error.status
        return _form_page(request, table, names, rows, address, errors, status=status)
    if result.is_clear and form.get("next"):
        return Redirect(f"{table.address}/new", status_code=303)
    if result.is_clear:
        return Redirect(address.path(table.address), status_code=303)
    inputs = table.describe(names)
    encoding = table.file.profile.encoding
    say = translator(request)
    form_rows, errors = show_result(rows, places, result, inputs, encoding, say)
    return _form_page(
        request,
        table,
        names,
        form_rows,
        address,
        errors,
        result,
        status=409 if result.conflicts or result.refusal else 422,
    )


async def _read_rows(
    request: PageRequest,
    territory: Territory,
    member: Actor,
    dataset_id: UUID,
    query: RowQuery,
) -> tuple[EditedTable, EditableRowPage]:
    async def read() -> tuple[EditedTable, EditableRowPage]:
        table = await _find_table(request, territory, member, dataset_id)
        context = build_preparation_context(request, territory)
        rows = await read_row_page(context, table.file.version, query)
        return table, rows

    return await read_again(read)


async def _find_table(
    request: PageRequest,
    territory: Territory,
    member: Actor,
    dataset_id: UUID,
    *,
    saving: bool = False,
) -> EditedTable:
    """The file, if whoever asks may correct its rows; while they are `saving`, the correction itself says so.

    Raises:
        NotFoundError, ForbiddenError, ErasedError: as `get_checked_file`.
        ConflictError: as `require_editable`.
    """
    site = site_of(request)
    async with site.database.session(territory.id, person=member.person_id) as session:
        file = await get_checked_file(
            session, member, dataset_id, _read_part_id(request)
        )
        if not saving:
            require_editable(file)
        source = await find_source(session, file.dataset)
    schema = await find_declared_schema(site.settings.schemas, file.version)
    is_renewed = source is not None and file.part is None
    return EditedTable(file, schema, is_renewed)


def _read_part_id(request: PageRequest) -> UUID | None:
    """The part that the address names; None for the main file."""
    part_id: UUID | None = request.path_params.get("part_id")
    return part_id


def read_names(form: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the columns that a form was made for.

    Raises:
        ConflictError: it names none.
    """
    try:
        names = json.loads(str(form.get("names") or ""))
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not 0 < len(names) <= MOST_COLUMNS:
        raise ConflictError("This form cannot be read.", remedy="Open the page again.")
    return tuple(map(str, names))


def _grid_page(
    request: PageRequest,
    table: EditedTable,
    rows: EditableRowPage,
    address: RowsAddress,
    size: int,
) -> Response[str]:
    form_rows = [
        *(FormRow.of(row) for row in rows.rows),
        *blank_rows(NEW_ROWS, len(rows.names)),
    ]
    return with_script(
        request,
        render(
            request,
            "datasets/rows_grid.html",
            **_form(table.describe(rows.names), form_rows),
            **_common(table, address, rows, size),
        ),
    )


def _form_page(
    request: PageRequest,
    table: EditedTable,
    names: Sequence[str],
    rows: Sequence[FormRow],
    address: RowsAddress,
    errors: dict[str, str] | None = None,
    result: CorrectionResult | None = None,
    *,
    status: int = 200,
) -> Response[str]:
    """The form of one row, or the grid, with what is wrong."""
    template = "rows_grid" if address.view == "grid" else "row"
    page = render(
        request,
        f"datasets/{template}.html",
        status=status,
        **_form(table.describe(names), rows, errors, result),
        **_common(table, address),
    )
    return with_script(request, page)


def _form(
    inputs: Sequence[CellInput],
    rows: Sequence[FormRow],
    errors: dict[str, str] | None = None,
    result: CorrectionResult | None = None,
) -> dict[str, Any]:
    return {
        "inputs": inputs,
        "names": json.dumps([one.name for one in inputs], ensure_ascii=False),
        "form_rows": rows,
        "errors": errors or {},
        "conflicts": any(row.now is not None for row in rows),
        "gone": any(row.is_gone for row in rows),
        "other_columns": bool(result and result.refusal),
        "faults": bool(result and result.faults),
    }


def _common(
    table: EditedTable,
    address: RowsAddress,
    rows: EditableRowPage | None = None,
    size: int = PAGE_ROWS,
) -> dict[str, Any]:
    version = table.file.version
    is_waiting = version.published_at is None
    changes = read_difference(version) if is_waiting else None
    matching = rows.matching if rows else 0
    return {
        **_describe_file(table),
        "model": table.schema,
        "language": language_of(table.schema),
        "is_renewed": table.is_renewed,
        "address": address,
        "page_url": lambda number: address.path(table.address, number),
        "grid_url": address.path(table.address, view="grid"),
        "total": rows.total if rows else 0,
        "matching": matching,
        "last_page": max(1, -(-matching // size)),
        "waiting": is_waiting,
        "difference": changes[1] if changes else None,
    }


def _describe_file(table: EditedTable) -> dict[str, Any]:
    """What every page says of the file, and where it leads."""
    file = table.file
    return {
        "dataset": file.dataset,
        "part": file.part,
        "part_crumbs": file.part_crumbs,
        "version": file.version,
        "file_address": file.address,
        "rows_address": table.address,
        "check_address": table.check_address,
    }


def with_script(request: PageRequest, page: Response[str]) -> Response[str]:
    """A page with the script that checks cells while somebody types."""
    policy = content_security_policy(list_form_targets(request), scripts=True)
    page.headers["Content-Security-Policy"] = policy
    return page


routes: Routes = [show_rows, show_row, show_new_row, save_rows]
