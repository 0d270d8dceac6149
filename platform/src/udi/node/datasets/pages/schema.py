"""The schema that a table follows: those it seems to follow, those installed here, the address of another."""

import asyncio
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import InvalidError, field_error
from udi.node.datasets.actions.prepare import prepare_promptly
from udi.node.datasets.actions.schema import declare_schema, fetch_schema
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import PageRequest, field_errors
from udi.node.datasets.pages.upload import build_preparation_context
from udi.node.datasets.queries import get_dataset
from udi.node.datasets.versions.findings import declared_schema_of, likely_schemas_of
from udi.node.spaces.queries import DatasetPermission
from udi.tabular.schemas.declarations import DeclaredSchema, load_schema_folder
from udi.ui.dependencies import CurrentTerritory, Member, Routes
from udi.ui.site import render, site_of


@get("/datasets/{dataset_id:uuid}/schema")
async def show_schema_form(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """The form that says which schema the table follows."""
    async with site_of(request).database.session(
        territory.id, person=member.person_id
    ) as session:
        dataset = await get_dataset(
            session, member, dataset_id, to=DatasetPermission.CHANGE
        )
    return await schema_page(request, dataset)


@post("/datasets/{dataset_id:uuid}/schema")
async def submit_schema(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """Check each cell against a schema from now on, or not any more; no transaction is open while it is fetched."""
    site = site_of(request)
    form = await request.form()
    name = str(form.get("name") or "")
    address = str(form.get("address") or "").strip()
    async with site.database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(
            session, member, dataset_id, to=DatasetPermission.CHANGE
        )
    try:
        if form.get("none"):
            schema = None
        else:
            schema = await read_schema(request, name, address)
    except InvalidError as error:
        errors = field_errors(request, error.refusals)
        return await schema_page(request, dataset, name, address, errors, status=422)
    async with site.database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(
            session, member, dataset_id, to=DatasetPermission.CHANGE, lock=True
        )
        version = await declare_schema(session, member, dataset, schema)
    await prepare_promptly(build_preparation_context(request, territory), version)
    return Redirect(f"/datasets/{dataset_id}/check", status_code=303)


async def read_schema(
    request: PageRequest, name: str, address: str = ""
) -> DeclaredSchema:
    """The schema that a form names, or gives the address of.

    Raises:
        InvalidError: none is installed under this name; or what is at the address is none.
    """
    if address:
        return await fetch_schema(site_of(request).outgoing, address)
    if name not in dict(await list_installed_schemas(request)):
        raise field_error("address", "Choose a schema, or give its address.")
    return DeclaredSchema(name)


async def list_installed_schemas(request: PageRequest) -> list[tuple[str, str]]:
    """The names and the titles of the schemas that are installed, by title."""
    schema_folder = await asyncio.to_thread(
        load_schema_folder, site_of(request).settings.schemas
    )
    return sorted(
        {schema.name: schema.title for schema in schema_folder.schemas}.items(),
        key=lambda option: option[1].casefold(),
    )


async def schema_page(
    request: PageRequest,
    dataset: Dataset,
    name: str = "",
    address: str = "",
    errors: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response[str]:
    """The form, with what is wrong."""
    declared = declared_schema_of(dataset.latest)
    likely = likely_schemas_of(dataset.latest)
    proposed = declared or next(iter(likely), None)
    schema_name = name or (proposed.name if proposed else "")
    return render(
        request,
        "datasets/schema.html",
        status=status,
        dataset=dataset,
        declared=declared,
        installed=await list_installed_schemas(request),
        name=schema_name,
        address=address or (declared.address if declared else ""),
        errors=errors or {},
    )


routes: Routes = [show_schema_form, submit_schema]
