"""The history of datasets."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.node.datasets.models import Dataset, DatasetEvent


def note(session: AsyncSession, actor: Actor | None, dataset: Dataset, action: str, **detail: Any) -> None:
    """Add one line to a dataset's history; no actor when the portal or the node did it."""
    person = actor.person_id if actor else None
    session.add(DatasetEvent(dataset_id=dataset.id, person_id=person, action=action, detail=detail))
