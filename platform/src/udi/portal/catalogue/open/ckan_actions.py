"""The actions of CKAN's API that are answered, by their names there."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Text, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import NotFoundError, UnavailableError
from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset, Distribution
from udi.portal.catalogue.open import ckan
from udi.portal.catalogue.open.ckan_query import (
    FACETS,
    UnreadableQueryError,
    read_criteria,
)
from udi.portal.catalogue.open.listing import DatasetFilter, list_datasets
from udi.portal.catalogue.open.order import BY_PUBLICATION_DATE
from udi.portal.catalogue.queries import (
    IS_PUBLISHED,
    count_by_producer,
    get_dataset,
    list_shown_producers,
)
from udi.portal.catalogue.search import query
from udi.portal.catalogue.search.counts import USUAL
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.index import IndexReader
from udi.portal.organisations.models import Organisation
from udi.protocol.themes import THEMES
from udi.ui.locale import localise

Values = Mapping[str, Any]
NAMES_AT_ONCE = 1000
USUAL_ROWS = 10
MOST_ROWS = 1000
MOST_START = 1_000_000
MOST_TAGS = 10_000
MOST_FACETS = 50
TRUE = {"true", "1", "yes"}


class WrongValueError(ValueError):
    """A parameter is wrong: its name, and why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name
        self.reason = reason


@dataclass(frozen=True)
class CkanContext:
    """Who answers, and from what; `opening` is for an answer that goes on after the session is over."""

    session: AsyncSession
    opening: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    territory: Territory
    reader: IndexReader | None
    language: str

    @property
    def origin(self) -> str:
        return self.territory.origin


Action = Callable[[CkanContext, Values], Awaitable[Any]]


async def status_show(context: CkanContext, _: Values) -> Any:
    """Which CKAN this behaves as."""
    return {
        "ckan_version": ckan.VERSION,
        "site_url": context.origin,
        "site_title": localise(context.territory.name, context.language),
        "site_description": localise(context.territory.tagline, context.language),
        "error_emails_to": None,
        "locale_default": context.language,
        "extensions": [],
    }


async def site_read(_context: CkanContext, _: Values) -> Any:
    """Everybody may read."""
    return True


async def package_list(
    context: CkanContext, values: Values
) -> AsyncIterator[list[str]]:
    """The names of all datasets, or of a part of them, in pieces.

    CKAN's clients expect all of them without `limit`, and would take a shorter list for the whole: so nothing is cut, and the
    list is sent as it is read.
    """
    if values.get("limit") not in {None, ""}:
        limit = _read_integer(values, "limit", MOST_START, MOST_START)
    else:
        limit = None
    return _list_names(context, limit, _read_integer(values, "offset", 0, MOST_START))


async def _list_names(
    context: CkanContext, limit: int | None, offset: int
) -> AsyncIterator[list[str]]:
    """Each piece in a transaction of its own, that ends before it is sent: a slow reader holds no connection."""
    statement = (
        select(*BY_PUBLICATION_DATE.columns)
        .where(IS_PUBLISHED)
        .order_by(*BY_PUBLICATION_DATE.clauses)
    )
    piece = statement.offset(offset)
    left = limit
    while left is None or left > 0:
        size = NAMES_AT_ONCE if left is None else min(NAMES_AT_ONCE, left)
        async with context.opening() as session:
            rows = (await session.execute(piece.limit(size))).all()
        if rows:
            yield [str(row.id) for row in rows]
        if len(rows) < size:
            return
        piece = statement.where(BY_PUBLICATION_DATE.after(tuple(rows[-1])))
        left = None if left is None else left - size


async def current_package_list_with_resources(
    context: CkanContext, values: Values
) -> Any:
    """A part of the datasets, whole."""
    limit = min(MOST_ROWS, _read_integer(values, "limit", USUAL_ROWS, MOST_START))
    offset = _read_integer(values, "offset", 0, MOST_START)
    rows = await list_datasets(
        context.session, DatasetFilter(), limit=limit, offset=offset
    )
    return [ckan.package(row, context.origin, context.language) for row in rows]


