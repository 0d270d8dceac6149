"""What an archive holds of the producers' spaces: limits, rights, uses, what each day cost."""

from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.spaces.models import (
    DatasetRight,
    MovedAddress,
    ScriptKey,
    Space,
    SpaceDay,
    UseCount,
)

CARRIED = (
    ArchivedTable(Space),
    ArchivedTable(MovedAddress, address_columns=frozenset({"origin"})),
    ArchivedTable(DatasetRight),
    ArchivedTable(UseCount),
    ArchivedTable(SpaceDay),
)
LEFT_OUT = (
    ExcludedTable(
        ScriptKey,
        "keys of scripts are secrets of this installation: new ones are made elsewhere",
    ),
)
