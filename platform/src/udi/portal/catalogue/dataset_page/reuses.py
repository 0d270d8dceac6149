"""What is made with a dataset, on its page: a higher domain says it."""

from dataclasses import dataclass, field
from uuid import UUID

from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.related_rows import RelatedRows

MOST = 3


@dataclass(frozen=True)
class DatasetReuse:
    """Something that is made with a dataset."""

    path: str
    titles: dict[str, str]
    """The title by language, the main one first."""
    by: str
    """Who makes it; empty where nobody says."""
    thanked: bool = False
    """Whether the producer thanks for it."""
    organisation_id: UUID | None = None
    owner_id: UUID | None = None
    """Whose it is: nobody thanks themselves."""

    def may_thank(self, producer: UUID, person: UUID) -> bool:
        """Whether somebody who publishes for the producer may thank for it."""
        return (
            not self.thanked
            and self.organisation_id != producer
            and self.owner_id != person
        )


@dataclass(frozen=True)
class DatasetReuseSummary:
    """How many there are, the newest of them, and where to say more."""

    total: int = 0
    newest: list[DatasetReuse] = field(default_factory=list)


USES = ServiceKey[RelatedRows[DatasetReuseSummary]]("uses of a dataset", "projects")
"""What everybody may know of, `MOST` of them at most."""