async def package_show(context: CkanContext, values: Values) -> Any:
    """One dataset."""
    dataset_id = _read_identifier(values)
    await get_dataset(context.session, dataset_id)
    [row] = await list_datasets(
        context.session, DatasetFilter(ids=(dataset_id,)), limit=1
    )
    return ckan.package(row, context.origin, context.language)


async def resource_show(context: CkanContext, values: Values) -> Any:
    """One file or service."""
    resource_id = _read_identifier(values)
    dataset_id = await context.session.scalar(
        select(Distribution.dataset_id).where(Distribution.id == resource_id).limit(1)
    )
    if dataset_id:
        rows = await list_datasets(
            context.session, DatasetFilter(ids=(dataset_id,)), limit=1
        )
    else:
        rows = []
    for row in rows:
        address = f"{context.origin}/data/{row.record.id}"
        for place, media in enumerate(row.record.media):
            if media.id == resource_id:
                return ckan.resource(
                    media, row.record, address, place, context.language
                )
    raise NotFoundError("This dataset has no such file.")


async def package_search(context: CkanContext, values: Values) -> Any:
    """What a search finds, with counts for the facets that are asked for."""
    if context.reader is None:
        raise UnavailableError(
            "Search is being prepared.", remedy="Try again in a minute."
        )
    producers = await list_shown_producers(context.session)
    try:
        criteria = read_criteria(
            values, {str(producer.id): producer.slug for producer in producers}
        )
    except UnreadableQueryError as error:
        raise WrongValueError(
            "query", f"This part of the query is not understood here: {error}"
        ) from error
    rows = min(MOST_ROWS, _read_integer(values, "rows", USUAL_ROWS, MOST_START))
    start = _read_integer(values, "start", 0, MOST_START)
    most = _read_integer(values, "facet.limit", MOST_FACETS, MOST_START)
    whole = tuple(FACETS.values()) if not 0 < most <= USUAL else ()
    result = _search_rows(
        context.reader, criteria.with_changes(facets=whole), start, rows
    )
    if result[1]:
        datasets = await list_datasets(
            context.session, DatasetFilter(seqs=result[1]), limit=len(result[1])
        )
    else:
        datasets = []
    place = {seq: number for number, seq in enumerate(result[1])}
    if _read_boolean(values.get("facet", "true")):
        facet_names = _read_names(values.get("facet.field"))
    else:
        facet_names = []
    counted = {name: result[2][FACETS[name]] for name in facet_names if name in FACETS}
    return {
        "count": result[0],
        "sort": str(values.get("sort") or ""),
        "results": [
            ckan.package(row, context.origin, context.language)
            for row in sorted(datasets, key=lambda row: place[row.seq])
        ],
        **ckan.facets(counted, ckan.facet_titles(context.language, producers), most),
    }


