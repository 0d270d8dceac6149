"""The count of what waits for a person, in the header of every page."""

from collections.abc import Awaitable, Callable

from udi.kit.service_registry import ServiceKey
from udi.ui.dependencies import AnyRequest

CountForHeader = Callable[[AnyRequest], Awaitable[None]]
COUNT_FOR_HEADER = ServiceKey[CountForHeader]("count of the header", "identity")
"""Puts `inbox_count` (`waiting` and `late`) into the state of a request, for a person who reads a page."""
