"""What was found in the file of a part: remarks, cells to check, and the model that its table follows."""

from typing import Any
from uuid import UUID

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.node.datasets.actions.parts import get_part
from udi.node.datasets.actions.prepare import prepare_promptly
from udi.node.datasets.actions.schema import declare_schema
from udi.node.datasets.models import Dataset, DatasetPart
from udi.node.datasets.pages.messages import PageRequest
from udi.node.datasets.pages.schema import list_installed_schemas, read_schema
from udi.node.datasets.pages.upload import build_preparation_context
from udi.node.datasets.queries import get_dataset
from udi.node.datasets.versions.cell_errors import count_cell_errors, list_cell_errors
from udi.node.datasets.versions.findings import (
    can_anonymise,
    can_correct_rows,
    declared_schema_of,
    is_being_read,
    is_harmful,
    is_table,
    likely_schemas_of,
    schema_report_of,
)
from udi.node.spaces.queries import DatasetPermission
from udi.tabular.profiles.profile import Profile
from udi.tabular.schemas.explanations import explain_column_fault
from udi.ui.dependencies import CurrentTerritory, Member, Routes
from udi.ui.site import site_of

MOST_CELLS = 20
MOST_FAULTS = 20


@post("/datasets/{dataset_id:uuid}/parts/{part_id:uuid}/schema")
async def submit_part_schema(
    request: PageRequest,
    territory: CurrentTerritory,
    member: Member,
    dataset_id: FromPath[UUID],
    part_id: FromPath[UUID],
) -> Redirect:
    """Have the file of a part checked against an installed model from now on; an empty name: against none any more.

    Raises:
        ConflictError: as `declare_schema`.
        InvalidError: no such model is installed.
    """
    name = str((await request.form()).get("name") or "")
    schema = await read_schema(request, name) if name else None
    database = site_of(request).database
    async with database.session(territory.id, person=member.person_id) as session:
        dataset = await get_dataset(
            session, member, dataset_id, to=DatasetPermission.CHANGE, lock=True
        )
        part = get_part(dataset, part_id)
        version = await declare_schema(session, member, dataset, schema, part)
    await prepare_promptly(build_preparation_context(request, territory), version)
    return Redirect(f"/datasets/{dataset_id}/parts/{part_id}#remarks", status_code=303)


async def list_part_checks(
    request: PageRequest, dataset: Dataset, part: DatasetPart
) -> dict[str, Any]:
    """What the page of a part shows of its newest file; nothing of one that is no table, could harm, or is being read."""
    newest = next(iter(part.versions), None)
    if newest is None or is_being_read(newest) or is_harmful(newest):
        return {}
    if not is_table(newest):
        return {}
    profile = Profile.from_json(newest.profile)
    declared = declared_schema_of(newest)
    report = schema_report_of(newest)
    likely = likely_schemas_of(newest)
    faults = report.columns[:MOST_FAULTS] if report else ()
    models = []
    if profile.reads != "geo":
        models = await list_installed_schemas(request)
    return {
        "correctable": can_correct_rows(dataset, newest),
        "treatable": can_anonymise(newest),
        "remarks": profile.notes,
        "cells": list_cell_errors(newest)[:MOST_CELLS],
        "cell_count": count_cell_errors(newest),
        "declared": declared,
        "report": report,
        "likely": likely[0] if likely and not declared else None,
        "column_faults": [explain_column_fault(fault) for fault in faults],
        "models": models,
    }


routes: Routes = [submit_part_schema]
