"""A kind of source: the address spells the file, `spelled://trees.csv/name%0AAsh`; a field gives the column a name."""

from collections.abc import Mapping

from udi.node.files.remote.addresses import check_address
from udi.node.files.remote.source_kinds import SourceField, SourceKind


def read_address(address: str, _values: Mapping[str, str]) -> str:
    """The address as it is kept."""
    return check_address(address, {"spelled"})


KIND = SourceKind(
    "File spelled in its address",
    "udi_spelled_reader:open_spelled_file",
    read_address=read_address,
    schemes=("spelled",),
    fields=(SourceField("header", "Name of the column", required=True),),
)
