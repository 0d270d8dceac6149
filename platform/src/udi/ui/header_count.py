"""The count of what waits for a person, in the header of every page."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.datastructures import State

from udi.kit.service_registry import ServiceKey

CountForHeader = Callable[[Request[Any, Any, State]], Awaitable[None]]
COUNT_FOR_HEADER = ServiceKey[CountForHeader]("count of the header", "identity")
"""Puts `inbox_count` (`waiting` and `late`) into the state of a request, for a person who reads a page."""
