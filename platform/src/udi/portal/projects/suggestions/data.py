"""Who has: datasets near what somebody lacks; who needs: what is asked for near what an organisation publishes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.search.criteria import PUBLISHED, Criteria
from udi.portal.catalogue.search.index import Reader
from udi.portal.catalogue.search.query import search
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests import matching
from udi.portal.projects.data_requests.matching import Near
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.states import OPEN
from udi.portal.projects.models import Project, Support
from udi.portal.projects.queries import SHOWN
from udi.portal.projects.suggestions.own import GOING_ON, Need, Own
from udi.portal.projects.suggestions.shapes import Kind, Source, Suggestion, Thing, Why, beside
from udi.portal.projects.suggestions.words import Telling, stems_of, telling

NEAR_ENOUGH, MOST_NEAR, MOST_OF_THEME, MOST_READ = 2, 20, 3, 100
"""Words in common, unless one is of the title; datasets looked at for each need; newest of a theme; things looked at."""
THEME_WEIGHT = 0.5


@dataclass(frozen=True)
class Wanted:
    """An open request, or a public project, beside which what somebody has is put."""

    thing: Thing
    row: DataRequest | Project
    head: Telling
    telling: Telling
    theme: str
    for_data: bool
    support: frozenset[str]
    by: str = ""

    def suggested(self, kind: Kind, why: Why, weight: float) -> Suggestion:
        """The thing, for a reason."""
        path = f"/{'data-requests' if self.thing is Thing.REQUEST else 'projects'}/{self.row.id}"
        return Suggestion(
            kind, self.thing, self.row.id, self.row.title, path, (why,), weight, self.row.language, self.by, self.theme
        )


async def find_datasets(session: AsyncSession, reader: Reader | None, own: Own) -> list[Suggestion]:
    """Datasets near each need, by words; the newest of the themes that somebody chose."""
    found = []
    for need in own.needs:
        themes = {need.theme} if need.theme else set(own.interest.themes)
        for near in await _near(session, reader, need):
            stems = stems_of(near.title, *near.keywords)
            words = need.telling.shared(stems)
            if near_enough(need, words, stems) and _is_new(own, near):
                theme = near.theme if near.theme in themes else ""
                weight = len(words) + (THEME_WEIGHT if theme else 0)
                found.append(_dataset(near, beside(need, words, theme), weight))
    return found + await _of_themes(session, reader, own)


async def _near(session: AsyncSession, reader: Reader | None, need: Need) -> Sequence[Near]:
    seqs = matching.find_near_numbers(reader, need.telling.text, need.theme, most=MOST_NEAR)
    rows = await matching.read_near(session, seqs)
    return matching.told_apart([rows[seq] for seq in seqs if seq in rows])


def near_enough(need: Need, words: Sequence[str], stems: frozenset[str]) -> bool:
    """Whether so many words in common make two things near: two, or one of the title."""
    return len(words) >= NEAR_ENOUGH or bool(need.head.shared(stems))


def _is_new(own: Own, near: Near) -> bool:
    mine = own.receiver.organisation
    return near.id not in own.used and (mine is None or near.organisation_id != mine.id)


def _dataset(near: Near, why: Why, weight: float) -> Suggestion:
    path = f"/data/{near.id}/{near.slug}"
    return Suggestion(
        Kind.HAS, Thing.DATASET, near.id, near.title, path, (why,), weight, near.language, near.producer, near.theme
    )


async def _of_themes(session: AsyncSession, reader: Reader | None, own: Own) -> list[Suggestion]:
    newest = {
        theme: search(reader, Criteria(theme=(theme,), sort=PUBLISHED, size=MOST_OF_THEME)).seqs
        for theme in own.interest.themes
        if reader is not None
    }
    rows = await matching.read_near(session, {seq for seqs in newest.values() for seq in seqs})
    return [
        _dataset(rows[seq], Why(Source.THEME, theme=theme), THEME_WEIGHT)
        for theme, seqs in newest.items()
        for seq in seqs
        if seq in rows and _is_new(own, rows[seq])
    ]


async def list_wanted(session: AsyncSession, reader: Reader | None, own: Own) -> list[Wanted]:
    """The newest requests and projects that everybody sees and that are not one's own."""
    mine = {need.id for need in own.needs}
    requests = select(DataRequest).where(DataRequest.state.in_(OPEN)).order_by(DataRequest.asked_at.desc())
    wanted = [
        Wanted(
            Thing.REQUEST, row, telling(reader, row.title), telling(reader, row.title, row.words), row.theme,
            for_data=True, support=frozenset(),
        )
        for row in await session.scalars(requests.limit(MOST_READ))
        if row.id not in mine
    ]  # fmt: skip
    same = (Organisation.tenant_id == Project.tenant_id) & (Organisation.id == Project.organisation_id)
    shown = (*SHOWN, Project.leader_id.is_not(None), Project.state.in_(GOING_ON))
    projects = select(Project, Organisation.name).outerjoin(Organisation, same).where(*shown)
    rows = await session.execute(projects.order_by(Project.published_at.desc(), Project.id).limit(MOST_READ))
    return wanted + [_project(reader, row.Project, row.name) for row in rows if row.Project.id not in own.part]


def _project(reader: Reader | None, project: Project, organisation: str | None) -> Wanted:
    return Wanted(
        Thing.PROJECT, project, telling(reader, project.title), telling(reader, project.title, project.summary), "",
        for_data=Support.DATA in project.support, support=frozenset(project.support) - {Support.DATA},
        by=organisation or project.leader_name,
    )  # fmt: skip


async def find_needed(
    session: AsyncSession, reader: Reader | None, own: Own, wanted: Sequence[Wanted]
) -> list[Suggestion]:
    """Requests and projects that look for data, near what an organisation publishes, what somebody has, their themes."""
    for_data = [each for each in wanted if each.for_data]
    found = [each for wish in for_data for each in _beside_interest(own, wish)]
    producer = own.receiver.organisation
    if producer is None or not producer.producer:
        return found
    numbers = [
        matching.find_near_numbers(reader, wish.telling.text, wish.theme, most=1, producer=producer.slug)
        for wish in for_data
    ]
    rows = await matching.read_near(session, {seq for seqs in numbers for seq in seqs})
    for wish, seqs in zip(for_data, numbers, strict=True):
        found += [each for seq in seqs if seq in rows for each in _beside_dataset(wish, rows[seq])]
    return found


def _beside_interest(own: Own, wish: Wanted) -> Iterator[Suggestion]:
    words = own.has.shared(wish.telling.stems)
    theme = wish.theme if wish.theme in own.interest.themes else ""
    if words:
        why = Why(Source.HAS, words=words, theme=theme)
        yield wish.suggested(Kind.NEEDS, why, len(words) + (THEME_WEIGHT if theme else 0))
    elif theme:
        yield wish.suggested(Kind.NEEDS, Why(Source.THEME, theme=theme), THEME_WEIGHT)


def _beside_dataset(wish: Wanted, near: Near) -> Iterator[Suggestion]:
    stems = stems_of(near.title, *near.keywords)
    words = wish.telling.shared(stems)
    if len(words) >= NEAR_ENOUGH or wish.head.shared(stems):
        theme = near.theme if near.theme == wish.theme else ""
        why = Why(Source.DATASET, near.title, f"/data/{near.id}/{near.slug}", near.language, words, theme)
        yield wish.suggested(Kind.NEEDS, why, len(words) + (THEME_WEIGHT if theme else 0))
