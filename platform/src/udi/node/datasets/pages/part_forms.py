"""What the form of a file, a link or a service beside the main file says of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from udi.kit.errors import InvalidError, Refusal
from udi.node.datasets.descriptions.description import clean_text, read_day
from udi.node.datasets.descriptions.part_description import PartDescription

LONGEST_PLACE = 3


def require_no_refusal(refusals: Sequence[Refusal]) -> None:
    """Refuse a form with which something is wrong.

    Raises:
        InvalidError: there is a refusal.
    """
    if refusals:
        raise InvalidError(refusals=refusals)


def read_part_form(form: Mapping[str, Any]) -> tuple[PartDescription, list[Refusal]]:
    """What the form says of a part, and what cannot be read of it."""
    texts = {name: clean_text(str(form.get(name) or "")) for name in form}
    refusals = [
        Refusal(name, "This is not a date.")
        for name in ("first_day", "last_day")
        if texts.get(name) and read_day(texts[name]) is None
    ]
    about = PartDescription(
        title=texts.get("title", ""),
        role=texts.get("role", ""),
        first_day=read_day(texts.get("first_day", "")),
        last_day=read_day(texts.get("last_day", "")),
        address=texts.get("address", ""),
        documentation=texts.get("documentation", ""),
        is_public=bool(texts.get("is_public")),
        place=read_place(texts.get("place", "")),
    )
    return about, refusals


def read_place(text: str) -> int | None:
    """A place in the list; None where it is no number."""
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_PLACE:
        return int(text)
    return None
