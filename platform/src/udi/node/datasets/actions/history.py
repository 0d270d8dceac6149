"""The history of datasets."""

from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.node.datasets.models import Dataset, DatasetEvent
from udi.node.spaces.senders import Sender


class Author(Protocol):
    """Who did it: somebody logged in, or a sender."""

    @property
    def person_id(self) -> UUID | None:
        """Their id; None for a script."""


def record_event(
    session: AsyncSession,
    author: Author | None,
    dataset: Dataset,
    action: str,
    **detail: Any,
) -> None:
    """Add one line to a dataset's history; no author when the portal or the node did it."""
    if isinstance(author, Sender) and author.key_id is not None:
        detail["key"] = str(author.key_id)
    person = author.person_id if author else None
    session.add(
        DatasetEvent(
            dataset_id=dataset.id, person_id=person, action=action, detail=detail
        )
    )
