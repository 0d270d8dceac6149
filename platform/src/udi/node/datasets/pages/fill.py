"""A model filled on a page, with no file: its rows one by one in a form, or several in a grid."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.fill import fill_model
from udi.node.datasets.pages.messages import PageRequest, refusal_errors, translator
from udi.node.datasets.pages.row_forms import (
    LARGEST_FORM,
    FormRow,
    blank_rows,
    check_form_size,
    read_form_rows,
    show_result,
)
from udi.node.datasets.pages.rows import SAVE_ERRORS, with_script
from udi.node.datasets.pages.upload import (
    build_answer_proposer,
    build_preparation_context,
)
from udi.node.spaces.models import Space
from udi.node.spaces.queries import get_space
from udi.tabular.editing.model_files import ModelRows
from udi.tabular.editing.row_changes import CorrectionResult
from udi.tabular.formats.dialect import has_values
from udi.tabular.schemas.cell_inputs import describe_field
from udi.tabular.schemas.declarations import language_of, load_schema_folder
from udi.tabular.schemas.schema import TableSchema
from udi.ui.dependencies import CurrentTerritory, Member, Routes
from udi.ui.site import render, site_of

GRID_ROWS = 10
MODEL_CHARSET = "UTF-8"


@get("/spaces/{slug:str}/fill")
async def show_model(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[str]:
    """The models that can be filled here, or the empty rows of one of them (`model`), in a grid or one (`view=row`)."""
    space = await _find_space(request, territory, member, slug)
    name = request.query_params.get("model")
    if not name:
        models = await _list_models(request)
        return render(
            request,
            "datasets/models.html",
            space=space,
            models=[(model, language_of(model)) for model in models],
        )
    schema = await _find_model(request, name)
    view = "row" if request.query_params.get("view") == "row" else "grid"
    count = 1 if view == "row" else GRID_ROWS
    blank = blank_rows(count, len(schema.fields))
    return _fill_page(request, space, schema, view, blank)


@post("/spaces/{slug:str}/fill", request_max_body_size=LARGEST_FORM)
async def submit_rows(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    slug: FromPath[str],
) -> Response[Any]:
    """Keep the rows as a draft, which is continued on its own pages; or say what the model refuses."""
    form = await request.form()
    space = await _find_space(request, territory, member, slug)
    schema = await _find_model(request, str(form.get("model") or ""))
    view = "row" if form.get("view") == "row" else "grid"
    rows = blank_rows(1, len(schema.fields))
    try:
        rows = read_form_rows(form, len(schema.fields))
        check_form_size(form, rows)
    except InvalidError as error:
        errors = refusal_errors(request, error, "")
        return _fill_page(request, space, schema, view, rows, errors, status=422)
    places = [place for place, row in enumerate(rows) if has_values(row.cells)]
    if not places:
        words = translator(request)("Fill at least one row.")
        errors = {"r0-c0": words}
        return _fill_page(request, space, schema, view, rows, errors, status=422)
    filled = ModelRows(
        schema.name,
        tuple(rows[place].cells for place in places),
        is_checked=not form.get("keep"),
    )
    try:
        draft = await fill_model(
            build_preparation_context(request, territory),
            member,
            slug,
            filled,
            build_answer_proposer(request, territory),
        )
    except SAVE_ERRORS as error:
        errors = refusal_errors(request, error, "")
        status = error.status
        return _fill_page(request, space, schema, view, rows, errors, status=status)
    if draft.dataset is not None:
        path = f"/datasets/{draft.dataset.id}/rows"
        return Redirect(path if view == "row" else f"{path}?view=grid", status_code=303)
    inputs = [describe_field(field) for field in schema.fields]
    result = CorrectionResult(faults=draft.faults)
    form_rows, errors = show_result(
        rows, places, result, inputs, MODEL_CHARSET, translator(request)
    )
    return _fill_page(
        request, space, schema, view, form_rows, errors, refused=True, status=422
    )


async def _find_space(
    request: PageRequest, territory: Territory, member: Actor, slug: str
) -> Space:
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        return await get_space(session, member, slug)


async def _list_models(request: PageRequest) -> list[TableSchema]:
    """The models of the node and of its operator, by title; of those of one name, the first."""
    folder = site_of(request).settings.schemas
    schema_folder = await asyncio.to_thread(load_schema_folder, folder)
    by_name = {schema.name: schema for schema in reversed(schema_folder.schemas)}
    return sorted(by_name.values(), key=lambda schema: schema.title.casefold())


async def _find_model(request: PageRequest, name: str) -> TableSchema:
    for schema in await _list_models(request):
        if schema.name == name:
            return schema
    raise NotFoundError("No model of this name is installed here.")


def _fill_page(
    request: PageRequest,
    space: Space,
    schema: TableSchema,
    view: str,
    rows: Sequence[FormRow],
    errors: dict[str, str] | None = None,
    *,
    refused: bool = False,
    status: int = 200,
) -> Response[str]:
    inputs = [describe_field(field) for field in schema.fields]
    page = render(
        request,
        "datasets/fill.html",
        status=status,
        space=space,
        model=schema,
        language=language_of(schema),
        view=view,
        inputs=inputs,
        names=json.dumps([one.name for one in inputs], ensure_ascii=False),
        form_rows=rows,
        errors=errors or {},
        faults=refused,
    )
    return with_script(request, page)


routes: Routes = [show_model, submit_rows]
