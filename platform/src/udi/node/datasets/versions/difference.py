"""What a version changes of the one before it, as the findings of its preparation hold it."""

from udi.node.datasets.models import Version
from udi.tabular.difference.difference import Difference

DIFFERENCE = "difference"
COMPARED_WITH = "with"
"""The number of the version that it is compared with, beside what `Difference.as_json` gives."""


def compared_version_number(version: Version) -> int:
    """The number of the version that it was compared with, 0 for none."""
    return (read_difference(version) or (0,))[0]


def read_difference(version: Version) -> tuple[int, Difference] | None:
    """The number of the version before and what changed since; None when they were not compared."""
    if version.preparation:
        stored_difference = dict(version.preparation.findings.get(DIFFERENCE) or {})
    else:
        stored_difference = {}
    if stored_difference:
        return (
            int(stored_difference.pop(COMPARED_WITH)),
            Difference.from_json(stored_difference),
        )
    return None
