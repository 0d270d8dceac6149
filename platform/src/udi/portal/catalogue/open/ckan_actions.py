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
from udi.portal.catalogue.open.ckan_question import FACETS, UnreadableQueryError, read_criteria
from udi.portal.catalogue.open.listing import Wanted, list_shown
from udi.portal.catalogue.open.order import CAME
from udi.portal.catalogue.queries import SHOWN, count_by_producer, get_dataset
from udi.portal.catalogue.search import query
from udi.portal.catalogue.search.counts import USUAL
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.index import Reader
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import list_producers
from udi.protocol.themes import THEMES
from udi.ui.locale import localised

Values = Mapping[str, Any]
NAMES_AT_ONCE = 1000
USUAL_ROWS, MOST_ROWS, MOST_START, MOST_TAGS, MOST_FACETS = 10, 1000, 1_000_000, 10_000, 50
TRUE = {"true", "1", "yes"}


class WrongValueError(ValueError):
    """A parameter is wrong: its name, and why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name, self.reason = name, reason


@dataclass(frozen=True)
class Asking:
    """Who answers, and from what; `opening` is for an answer that goes on after the session is over."""

    session: AsyncSession
    opening: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    territory: Territory
    reader: Reader | None
    language: str

    @property
    def origin(self) -> str:
        return self.territory.origin


Action = Callable[[Asking, Values], Awaitable[Any]]


async def status_show(asking: Asking, _: Values) -> Any:
    """Which CKAN this behaves as."""
    return {
        "ckan_version": ckan.VERSION,
        "site_url": asking.origin,
        "site_title": localised(asking.territory.name, asking.language),
        "site_description": localised(asking.territory.tagline, asking.language),
        "error_emails_to": None,
        "locale_default": asking.language,
        "extensions": [],
    }


async def site_read(_asking: Asking, _: Values) -> Any:
    """Everybody may read."""
    return True


async def package_list(asking: Asking, values: Values) -> AsyncIterator[list[str]]:
    """The names of all datasets, or of a part of them, in pieces.

    CKAN's clients expect all of them without `limit`, and would take a shorter list for the whole: so nothing is cut, and the
    list is sent as it is read.
    """
    limit = _whole(values, "limit", MOST_START, MOST_START) if values.get("limit") not in {None, ""} else None
    return _list_names(asking, limit, _whole(values, "offset", 0, MOST_START))


async def _list_names(asking: Asking, limit: int | None, offset: int) -> AsyncIterator[list[str]]:
    """Each piece in a transaction of its own, that ends before it is sent: a slow reader holds no connection."""
    shown = select(*CAME.columns).where(SHOWN).order_by(*CAME.clauses)
    piece, left = shown.offset(offset), limit
    while left is None or left > 0:
        size = NAMES_AT_ONCE if left is None else min(NAMES_AT_ONCE, left)
        async with asking.opening() as session:
            rows = (await session.execute(piece.limit(size))).all()
        if rows:
            yield [str(row.id) for row in rows]
        if len(rows) < size:
            return
        piece, left = shown.where(CAME.after(tuple(rows[-1]))), None if left is None else left - size


async def current_package_list_with_resources(asking: Asking, values: Values) -> Any:
    """A part of the datasets, whole."""
    limit = min(MOST_ROWS, _whole(values, "limit", USUAL_ROWS, MOST_START))
    offset = _whole(values, "offset", 0, MOST_START)
    rows = await list_shown(asking.session, Wanted(), limit=limit, offset=offset)
    return [ckan.package(row, asking.origin, asking.language) for row in rows]


async def package_show(asking: Asking, values: Values) -> Any:
    """One dataset."""
    dataset_id = _identifier(values)
    await get_dataset(asking.session, dataset_id)
    [row] = await list_shown(asking.session, Wanted(ids=(dataset_id,)), limit=1)
    return ckan.package(row, asking.origin, asking.language)


async def resource_show(asking: Asking, values: Values) -> Any:
    """One file or service."""
    wanted = _identifier(values)
    found = await asking.session.scalar(select(Distribution.dataset_id).where(Distribution.id == wanted).limit(1))
    rows = await list_shown(asking.session, Wanted(ids=(found,)), limit=1) if found else []
    for row in rows:
        address = f"{asking.origin}/data/{row.record.id}"
        for place, media in enumerate(row.record.media):
            if media.id == wanted:
                return ckan.resource(media, row.record, address, place)
    raise NotFoundError("This dataset has no such file.")


async def package_search(asking: Asking, values: Values) -> Any:
    """What a search finds, with counts for the facets that are asked for."""
    if asking.reader is None:
        raise UnavailableError("Search is being prepared.", remedy="Try again in a minute.")
    producers = await list_producers(asking.session)
    try:
        criteria = read_criteria(values, {str(each.id): each.slug for each in producers})
    except UnreadableQueryError as error:
        raise WrongValueError("query", f"This part of the query is not understood here: {error}") from error
    rows = min(MOST_ROWS, _whole(values, "rows", USUAL_ROWS, MOST_START))
    start = _whole(values, "start", 0, MOST_START)
    most = _whole(values, "facet.limit", MOST_FACETS, MOST_START)
    whole = tuple(FACETS.values()) if not 0 < most <= USUAL else ()
    found = _find(asking.reader, criteria.changed(facets=whole), start, rows)
    shown = await list_shown(asking.session, Wanted(seqs=found[1]), limit=len(found[1])) if found[1] else []
    place = {seq: number for number, seq in enumerate(found[1])}
    wanted = _names(values.get("facet.field")) if _truth(values.get("facet", "true")) else []
    counted = {name: found[2][FACETS[name]] for name in wanted if name in FACETS}
    return {
        "count": found[0],
        "sort": str(values.get("sort") or ""),
        "results": [
            ckan.package(row, asking.origin, asking.language) for row in sorted(shown, key=lambda row: place[row.seq])
        ],
        **ckan.facets(counted, ckan.title_groups(asking.language, producers), most),
    }


def _find(reader: Reader, criteria: Criteria, start: int, rows: int) -> tuple[int, list[int], Mapping[str, Any]]:
    """How many, the numbers of one page's rows, counts; a page that begins anywhere is cut out of the smallest of ours."""
    size = max(1, rows)
    while start % size + rows > size:
        size += 1
    found = query.search(reader, criteria.changed(size=size, page=start // size + 1))
    return found.total, found.seqs[start % size : start % size + rows], found.facets


async def organization_list(asking: Asking, values: Values) -> Any:
    """Producers, by name or whole."""
    counted = await count_by_producer(asking.session)
    producers = sorted(await list_producers(asking.session), key=lambda each: each.slug)
    if not _truth(values.get("all_fields")):
        return _part([producer.slug for producer in producers], values)
    return _part([ckan.organization(each, asking.language, counted.get(each.id, 0)) for each in producers], values)


async def organization_show(asking: Asking, values: Values) -> Any:
    """One producer, by its name or its identifier."""
    wanted = _name(values)
    for producer in await list_producers(asking.session):
        if wanted in {producer.slug, str(producer.id)}:
            count = (await count_by_producer(asking.session)).get(producer.id, 0)
            return ckan.organization(producer, asking.language, count) | await _packages(asking, values, producer)
    raise NotFoundError("No producer has this address here.")


async def _packages(asking: Asking, values: Values, producer: Organisation) -> dict[str, Any]:
    if not _truth(values.get("include_datasets")):
        return {}
    rows = await list_shown(asking.session, Wanted(producer=producer.id), limit=MOST_ROWS)
    return {"packages": [ckan.package(row, asking.origin, asking.language) for row in rows]}


async def group_list(asking: Asking, values: Values) -> Any:
    """Themes, by name or whole."""
    if not _truth(values.get("all_fields")):
        return _part(sorted(THEMES), values)
    counted = await _count_by_theme(asking.session)
    return _part(
        [ckan.group(each, asking.language, counted.get(code, 0)) for code, each in sorted(THEMES.items())], values
    )


async def group_show(asking: Asking, values: Values) -> Any:
    """One theme."""
    theme = THEMES.get(_name(values))
    if theme is None:
        raise NotFoundError("No theme has this name here.")
    return ckan.group(theme, asking.language, (await _count_by_theme(asking.session)).get(theme.code, 0))


async def _count_by_theme(session: AsyncSession) -> dict[str, int]:
    counted = select(Dataset.theme, func.count()).where(SHOWN).group_by(Dataset.theme)
    return {row[0]: row[1] for row in await session.execute(counted)}


async def tag_list(asking: Asking, values: Values) -> Any:
    """Keywords, those that contain `query` if it is given."""
    every = select(func.unnest(Dataset.keywords, type_=Text).label("word")).where(SHOWN).subquery()
    words = select(every.c.word).distinct().order_by(every.c.word).limit(MOST_TAGS)
    if part := str(values.get("query") or ""):
        words = words.where(every.c.word.icontains(part, autoescape=True))
    found = list(await asking.session.scalars(words))
    return [ckan.tag(each) for each in found] if _truth(values.get("all_fields")) else found


async def license_list(asking: Asking, _: Values) -> Any:
    """Licences that have a code."""
    return ckan.licences(asking.language)


ACTIONS: Mapping[str, Action] = {
    action.__name__: action
    for action in (
        status_show, site_read, package_list, current_package_list_with_resources, package_show, package_search,
        resource_show, organization_list, organization_show, group_list, group_show, tag_list, license_list,
    )
}  # fmt: skip


def _whole(values: Values, name: str, usual: int, most: int) -> int:
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


def _part(items: list[Any], values: Values) -> list[Any]:
    offset = _whole(values, "offset", 0, MOST_START)
    return items[offset : offset + _whole(values, "limit", MOST_START, MOST_START)]


def _name(values: Values) -> str:
    name = values.get("id") or values.get("name_or_id")
    if not isinstance(name, str) or not name:
        raise WrongValueError("id", "Missing value")
    return name


def _identifier(values: Values) -> UUID:
    try:
        return UUID(_name(values))
    except ValueError as error:
        if isinstance(error, WrongValueError):
            raise
        raise NotFoundError("No dataset has this address here.") from None


def _truth(value: Any) -> bool:
    return str(value).lower() in TRUE


def _names(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
