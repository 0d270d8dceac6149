"""A script removes one version that is no longer of use (DELETE)."""

from litestar import delete

from udi.kit.errors import ConflictError, GoneError, InvalidError
from udi.node.datasets import schemas
from udi.node.datasets.actions.remove import remove_version
from udi.node.datasets.descriptions.description import LONGEST_REASON, clean_text
from udi.node.datasets.intake.access import (
    build_upload_context,
    get_script_dataset,
    require_token,
)
from udi.node.datasets.pages.messages import PageRequest
from udi.node.spaces.keys import require_fresh_accounts
from udi.node.spaces.operations import DatasetPath, sending_operation
from udi.ui.dependencies import CurrentTerritory, Routes


@delete(
    "/api/v1/datasets/{dataset_id:uuid}/versions/{number:int}",
    **sending_operation(
        "removeVersion",
        summary="Remove a version",
        description="An old version, for good; its address says then that it was removed, and why.",
        statuses=(204,),
        errors=(ConflictError, GoneError, InvalidError),
        query=schemas.RemovalParameters,
    ),
)
async def delete_version(
    request: PageRequest,
    territory: CurrentTerritory,
    dataset_id: DatasetPath,
    number: schemas.VersionPath,
) -> None:
    """Remove it for good; `reason` says why to those who follow the address of one that was public."""
    require_token(request)
    reason = clean_text(request.query_params.get("reason") or "")[:LONGEST_REASON]
    async with build_upload_context(request, territory).storage.session() as session:
        dataset, sender = await get_script_dataset(
            session, request, dataset_id, lock=True
        )
        await require_fresh_accounts(session)
        await remove_version(session, sender, dataset, number, reason=reason)


routes: Routes = [delete_version]
