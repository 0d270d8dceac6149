"""What an archive holds of data spaces: nothing. Processes and secrets are for the address that their other side knows."""

from udi.kit.rows import ExcludedTable
from udi.portal.dataspace.models import Connector, DataspaceMessage, DataspaceProcess

CARRIED = ()
LEFT_OUT = (
    ExcludedTable(
        Connector,
        "its secret and its address are for this portal: a project adds it anew",
    ),
    ExcludedTable(
        DataspaceProcess,
        "the other side knows it at this portal's address; agreements that came of it are carried",
    ),
    ExcludedTable(DataspaceMessage, "it goes with its process"),
)
