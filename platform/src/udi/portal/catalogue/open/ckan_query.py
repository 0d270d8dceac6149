"""What CKAN's connectors ask in `package_search`: the few words of Solr that they use, read as this catalogue's own criteria."""

import re
from collections.abc import Mapping
from typing import Any

from udi.portal.catalogue.search.criteria import (
    LONGEST_TEXT,
    MODIFIED,
    RELEVANCE,
    TITLE,
    Criteria,
)

FIELDS = {
    "organization": "producer",
    "owner_org": "producer",
    "groups": "theme",
    "res_format": "format",
    "license_id": "licence",
}
"""Solr's fields to our filters."""
FACETS = {
    "organization": "producer",
    "groups": "theme",
    "res_format": "format",
    "license_id": "licence",
}
SORTS = {
    "score": RELEVANCE,
    "relevance": RELEVANCE,
    "metadata_modified": MODIFIED,
    "metadata_created": MODIFIED,
    "title_string": TITLE,
    "title": TITLE,
    "name": TITLE,
}
CLAUSE = re.compile(r'\+?(-?)([A-Za-z_]+):(\((?:[^()]*)\)|"(?:[^"\\]|\\.)*"|[^\s()]+)')
VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"()]+)')
ALL = {"", "*:*", "*"}
ALWAYS_TRUE = {
    "state": {"active"},
    "dataset_type": {"dataset"},
    "type": {"dataset"},
    "capacity": {"public"},
    "private": {"false"},
}
JOINING = {"OR", "AND"}
WORDY = {"title", "notes", "text", "tags"}
"""Fields that are searched as words."""


class UnreadableQueryError(ValueError):
    """A part of a query that this catalogue cannot answer; its text is the part."""


def read_criteria(
    parameters: Mapping[str, Any], producers: Mapping[str, str]
) -> Criteria:
    """The criteria of `q`, `fq`, `fq_list` and `sort`; `producers` leads from identifiers to slugs.

    Raises:
        UnreadableQueryError: a part that would be wrong to leave out.
    """
    words: list[str] = []
    filters: dict[str, list[str]] = {}
    for text in (
        str(expression)
        for expression in (
            parameters.get("q"),
            parameters.get("fq"),
            *_as_list(parameters.get("fq_list")),
        )
        if expression
    ):
        terms, more = _parse_expression(text)
        words += terms
        for name, values in more.items():
            filters.setdefault(name, []).extend(values)
    if "producer" in filters:
        filters["producer"] = [
            producers.get(value, value) for value in filters["producer"]
        ]
    values_by_filter: dict[str, Any] = {
        name: tuple(dict.fromkeys(values)) for name, values in filters.items()
    }
    return Criteria(
        text=" ".join(words)[:LONGEST_TEXT],
        sort=_read_sort(str(parameters.get("sort") or "")),
        **values_by_filter,
    )


def _read_sort(text: str) -> str:
    """The first order that we have; the newest first whatever the direction, as pages must stay the same."""
    names = [
        part.split()[0] for part in text.replace(",", " , ").split(",") if part.split()
    ]
    return next((SORTS[name] for name in names if name in SORTS), "")


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if value:
        return [value]
    return []


def _parse_expression(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """The words and the filters of one expression."""
    filters: dict[str, list[str]] = {}
    words = [
        word
        for word in CLAUSE.sub(" ", text).split()
        if word not in JOINING and word not in ALL
    ]
    for minus, name, value in CLAUSE.findall(text):
        values = [
            quoted or bare
            for quoted, bare in VALUE.findall(value)
            if (quoted or bare) not in JOINING
        ]
        if minus or (name in FIELDS and "AND" in value.split()):
            raise UnreadableQueryError(f"{minus}{name}:{value}")
        if name in FIELDS:
            filters.setdefault(FIELDS[name], []).extend(values)
        elif name in WORDY:
            words += values
        elif not set(values) <= ALWAYS_TRUE.get(name, {"*"}):
            raise UnreadableQueryError(f"{name}:{value}")
    return words, filters
