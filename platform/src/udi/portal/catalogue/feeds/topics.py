"""What of the catalogue can be followed: a dataset, a producer, a theme, any search."""

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError, Refusal
from udi.kit.paging import PAGE_SIZE
from udi.kit.tenancy import Territory
from udi.portal.catalogue.feeds.atom import PATH as ATOM
from udi.portal.catalogue.models import Dataset, Withdrawal
from udi.portal.catalogue.queries import IS_PUBLISHED, get_dataset
from udi.portal.catalogue.results import FilterLabels
from udi.portal.catalogue.search.criteria import Criteria, read_strict_criteria
from udi.portal.catalogue.search.index import SearchIndexes
from udi.portal.catalogue.search.query import match_datasets
from udi.portal.catalogue.search.thesaurus import thesaurus_of
from udi.portal.notifications.models import Change, ChangeKind
from udi.portal.notifications.topics import Topic, TopicTarget
from udi.portal.organisations.models import Organisation
from udi.portal.organisations.queries import name_organisations
from udi.protocol.themes import THEMES
from udi.ui.locale import localise

DATASET = "dataset"
PRODUCER = "producer"
THEME = "theme"
SEARCH = "search"
PAGE = "/data"
LONGEST_SEARCH = 1000
WHOLE = {"fr": "Toutes les données", "en": "All the data", "es": "Todos los datos"}


def target_of(criteria: Criteria) -> tuple[str, str]:
    """The kind and the target that follow a search: one theme alone is followed as that theme."""
    followed_criteria = _normalise_search(criteria)
    if (
        followed_criteria == Criteria(theme=followed_criteria.theme)
        and len(followed_criteria.theme) == 1
    ):
        return THEME, followed_criteria.theme[0]
    return SEARCH, urlencode(list(followed_criteria.pairs()))


def _normalise_search(criteria: Criteria) -> Criteria:
    """A search without its order and its place, in the territory's own catalogue: what is followed is there."""
    return criteria.canonical().with_changes(
        sort="", size=PAGE_SIZE, partners=False, territory=()
    )


def catalogue_topics(indexes: SearchIndexes) -> Mapping[str, Topic]:
    """The kinds that the catalogue gives to what can be followed."""

    async def find(
        session: AsyncSession,
        territory: Territory,
        targets: Collection[str],
        changes: Sequence[Change],
    ) -> Mapping[str, set[UUID]]:
        reader = indexes.find(territory.id)
        if reader is None:
            return {}
        subjects = {
            change.subject_id
            for change in changes
            if change.event != ChangeKind.WITHDRAWN
        }
        words = thesaurus_of(territory.search)
        seqs_by_target = {
            target: match_datasets(reader, _read_criteria(target), subjects, words)
            for target in targets
        }
        every = {number for numbers in seqs_by_target.values() for number in numbers}
        query = select(Dataset.seq, Dataset.id).where(
            Dataset.seq.in_(every), Dataset.id.in_(subjects)
        )
        if every:
            ids_by_seq = {row.seq: row.id for row in await session.execute(query)}
        else:
            ids_by_seq = {}
        answers = {
            target: {ids_by_seq[number] for number in numbers if number in ids_by_seq}
            for target, numbers in seqs_by_target.items()
        }
        return {
            target: {change.id for change in changes if change.subject_id in those}
            for target, those in answers.items()
        }

    return {
        DATASET: Topic(_read_dataset, _name_datasets),
        PRODUCER: Topic(_read_producer, _name_producers),
        THEME: Topic(_read_theme, _name_themes),
        SEARCH: Topic(_read_search, _name_searches, find),
    }


def _identifier(target: str) -> UUID:
    try:
        return UUID(target)
    except ValueError:
        raise NotFoundError("What you wanted to follow is not here.") from None


async def _read_dataset(session: AsyncSession, target: str) -> str:
    return str((await get_dataset(session, _identifier(target))).id)