def _search_rows(
    reader: IndexReader, criteria: Criteria, start: int, rows: int
) -> tuple[int, list[int], Mapping[str, Any]]:
    """How many, the numbers of one page's rows, counts; a page that begins anywhere is cut out of the smallest of ours."""
    size = max(1, rows)
    while start % size + rows > size:
        size += 1
    result = query.search(
        reader, criteria.with_changes(size=size, page=start // size + 1)
    )
    return result.total, result.seqs[start % size : start % size + rows], result.facets


async def organization_list(context: CkanContext, values: Values) -> Any:
    """Producers, by name or whole."""
    counted = await count_by_producer(context.session)
    producers = sorted(
        await list_shown_producers(context.session), key=lambda producer: producer.slug
    )
    if not _read_boolean(values.get("all_fields")):
        return _slice_items([producer.slug for producer in producers], values)
    return _slice_items(
        [
            ckan.organization(producer, context.language, counted.get(producer.id, 0))
            for producer in producers
        ],
        values,
    )


async def organization_show(context: CkanContext, values: Values) -> Any:
    """One producer, by its name or its identifier."""
    name_or_id = _read_name(values)
    for producer in await list_shown_producers(context.session):
        if name_or_id in {producer.slug, str(producer.id)}:
            count = (await count_by_producer(context.session)).get(producer.id, 0)
            return ckan.organization(
                producer, context.language, count
            ) | await _packages(context, values, producer)
    raise NotFoundError("No producer has this address here.")


async def _packages(
    context: CkanContext, values: Values, producer: Organisation
) -> dict[str, Any]:
    if not _read_boolean(values.get("include_datasets")):
        return {}
    rows = await list_datasets(
        context.session, DatasetFilter(producer=producer.id), limit=MOST_ROWS
    )
    return {
        "packages": [
            ckan.package(row, context.origin, context.language) for row in rows
        ]
    }


async def group_list(context: CkanContext, values: Values) -> Any:
    """Themes, by name or whole."""
    if not _read_boolean(values.get("all_fields")):
        return _slice_items(sorted(THEMES), values)
    counted = await _count_by_theme(context.session)
    return _slice_items(
        [
            ckan.group(theme, context.language, counted.get(code, 0))
            for code, theme in sorted(THEMES.items())
        ],
        values,
    )


async def group_show(context: CkanContext, values: Values) -> Any:
    """One theme."""
    theme = THEMES.get(_read_name(values))
    if theme is None:
        raise NotFoundError("No theme has this name here.")
    return ckan.group(
        theme,
        context.language,
        (await _count_by_theme(context.session)).get(theme.code, 0),
    )


async def _count_by_theme(session: AsyncSession) -> dict[str, int]:
    counted = (
        select(Dataset.theme, func.count()).where(IS_PUBLISHED).group_by(Dataset.theme)
    )
    return {row[0]: row[1] for row in await session.execute(counted)}


async def tag_list(context: CkanContext, values: Values) -> Any:
    """Keywords, those that contain `query` if it is given."""
    every = (
        select(func.unnest(Dataset.keywords, type_=Text).label("word"))
        .where(IS_PUBLISHED)
        .subquery()
    )
    words = select(every.c.word).distinct().order_by(every.c.word).limit(MOST_TAGS)
    if part := str(values.get("query") or ""):
        words = words.where(every.c.word.icontains(part, autoescape=True))
    keywords = list(await context.session.scalars(words))
    if _read_boolean(values.get("all_fields")):
        return [ckan.tag(keyword) for keyword in keywords]
    return keywords


async def license_list(context: CkanContext, _: Values) -> Any:
    """Licences that have a code."""
    return ckan.licences(context.language)


ACTIONS: Mapping[str, Action] = {
    action.__name__: action
    for action in (
        status_show,
        site_read,
        package_list,
        current_package_list_with_resources,
        package_show,
        package_search,
        resource_show,
        organization_list,
        organization_show,
        group_list,
        group_show,
        tag_list,
        license_list,
    )
}


def _read_integer(values: Values, name: str, usual: int, most: int) -> int:
    value = values.get(name)
    if value in {None, ""}:
        return usual
    try:
        number = int(str(value)[:12])
    except ValueError:
        raise WrongValueError(name, "Invalid integer") from None
    if not 0 <= number <= most:
        raise WrongValueError(name, f"Must be a number from 0 to {most}")
    return number


def _slice_items(items: list[Any], values: Values) -> list[Any]:
    offset = _read_integer(values, "offset", 0, MOST_START)
    return items[
        offset : offset + _read_integer(values, "limit", MOST_START, MOST_START)
    ]


def _read_name(values: Values) -> str:
    name = values.get("id") or values.get("name_or_id")
    if not isinstance(name, str) or not name:
        raise WrongValueError("id", "Missing value")
    return name


def _read_identifier(values: Values) -> UUID:
    try:
        return UUID(_read_name(values))
    except ValueError as error:
        if isinstance(error, WrongValueError):
            raise
        raise NotFoundError("No dataset has this address here.") from None


def _read_boolean(value: Any) -> bool:
    return str(value).lower() in TRUE


def _read_names(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(name) for name in value]
    return []
