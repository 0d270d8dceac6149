"""The parameters of an address, whatever was sent in it."""

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import State

LONGEST_QUERY, MOST_FIELDS = 8192, 200


def read_pairs(request: Request[Any, Any, State]) -> list[tuple[str, str]]:
    """Names and values in order; what is no UTF-8 is replaced, what is too long is cut."""
    return split_query(request.scope["query_string"].decode("latin-1"))


def split_query(query: str) -> list[tuple[str, str]]:
    """The same of the query of any address."""
    try:
        return parse_qsl(query[:LONGEST_QUERY], keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        return []
