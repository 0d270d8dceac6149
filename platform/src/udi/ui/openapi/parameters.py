"""Parameters of queries that several lists take."""

from typing import Annotated

from msgspec import Meta

from udi.kit.paging import MAX_PAGE_SIZE

LAST_PAGE = 10_000
PageNumber = Annotated[int, Meta(description="Which page, from 1.", ge=1, le=LAST_PAGE)]


def page_size(description: str) -> Meta:
    """How many things a page of a list has."""
    return Meta(description=description, ge=1, le=MAX_PAGE_SIZE)
