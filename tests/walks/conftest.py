"""Who takes the walks: a node that pushes, a producer who grants."""

from tests.contract.conftest import issuer, north
from tests.portal.access.conftest import workspace

__all__ = ["issuer", "north", "workspace"]