async def _name_datasets(
    session: AsyncSession,
    _territory: Territory,
    targets: Collection[str],
    _language: str,
) -> Mapping[str, TopicTarget]:
    ids = [_identifier(target) for target in targets]
    published_query = select(
        Dataset.id, Dataset.title, Dataset.titles, Dataset.synopsis
    ).where(Dataset.id.in_(ids), IS_PUBLISHED)
    rows = {str(row.id): row for row in await session.execute(published_query)}
    withdrawn = select(Withdrawal.id, Withdrawal.title).where(Withdrawal.id.in_(ids))
    if len(rows) < len(ids):
        left = {str(row.id): row.title for row in await session.execute(withdrawn)}
    else:
        left = {}
    named = {}
    for target in targets:
        path = f"{PAGE}/{target}"
        if row := rows.get(target):
            feed = f"{path}/changes.atom"
            named[target] = TopicTarget(
                row.title, path, feed, titles=row.titles, synopsis=row.synopsis
            )
        else:
            named[target] = TopicTarget(left.get(target, target), path, gone=True)
    return named


async def _find_producers(
    session: AsyncSession, targets: Collection[str]
) -> dict[str, Organisation]:
    ids = [_identifier(target) for target in targets]
    producers = await session.scalars(
        select(Organisation).where(Organisation.id.in_(ids), Organisation.producer)
    )
    return {str(producer.id): producer for producer in producers}


async def _read_producer(session: AsyncSession, target: str) -> str:
    for producer_id in await _find_producers(session, [target]):
        return producer_id
    raise NotFoundError("What you wanted to follow is not here.")


async def _name_producers(
    session: AsyncSession,
    _territory: Territory,
    targets: Collection[str],
    _language: str,
) -> Mapping[str, TopicTarget]:
    producers_by_id = await _find_producers(session, targets)
    named = {target: TopicTarget(target, "/producers", gone=True) for target in targets}
    for target, producer in producers_by_id.items():
        feed = Criteria(producer=(producer.slug,)).address(ATOM)
        named[target] = TopicTarget(producer.name, f"/producers/{producer.slug}", feed)
    return named


async def _read_theme(_session: AsyncSession, target: str) -> str:
    if target not in THEMES:
        raise NotFoundError("What you wanted to follow is not here.")
    return target


async def _name_themes(
    _session: AsyncSession,
    _territory: Territory,
    targets: Collection[str],
    language: str,
) -> Mapping[str, TopicTarget]:
    return {target: _name_theme(target, language) for target in targets}


def _name_theme(target: str, language: str) -> TopicTarget:
    criteria = Criteria(theme=(target,))
    if target in THEMES:
        label = localise(THEMES[target].label, language)
    else:
        label = target
    return TopicTarget(
        label, criteria.address(PAGE), criteria.address(ATOM), gone=target not in THEMES
    )


def _read_criteria(target: str) -> Criteria:
    return read_strict_criteria(
        parse_qsl(target[:LONGEST_SEARCH], keep_blank_values=True)
    )


async def _read_search(_session: AsyncSession, target: str) -> str:
    if len(target) > LONGEST_SEARCH:
        refusal = Refusal(
            "target",
            "This search is too long.",
            "Use fewer words or filters.",
            "too-long",
        )
        raise InvalidError("You cannot follow this.", refusals=[refusal])
    return urlencode(list(_normalise_search(_read_criteria(target)).pairs()))


async def _name_searches(
    session: AsyncSession,
    _territory: Territory,
    targets: Collection[str],
    language: str,
) -> Mapping[str, TopicTarget]:
    read = {target: _read_criteria(target) for target in targets}
    slugs = {slug for criteria in read.values() for slug in criteria.producer}
    names = FilterLabels(language, await name_organisations(session, slugs))
    return {
        target: _name_search(criteria, names, language)
        for target, criteria in read.items()
    }


def _name_search(criteria: Criteria, names: FilterLabels, language: str) -> TopicTarget:
    filter_labels = [
        names(name, value)
        for name, values in criteria.filters.items()
        for value in values
    ]
    title = ", ".join(
        [*([criteria.text] if criteria.text else []), *filter_labels]
    ) or localise(WHOLE, language)
    return TopicTarget(title, criteria.address(PAGE), criteria.address(ATOM))
