"""What of the catalogue can be followed: a dataset, a producer, a theme, any search."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.kit.paging import PAGE_SIZE
from udi.kit.tenancy import Territory
from udi.portal.catalogue.atom import PATH as ATOM
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.queries import WithdrawnError, get_dataset
from udi.portal.catalogue.results import Names
from udi.portal.catalogue.search.criteria import Criteria, read_strict_criteria
from udi.portal.catalogue.search.index import SearchIndexes
from udi.portal.catalogue.search.query import match
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.portal.notifications import actions as notifications
from udi.portal.notifications.models import Change, What
from udi.portal.notifications.topics import Named, Topic
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import name_organisations
from udi.protocol.themes import THEMES
from udi.ui.locale import localised

DATASET, PRODUCER, THEME, SEARCH = "dataset", "producer", "theme", "search"
PAGE = "/data"
LONGEST_SEARCH = 1000
WHOLE = {"fr": "Toutes les données", "en": "All the data"}


def tell_change(session: AsyncSession, dataset: Dataset, what: What) -> None:
    """Note for those who follow that something happened to a dataset, in the same transaction."""
    topics = [(DATASET, str(dataset.id)), (PRODUCER, str(dataset.organisation_id)), (THEME, dataset.theme)]
    change = Change(
        at=now(),
        what=what,
        kind=DATASET,
        subject_id=dataset.id,
        title=dataset.title,
        path=f"{PAGE}/{dataset.id}",
        api_path=f"/api/v1/datasets/{dataset.id}",
        topics=[f"{kind}:{target}" for kind, target in topics],
    )
    notifications.tell(session, change)


def target_of(criteria: Criteria) -> tuple[str, str]:
    """The kind and the target that follow a search: one theme alone is followed as that theme."""
    kept = _kept(criteria)
    if kept == Criteria(theme=kept.theme) and len(kept.theme) == 1:
        return THEME, kept.theme[0]
    return SEARCH, urlencode(list(kept.pairs()))


def _kept(criteria: Criteria) -> Criteria:
    """A search without its order and its place."""
    return criteria.canonical().changed(sort="", size=PAGE_SIZE)


def topics(indexes: SearchIndexes) -> Mapping[str, Topic]:
    """The kinds that the catalogue gives to what can be followed."""

    async def find(session: AsyncSession, territory: Territory, target: str, changes: Sequence[Change]) -> set[UUID]:
        reader = indexes.find(territory.id)
        if reader is None:
            return set()
        subjects = {change.subject_id for change in changes if change.what != What.WITHDRAWN}
        found = match(reader, _criteria(target), subjects, thesaurus_of(territory.search))
        query = select(Dataset.id).where(Dataset.seq.in_(found), Dataset.id.in_(subjects))
        answers = set(await session.scalars(query)) if found else set()
        return {change.id for change in changes if change.subject_id in answers}

    return {
        DATASET: Topic(_read_dataset, _name_dataset),
        PRODUCER: Topic(_read_producer, _name_producer),
        THEME: Topic(_read_theme, _name_theme),
        SEARCH: Topic(_read_search, _name_search, find),
    }


def _identifier(target: str) -> UUID:
    try:
        return UUID(target)
    except ValueError:
        raise NotFoundError("What you wanted to follow is not here.") from None


async def _read_dataset(session: AsyncSession, target: str) -> str:
    return str((await get_dataset(session, _identifier(target))).id)


async def _name_dataset(session: AsyncSession, _territory: Territory, target: str, _language: str) -> Named:
    path = f"{PAGE}/{target}"
    try:
        dataset = await get_dataset(session, _identifier(target))
    except WithdrawnError as error:
        return Named(error.withdrawal.title, path, gone=True)
    except NotFoundError:
        return Named(target, path, gone=True)
    return Named(dataset.title, path, f"{path}/changes.atom")


async def _find_producer(session: AsyncSession, target: str) -> Organisation | None:
    known = select(Organisation).where(Organisation.id == _identifier(target), Organisation.producer)
    return await session.scalar(known)


async def _read_producer(session: AsyncSession, target: str) -> str:
    producer = await _find_producer(session, target)
    if producer is None:
        raise NotFoundError("What you wanted to follow is not here.")
    return str(producer.id)


async def _name_producer(session: AsyncSession, _territory: Territory, target: str, _language: str) -> Named:
    producer = await _find_producer(session, target)
    if producer is None:
        return Named(target, "/producers", gone=True)
    feed = Criteria(producer=(producer.slug,)).address(ATOM)
    return Named(producer.name, f"/producers/{producer.slug}", feed)


async def _read_theme(_session: AsyncSession, target: str) -> str:
    if target not in THEMES:
        raise NotFoundError("What you wanted to follow is not here.")
    return target


async def _name_theme(_session: AsyncSession, _territory: Territory, target: str, language: str) -> Named:
    criteria = Criteria(theme=(target,))
    label = localised(THEMES[target].label, language) if target in THEMES else target
    return Named(label, criteria.address(PAGE), criteria.address(ATOM), gone=target not in THEMES)


def _criteria(target: str) -> Criteria:
    return read_strict_criteria(parse_qsl(target[:LONGEST_SEARCH], keep_blank_values=True))


async def _read_search(_session: AsyncSession, target: str) -> str:
    if len(target) > LONGEST_SEARCH:
        refusal = Refusal("target", "This search is too long.", "Use fewer words or filters.", "too-long")
        raise InvalidError("You cannot follow this.", refusals=[refusal])
    return urlencode(list(_kept(_criteria(target)).pairs()))


async def _name_search(session: AsyncSession, _territory: Territory, target: str, language: str) -> Named:
    criteria = _criteria(target)
    names = Names(language, await name_organisations(session, {*criteria.producer}))
    chosen = [names(name, value) for name, values in criteria.filters.items() for value in values]
    title = ", ".join([*([criteria.text] if criteria.text else []), *chosen]) or localised(WHOLE, language)
    return Named(title, criteria.address(PAGE), criteria.address(ATOM))
