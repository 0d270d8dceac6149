"""What this domain keeps of people, and which of its columns hold nobody."""

from udi.kit.personal_data import (
    WHILE_PROJECT,
    AtDeletion,
    PersonalRows,
    PersonalSubject,
    neutral,
)
from udi.portal.dataspace.models import Connector, DataspaceMessage, DataspaceProcess

PERSONAL = (
    PersonalRows(
        Connector,
        "created_by",
        PersonalSubject.PROGRAMS,
        "Connectors of projects that I made",
        why="So that it ends when you leave the project.",
        until=WHILE_PROJECT,
        at_deletion=AtDeletion.UNNAMED,
        labels={"name": "Name", "created_at": "Created", "last_used_at": "Last used"},
        emptied=frozenset({"name"}),
    ),
)
OF_MACHINES = "what two machines of organisations said to each other"
NEUTRAL = (
    neutral(
        Connector,
        "participant address token purpose words interest",
        "a machine of a project, and what the project says of its use",
    ),
    neutral(
        DataspaceProcess,
        "side project_id their_pid callback dataset offer agreed request_id agreement_id contract credential_id"
        " data_address reason",
        OF_MACHINES,
    ),
    neutral(DataspaceMessage, "body error", OF_MACHINES),
)
