"""Who takes the walks: a node that pushes, a producer who grants, one who drops a file."""

from tests.contract.conftest import issuer, north
from tests.node.conftest import producer, publisher, space
from tests.portal.access.conftest import workspace

__all__ = ["issuer", "north", "producer", "publisher", "space", "workspace"]
