"""What a client of RUDI asks of a list of documents: which ones, in which order, which part of each, how many of a kind."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import Refusals
from udi.protocol.rudi_names import KNOWN_OF_RECORD

Document = dict[str, Any]
Path = tuple[str, ...]
DEFAULT_LIMIT = 100
LARGEST_LIMIT = 500
MOST_PARTS = 6
LONGEST_VALUE = 2000
MOST_DIGITS = 9
STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
LISTS = ("keywords", "theme")
"""Fields of which several values may be asked for, with commas between."""
NODE_FIELDS = frozenset({"updatedAt", "createdAt", "metadata_status"})
FIELDS = KNOWN_OF_RECORD | NODE_FIELDS | {"metadata_info"}
"""Where a path into a record begins."""
UNKNOWN = "No record has a field of this name."


@dataclass(frozen=True, kw_only=True)
class DocumentQuery:
    """What is asked; a path is the names of fields one inside the other."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    fields: tuple[Path, ...] = ()
    order: tuple[tuple[Path, bool], ...] = ()
    """Each with whether the largest come first."""
    count_by: Path = ()
    after: datetime | None = None
    before: datetime | None = None
    having: tuple[tuple[Path, str], ...] = ()


def parse_query(
    pairs: Iterable[tuple[str, str]], known_fields: Collection[str] | None = FIELDS
) -> DocumentQuery:
    """The question of the parameters of an address; `known` says where paths begin, None that they are not checked.

    Parameters without a name are passed over: RUDI's clients leave `&` at both ends. So are those of RUDI without a value.

    Raises:
        InvalidError: names every parameter that cannot be understood.
    """
    refusals = Refusals()
    options: dict[str, Any] = {}
    having = list[tuple[Path, str]]()
    for name, value in pairs:
        if not name or (not value and name in PARAMETERS):
            continue
        try:
            if name in PARAMETERS:
                target, read = PARAMETERS[name]
                options[target] = read(value, known_fields)
            else:
                having.append((_path(name, known_fields), value[:LONGEST_VALUE]))
        except ValueError as error:
            refusals.refuse(name, *error.args)
    refusals.check("Some of what is asked cannot be understood.")
    return DocumentQuery(**options, having=tuple(having))


def _number(value: str, _: Collection[str] | None) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > MOST_DIGITS:
        raise ValueError("This is not a number.", "Write digits only.")
    return int(value)


def _limit(value: str, known_fields: Collection[str] | None) -> int:
    return min(max(_number(value, known_fields), 1), LARGEST_LIMIT)


def _moment(value: str, _: Collection[str] | None) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value.replace(" ", "+"))
        if moment.tzinfo:
            return moment.astimezone(UTC)
        return moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            "This is not a date.", "Write it as 2026-01-31T12:00:00Z."
        ) from error


def _path(value: str, known_fields: Collection[str] | None) -> Path:
    steps = tuple(value.split("."))
    if len(steps) > MOST_PARTS or not all(STEP.fullmatch(step) for step in steps):
        raise ValueError(
            UNKNOWN,
            "Write the names of fields with a point between, such as producer.organization_name.",
        )
    if known_fields is not None and steps[0] not in known_fields:
        raise ValueError(
            UNKNOWN,
            "Parameters are limit, offset, fields, sort_by, count_by, updated_after, "
            "updated_before, and fields of a record.",
        )
    return steps


def _paths(value: str, known_fields: Collection[str] | None) -> tuple[Path, ...]:
    return tuple(
        _path(entry.strip(), known_fields)
        for entry in value.split(",")
        if entry.strip()
    )


def _order(
    value: str, known_fields: Collection[str] | None
) -> tuple[tuple[Path, bool], ...]:
    names = (entry.strip() for entry in value.split(",") if entry.strip())
    return tuple(
        (_path(name.removeprefix("-"), known_fields), name.startswith("-"))
        for name in names
    )


PARAMETERS: dict[str, tuple[str, Any]] = {
    "limit": ("limit", _limit),
    "offset": ("offset", _number),
    "fields": ("fields", _paths),
    "sort_by": ("order", _order),
    "count_by": ("count_by", _path),
    "updated_after": ("after", _moment),
    "updated_before": ("before", _moment),
}
"""What each parameter of RUDI's sets, and how it is read."""


async def count_documents(
    session: AsyncSession, source: Subquery, question: DocumentQuery
) -> int:
    """How many documents are meant; `source` has the columns `id`, `document` and `changed`."""
    return int(
        await session.scalar(
            select(func.count()).select_from(
                _filter_documents(source, question).subquery()
            )
        )
        or 0
    )


