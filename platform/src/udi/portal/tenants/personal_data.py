"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    WHILE_TERRITORY,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.portal.tenants.models import (
    OutlineLayerRow,
    OutlineUnitRow,
    PublishedFile,
    SpentBudget,
    Tenant,
    TerritoryDraft,
    TerritoryFile,
    TerritoryVersion,
)

WHY = "So that the team knows who changed the territory’s pages."
PERSONAL = (
    PersonalRows(
        TerritoryVersion,
        "author_id",
        PersonalSubject.TERRITORY,
        "Versions of the territory that I published",
        why=WHY,
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"number": "Number", "created_at": "Created", "note": "Note"},
    ),
    PersonalRows(
        TerritoryDraft,
        "author_id",
        PersonalSubject.TERRITORY,
        "Draft of the territory that I changed last",
        why=WHY,
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"changed_at": "Changed"},
    ),
    PersonalRows(
        SpentBudget,
        "subject",
        PersonalSubject.ACCOUNT,
        "How often I changed something",
        why="So that nobody overloads the portal.",
        until="Some days.",
        at_deletion=AtDeletion.ERASED,
        labels={"begins_at": "From", "used": "Count"},
    ),
)
OF_TERRITORY = "what a territory publishes of itself, its own contacts included"
NEUTRAL = (
    neutral(
        Tenant,
        "site name tagline hosts links contact privacy_contact mail_sender theme_css charter legal logo search"
        " vocabularies time_zone login_providers fingerprint theme",
        OF_TERRITORY,
    ),
    neutral(OutlineLayerRow, "name source", "a public map and its origin"),
    neutral(OutlineUnitRow, "name shape", "an area of a public map"),
    neutral(SpentBudget, "policy", "the name of a limit of ours"),
    neutral(TerritoryVersion, "origin manifest", "digests of files by path"),
    neutral(TerritoryDraft, "manifest", "digests of files by path"),
    neutral(TerritoryFile, "content", OF_TERRITORY),
    neutral(PublishedFile, "path", "the path of a file of the territory"),
)
