"""Pages of a list."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
PAGE_SIZE = 8
"""What keeps a list of datasets with its filters under 400 elements, and so its EcoIndex at A."""
MAX_PAGE_SIZE = 100


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list: `number` from 1, `total` of the whole list."""

    items: list[T]
    total: int
    number: int = 1
    size: int = PAGE_SIZE

    @property
    def last(self) -> int:
        """Number of the last page, 1 when the list is empty."""
        return max(1, -(-self.total // self.size))


def page_number(value: object, *, last: int = 10_000) -> int:
    """The page asked for, or the nearest that makes sense."""
    try:
        return min(max(1, int(str(value))), last)
    except ValueError:
        return 1
