"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    UNTIL_ENDED,
    WHILE_TERRITORY,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    PersonLink,
    neutral,
)
from udi.node.spaces.models import (
    DatasetRight,
    MovedAddress,
    ScriptKey,
    Space,
    UseCount,
)

PERSONAL = (
    PersonalRows(
        Space,
        "email",
        PersonalSubject.ORGANISATIONS,
        "Spaces whose address for mails is mine",
        why="To write to the producer about its data.",
        until="Until the organisation gives another address.",
        at_deletion=AtDeletion.HANDED_OVER,
        labels={"name": "Name", "email": "E-mail"},
        link=PersonLink.EMAIL,
        emptied=frozenset({"email"}),
    ),
    PersonalRows(
        ScriptKey,
        "person_id",
        PersonalSubject.PROGRAMS,
        "Keys of scripts that I made",
        why="The history of a dataset says which key sent a file.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={
            "name": "Name",
            "created_at": "Created",
            "expires_at": "Expires",
            "last_used_at": "Last used",
            "revoked_at": "Revoked",
        },
        withheld=frozenset({"token_hash"}),
        emptied=frozenset({"name"}),
    ),
    PersonalRows(
        ScriptKey,
        "revoked_by",
        PersonalSubject.PROGRAMS,
        "Keys of scripts that I revoked",
        why="So that it can be shown who revoked a key.",
        until=WHILE_TERRITORY,
        at_deletion=AtDeletion.UNNAMED,
        labels={"revoked_at": "Revoked"},
    ),
    PersonalRows(
        DatasetRight,
        "person_id",
        PersonalSubject.FILES,
        "Rights on datasets",
        why="So that you can work on the dataset.",
        until=UNTIL_ENDED,
        at_deletion=AtDeletion.ERASED,
        labels={"role": "Role", "granted_at": "Since"},
    ),
    PersonalRows(
        DatasetRight,
        "granted_by",
        PersonalSubject.FILES,
        "Rights on datasets that I gave",
        why="So that it can be shown who gave a right.",
        until=UNTIL_ENDED,
        at_deletion=AtDeletion.UNNAMED,
        labels={"role": "Role", "granted_at": "Since"},
    ),
)
NEUTRAL = (
    neutral(
        Space,
        "organisation_id name figures_dataset_id sealing",
        "the space of an organisation",
    ),
    neutral(ScriptKey, "datasets revoked_reason", "the datasets that it may change"),
    neutral(DatasetRight, "dataset_id", "the dataset of the right"),
    neutral(
        MovedAddress, "space_slug prefix origin", "an address that moved elsewhere"
    ),
    neutral(UseCount, "dataset_id client", "a kind of program, counted in days"),
)
