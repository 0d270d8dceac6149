"""Who has: datasets near what somebody lacks; who needs: what is asked for near what an organisation publishes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.catalogue.search.criteria import PUBLISHED, Criteria
from udi.portal.catalogue.search.index import IndexReader
from udi.portal.catalogue.search.query import search
from udi.portal.organisations.models import Organisation
from udi.portal.projects.data_requests import matching
from udi.portal.projects.data_requests.matching import SimilarDataset
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.data_requests.transitions import OPEN
from udi.portal.projects.models import Project, SupportKind
from udi.portal.projects.queries import PUBLIC_CONDITIONS
from udi.portal.projects.suggestions.profile import GOING_ON, Need, RecipientProfile
from udi.portal.projects.suggestions.significant_terms import (
    SignificantTerms,
    extract_terms,
    stems_of,
)
from udi.portal.projects.suggestions.suggestion import (
    ReasonSource,
    Suggestion,
    SuggestionKind,
    SuggestionReason,
    SuggestionTarget,
    make_reason,
)

NEAR_ENOUGH = 2
MOST_NEAR = 20
MOST_OF_THEME = 3
MOST_READ = 100
"""Words in common, unless one is of the title; datasets looked at for each need; newest of a theme; things looked at."""
THEME_WEIGHT = 0.5


@dataclass(frozen=True)
class PublicNeed:
    """An open request, or a public project, beside which what somebody has is put."""

    thing: SuggestionTarget
    row: DataRequest | Project
    head: SignificantTerms
    keywords: SignificantTerms
    theme: str
    for_data: bool
    support: frozenset[str]
    by: str = ""

    def as_suggestion(
        self, kind: SuggestionKind, why: SuggestionReason, weight: float
    ) -> Suggestion:
        """The thing, for a reason."""
        path = f"/{'data-requests' if self.thing is SuggestionTarget.REQUEST else 'projects'}/{self.row.id}"
        return Suggestion(
            kind,
            self.thing,
            self.row.id,
            self.row.title,
            path,
            (why,),
            weight,
            self.row.language,
            self.by,
            self.theme,
        )


async def find_datasets(
    session: AsyncSession, reader: IndexReader | None, profile: RecipientProfile
) -> list[Suggestion]:
    """Datasets near each need, by words; the newest of the themes that somebody chose."""
    suggestions = []
    for need in profile.needs:
        themes = {need.theme} if need.theme else set(profile.interest.themes)
        for near in await _find_similar_datasets(session, reader, need):
            stems = stems_of(near.title, *near.keywords)
            words = need.keywords.shared_terms(stems)
            if is_near(need, words, stems) and _is_new(profile, near):
                theme = near.theme if near.theme in themes else ""
                weight = len(words) + (THEME_WEIGHT if theme else 0)
                suggestions.append(
                    _dataset_suggestion(near, make_reason(need, words, theme), weight)
                )
    return suggestions + await _suggest_by_theme(session, reader, profile)


async def _find_similar_datasets(
    session: AsyncSession, reader: IndexReader | None, need: Need
) -> Sequence[SimilarDataset]:
    seqs = matching.find_similar_sequence_numbers(
        reader, need.keywords.text, need.theme, most=MOST_NEAR
    )
    rows = await matching.read_similar_datasets(session, seqs)
    return matching.drop_same_titles([rows[seq] for seq in seqs if seq in rows])


def is_near(need: Need, words: Sequence[str], stems: frozenset[str]) -> bool:
    """Whether so many words in common make two things near: two, or one of the title."""
    return len(words) >= NEAR_ENOUGH or bool(need.head.shared_terms(stems))


def _is_new(profile: RecipientProfile, near: SimilarDataset) -> bool:
    mine = profile.receiver.organisation
    return near.id not in profile.used and (
        mine is None or near.organisation_id != mine.id
    )


def _dataset_suggestion(
    near: SimilarDataset, why: SuggestionReason, weight: float
) -> Suggestion:
    path = f"/data/{near.id}/{near.slug}"
    return Suggestion(
        SuggestionKind.HAS,
        SuggestionTarget.DATASET,
        near.id,
        near.title,
        path,
        (why,),
        weight,
        near.language,
        near.producer,
        near.theme,
    )


async def _suggest_by_theme(
    session: AsyncSession, reader: IndexReader | None, profile: RecipientProfile
) -> list[Suggestion]:
    newest = {
        theme: search(
            reader, Criteria(theme=(theme,), sort=PUBLISHED, size=MOST_OF_THEME)
        ).seqs
        for theme in profile.interest.themes
        if reader is not None
    }
    rows = await matching.read_similar_datasets(
        session, {seq for seqs in newest.values() for seq in seqs}
    )
    return [
        _dataset_suggestion(
            rows[seq], SuggestionReason(ReasonSource.THEME, theme=theme), THEME_WEIGHT
        )
        for theme, seqs in newest.items()
        for seq in seqs
        if seq in rows and _is_new(profile, rows[seq])
    ]


async def list_public_needs(
    session: AsyncSession, reader: IndexReader | None, profile: RecipientProfile
) -> list[PublicNeed]:
    """The newest requests and projects that everybody sees and that are not one's own."""
    mine = {need.id for need in profile.needs}
    requests = (
        select(DataRequest)
        .where(DataRequest.state.in_(OPEN))
        .order_by(DataRequest.submitted_at.desc())
    )
    wishes = [
        PublicNeed(
            SuggestionTarget.REQUEST,
            row,
            extract_terms(reader, row.title),
            extract_terms(reader, row.title, row.words),
            row.theme,
            for_data=True,
            support=frozenset(),
        )
        for row in await session.scalars(requests.limit(MOST_READ))
        if row.id not in mine
    ]
    same = (Organisation.tenant_id == Project.tenant_id) & (
        Organisation.id == Project.organisation_id
    )
    conditions = (
        *PUBLIC_CONDITIONS,
        Project.leader_id.is_not(None),
        Project.state.in_(GOING_ON),
    )
    projects = (
        select(Project, Organisation.name)
        .outerjoin(Organisation, same)
        .where(*conditions)
    )
    rows = await session.execute(
        projects.order_by(Project.published_at.desc(), Project.id).limit(MOST_READ)
    )
    return wishes + [
        _public_need_of_project(reader, row.Project, row.name)
        for row in rows
        if row.Project.id not in profile.part
    ]


