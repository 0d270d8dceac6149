"""The options of a block of the home, read from a form."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from udi.kit.errors import Refusal, Refusals
from udi.portal.tenants.toml.site_schema import OPTIONS
from udi.ui.forms import read_number

MOST_COUNT = 12
LONGEST = 300
IDENTIFIER = re.compile(
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
Form = Mapping[str, Any]


def read_by_language(form: Form, name: str, languages: Sequence[str]) -> dict[str, str]:
    """The texts of a field that is there once a language; empty ones are left out."""
    texts = {}
    for language in languages:
        text = " ".join(str(form.get(f"{name}_{language}") or "").split())[:LONGEST]
        if text:
            texts[language] = text
    return texts


def read_block(
    kind: str, form: Form, languages: Sequence[str], pages: Sequence[str]
) -> dict[str, Any]:
    """A block with the options of the form; those of other kinds are passed over.

    Raises:
        InvalidError: an option that it needs is missing, or cannot be read.
    """
    options = OPTIONS.get(kind, set())
    block: dict[str, Any] = {"kind": kind}
    refusals = Refusals()
    if title := read_by_language(form, "title", languages):
        block["title"] = title
    if "count" in options and (count := read_number(form.get("count"))):
        block["count"] = min(count, MOST_COUNT)
    if "datasets" in options:
        block["datasets"] = _read_identifiers(form.get("datasets"))
        if not block["datasets"]:
            refusals.refuse(
                "datasets",
                "No address of a dataset is here.",
                "Copy the addresses of their pages, one a line.",
            )
    if "value" in options:
        refusals += _read_figure(block, form, languages)
    if "dataset" in options and (identifiers := _read_identifiers(form.get("dataset"))):
        block["dataset"] = identifiers[0]
    if "page" in options:
        block["page"] = str(form.get("page") or "")
        if block["page"] not in pages:
            refusals.refuse(
                "page", "No page is chosen.", "Choose one, or write it first."
            )
    refusals.check("Nothing was changed.")
    return block


def _read_figure(
    block: dict[str, Any], form: Form, languages: Sequence[str]
) -> list[Refusal]:
    refusals = Refusals()
    for name in ("value", "text"):
        block[name] = read_by_language(form, name, languages)
        if not block[name]:
            field = f"{name}_{languages[0]}"
            refusals.refuse(
                field, "It is missing.", "Write the number, and what it counts."
            )
    return refusals


def _read_identifiers(text: Any) -> list[str]:
    """The identifiers of datasets in some text: addresses of their pages, or identifiers alone."""
    identifiers = [str(UUID(match)) for match in IDENTIFIER.findall(str(text or ""))]
    return list(dict.fromkeys(identifiers))[:MOST_COUNT]
