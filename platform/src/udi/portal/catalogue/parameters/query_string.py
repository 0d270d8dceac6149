"""The parameters of an address, whatever was sent in it."""

from urllib.parse import parse_qsl

from udi.ui.dependencies import AnyRequest

LONGEST_QUERY = 8192
MOST_FIELDS = 300
"""More than all parameters of a search with as many values as each may have: who reads strictly refuses what is cut."""


def read_pairs(request: AnyRequest) -> list[tuple[str, str]]:
    """Names and values in order; what is no UTF-8 is replaced, what is too long is cut."""
    return split_query(request.scope["query_string"].decode("latin-1"))


def split_query(query: str) -> list[tuple[str, str]]:
    """The same of the query of any address."""
    fields = [field for field in query[:LONGEST_QUERY].split("&") if field]
    return parse_qsl(
        "&".join(fields[:MOST_FIELDS]), keep_blank_values=True, errors="replace"
    )
