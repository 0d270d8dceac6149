"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import AtDeletion, PersonalRows, PersonalSubject, neutral
from udi.portal.installation.models import (
    FiguresRow,
    InstallationHeartbeat,
    OperatorRequest,
)

PERSONAL = (
    PersonalRows(
        OperatorRequest,
        "requested_by",
        PersonalSubject.TERRITORY,
        "What I asked as operator",
        why="So that operators know who asked for what.",
        until="As long as the installation is here; without your name once your account is deleted.",
        at_deletion=AtDeletion.UNNAMED,
        labels={"act": "Act", "requested_at": "Requested", "outcome": "Outcome"},
    ),
)
NEUTRAL = (
    neutral(FiguresRow, "territory_id figures", "numbers of a whole territory"),
    neutral(InstallationHeartbeat, "unit", "a unit of the installation"),
    neutral(
        OperatorRequest,
        "territory_id details content",
        "settings and files of a territory, which hold no account",
    ),
)