async def list_documents(
    session: AsyncSession, source: Subquery, question: DocumentQuery
) -> list[Document]:
    """One page of them, with the fields that are asked for only; those that changed first come first."""
    document = source.c.document
    named = [
        func.jsonb_path_query_first(document, _jsonpath(path))
        for path, _ in question.order
    ]
    turned = zip(named, question.order, strict=True)
    order = [
        value.desc().nulls_last() if down else value.asc().nulls_last()
        for value, (_, down) in turned
    ]
    page = _filter_documents(source, question).order_by(
        *order, source.c.changed, source.c.id
    )
    rows = await session.scalars(page.limit(question.limit).offset(question.offset))
    return [_project(row, question.fields) for row in rows]


async def count_by_value(
    session: AsyncSession, source: Subquery, question: DocumentQuery
) -> list[Document]:
    """How many of them have each value of one field, the most frequent first."""
    matching_documents = _filter_documents(source, question).subquery()
    name = ".".join(question.count_by)
    values = select(
        func.jsonb_path_query(
            matching_documents.c.document, _jsonpath(question.count_by, "[*]")
        ).label("value")
    )
    value_column = values.subquery().c.value
    counted = (
        select(value_column, func.count())
        .group_by(value_column)
        .order_by(func.count().desc(), value_column)
        .limit(LARGEST_LIMIT)
    )
    return [
        {name: value, "count": count}
        for value, count in (await session.execute(counted)).all()
    ]


def with_update_date(
    document: SQLColumnExpression[Any], changed: SQLColumnExpression[datetime]
) -> ColumnElement[Any]:
    """A document with the moment when the node changed it last, as RUDI's nodes add it."""
    timestamp = func.to_char(
        func.timezone("UTC", changed), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
    )
    return document.op("||", return_type=JSONB())(
        func.jsonb_build_object("updatedAt", timestamp)
    )


def _filter_documents(source: Subquery, question: DocumentQuery) -> Select[Any]:
    query = select(source.c.document)
    if question.after is not None:
        query = query.where(source.c.changed > question.after)
    if question.before is not None:
        query = query.where(source.c.changed < question.before)
    for path, value in question.having:
        query = query.where(_has_value(source.c.document, path, value))
    return query


def _has_value(
    document: ColumnElement[Any], path: Path, value: str
) -> ColumnElement[bool]:
    """Whether a field has this value, or one of its elements; it may come encoded twice, and numbers are text here."""
    candidates = list[Any](_spellings(path, value))
    candidates += [number for candidate in candidates for number in _as_json(candidate)]
    test = " || ".join(f"@ == $v{place}" for place in range(len(candidates)))
    variables = {f"v{place}": candidate for place, candidate in enumerate(candidates)}
    return func.jsonb_path_exists(
        document,
        _jsonpath(path, f" ? ({test})"),
        cast(literal(variables, JSONB), JSONB),
    )


def _spellings(path: Path, value: str) -> list[str]:
    spellings = [value, *([unquote(value)] if ENCODED.search(value) else [])]
    if path[-1] in LISTS:
        spellings += [
            part
            for spelling in spellings
            if "," in spelling
            for part in spelling.split(",")
        ]
    return [spelling.replace("\x00", "") for spelling in dict.fromkeys(spellings)]


def _as_json(value: str) -> list[bool | float]:
    if value in {"true", "false"}:
        return [value == "true"]
    if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", value):
        return [float(value)]
    return []


def _jsonpath(path: Path, rest: str = "") -> ColumnElement[Any]:
    return cast(literal("$." + ".".join(f'"{step}"' for step in path) + rest), JSONPATH)


def _project(document: Document, paths: Sequence[Path]) -> Document:
    if not paths:
        return document
    projection: Document = {}
    for path in paths:
        _copy_path(document, projection, path)
    return projection


def _copy_path(source: Document, target: Document, path: Path) -> None:
    """Copy what stands at a path; of a list, of each of its elements."""
    name = path[0]
    rest = path[1:]
    if name not in source:
        return
    value = source[name]
    if not rest:
        target[name] = value
    elif isinstance(value, dict):
        _copy_path(value, target.setdefault(name, {}), rest)
    elif isinstance(value, list):
        parts = target.setdefault(name, [{} for _ in value])
        for part, element in zip(parts, value, strict=True):
            if isinstance(element, dict):
                _copy_path(element, part, rest)