def _public_need_of_project(
    reader: IndexReader | None, project: Project, organisation: str | None
) -> PublicNeed:
    return PublicNeed(
        SuggestionTarget.PROJECT,
        project,
        extract_terms(reader, project.title),
        extract_terms(reader, project.title, project.summary),
        "",
        for_data=SupportKind.DATA in project.support,
        support=frozenset(project.support) - {SupportKind.DATA},
        by=organisation or project.leader_name,
    )


async def find_data_needs(
    session: AsyncSession,
    reader: IndexReader | None,
    profile: RecipientProfile,
    wishes: Sequence[PublicNeed],
) -> list[Suggestion]:
    """Requests and projects that look for data, near what an organisation publishes, what somebody has, their themes."""
    for_data = [wish for wish in wishes if wish.for_data]
    suggestions = [
        suggestion
        for wish in for_data
        for suggestion in _suggest_by_interest(profile, wish)
    ]
    producer = profile.receiver.organisation
    if producer is None or not producer.producer:
        return suggestions
    numbers = [
        matching.find_similar_sequence_numbers(
            reader, wish.keywords.text, wish.theme, most=1, producer=producer.slug
        )
        for wish in for_data
    ]
    rows = await matching.read_similar_datasets(
        session, {seq for seqs in numbers for seq in seqs}
    )
    for wish, seqs in zip(for_data, numbers, strict=True):
        suggestions += [
            suggestion
            for seq in seqs
            if seq in rows
            for suggestion in _suggest_by_dataset(wish, rows[seq])
        ]
    return suggestions


def _suggest_by_interest(
    profile: RecipientProfile, wish: PublicNeed
) -> Iterator[Suggestion]:
    words = profile.has.shared_terms(wish.keywords.stems)
    theme = wish.theme if wish.theme in profile.interest.themes else ""
    if words:
        why = SuggestionReason(ReasonSource.HAS, words=words, theme=theme)
        yield wish.as_suggestion(
            SuggestionKind.NEEDS, why, len(words) + (THEME_WEIGHT if theme else 0)
        )
    elif theme:
        yield wish.as_suggestion(
            SuggestionKind.NEEDS,
            SuggestionReason(ReasonSource.THEME, theme=theme),
            THEME_WEIGHT,
        )


def _suggest_by_dataset(wish: PublicNeed, near: SimilarDataset) -> Iterator[Suggestion]:
    stems = stems_of(near.title, *near.keywords)
    words = wish.keywords.shared_terms(stems)
    if len(words) >= NEAR_ENOUGH or wish.head.shared_terms(stems):
        theme = near.theme if near.theme == wish.theme else ""
        why = SuggestionReason(
            ReasonSource.DATASET,
            near.title,
            f"/data/{near.id}/{near.slug}",
            near.language,
            words,
            theme,
        )
        yield wish.as_suggestion(
            SuggestionKind.NEEDS, why, len(words) + (THEME_WEIGHT if theme else 0)
        )
