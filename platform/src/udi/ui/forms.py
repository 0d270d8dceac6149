"""Values of a form, read."""

from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict, State

MOST_DIGITS = 8


class FormRequest(Request[Any, Any, State]):
    """A request whose form has no U+0000: no database of ours keeps it, and no page may show it."""

    async def form(self) -> FormMultiDict:
        """The form, whose names and texts are without it; files are as they came."""
        form = await super().form()
        return FormMultiDict(
            [(_clean(name), _clean(value)) for name, value in form.multi_items()]
        )


def _clean(value: Any) -> Any:
    return value.replace("\x00", "") if isinstance(value, str) else value


def read_number(value: object) -> int:
    """A small whole number of a form; 0 where there is none."""
    text = str(value or "")
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return int(text)
    return 0
