"""Who takes the walks: a node that pushes, a producer who grants."""

from tests.contract.conftest import issuer, north
from tests.portal.access.conftest import desk

__all__ = ["desk", "issuer", "north"]
