"""Who brings files into a space."""

from dataclasses import dataclass
from uuid import UUID

from udi.kit.identity import Actor


@dataclass(frozen=True)
class Sender:
    """A person, or a script by its key; with neither, the node itself, which fetches from the address that it was given."""

    person_id: UUID | None = None
    key_id: UUID | None = None

    @classmethod
    def of(cls, actor: Actor) -> "Sender":
        """Somebody who is logged in."""
        return cls(person_id=actor.person_id)
