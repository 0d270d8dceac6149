"""Who could help, and whom one could: people and organisations that let themselves be found, projects, open calls."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.portal.organisations.models import Organisation
from udi.portal.projects.calls import states as calls
from udi.portal.projects.calls.models import Call, Submission
from udi.portal.projects.suggestions.data import NEAR_ENOUGH, THEME_WEIGHT, Wanted, near_enough
from udi.portal.projects.suggestions.models import DeclaredInterest
from udi.portal.projects.suggestions.own import Own
from udi.portal.projects.suggestions.shapes import Kind, Source, Suggestion, Thing, Why, beside
from udi.portal.projects.suggestions.words import stems_of

MOST_FOUND, MOST_CALLS = 200, 30
SUPPORT_WEIGHT = 2.0


@dataclass(frozen=True)
class Other:
    """Somebody who let themselves be found."""

    interest: DeclaredInterest
    organisation: Organisation | None

    @property
    def name(self) -> str:
        """As they chose to be named."""
        return self.organisation.name if self.organisation else self.interest.name

    @property
    def path(self) -> str:
        """Of a producer's page; a person has none."""
        producer = self.organisation is not None and self.organisation.producer
        return f"/producers/{self.organisation.slug}" if producer and self.organisation else ""

    def suggested(self, kind: Kind, why: Why, weight: float) -> Suggestion:
        """They, for a reason."""
        return Suggestion(kind, Thing.INTEREST, self.interest.id, self.name, self.path, (why,), weight)


async def list_others(session: AsyncSession, own: Own) -> list[Other]:
    """Those who let themselves be found, the newest first."""
    same = (Organisation.tenant_id == DeclaredInterest.tenant_id) & (
        Organisation.id == DeclaredInterest.organisation_id
    )
    found = (DeclaredInterest.found, DeclaredInterest.id != own.interest.id)
    query = select(DeclaredInterest, Organisation).outerjoin(Organisation, same).where(*found)
    rows = await session.execute(query.order_by(DeclaredInterest.declared_at.desc()).limit(MOST_FOUND))
    return [Other(row.DeclaredInterest, row.Organisation) for row in rows]


def find_holders(own: Own, others: Sequence[Other]) -> Iterator[Suggestion]:
    """Those who have something near what somebody lacks."""
    for other in others:
        stems = stems_of(other.interest.has)
        for need in own.needs:
            if words := need.telling.shared(stems):
                theme = _common(own, other)
                weight = len(words) + (THEME_WEIGHT if theme else 0)
                yield other.suggested(Kind.HAS, beside(need, words, theme), weight)


def find_helpers(own: Own, others: Sequence[Other]) -> Iterator[Suggestion]:
    """Those who offer the support that somebody's projects look for, or that they seek; nearer ones first."""
    for other in others:
        stems = stems_of(other.interest.has)
        for need in own.needs:
            if support := _both(need.support, other.interest.offers):
                words, theme = need.telling.shared(stems), _common(own, other)
                weight = SUPPORT_WEIGHT * len(support) + len(words) + (THEME_WEIGHT if theme else 0)
                yield other.suggested(Kind.HELPS, beside(need, words, theme, support), weight)


def find_helped(own: Own, others: Sequence[Other], wanted: Sequence[Wanted]) -> Iterator[Suggestion]:
    """Public projects, and others, that look for what somebody offers."""
    offers = frozenset(own.interest.offers)
    for wish in wanted:
        if support := _both(offers, wish.support):
            words = own.has.shared(wish.telling.stems)
            why = Why(Source.OFFERS, words=words, support=support)
            yield wish.suggested(Kind.NEEDS, why, SUPPORT_WEIGHT * len(support) + len(words))
    for other in others:
        if support := _both(offers, other.interest.seeks):
            theme = _common(own, other)
            why = Why(Source.OFFERS, theme=theme, support=support)
            yield other.suggested(Kind.NEEDS, why, SUPPORT_WEIGHT * len(support) + (THEME_WEIGHT if theme else 0))


def find_projects(own: Own, wanted: Sequence[Wanted]) -> Iterator[Suggestion]:
    """Public projects near somebody's own."""
    for wish in wanted:
        stems = wish.telling.stems if wish.thing is Thing.PROJECT else frozenset()
        for need in own.projects:
            words = need.telling.shared(stems)
            if len(words) >= NEAR_ENOUGH:
                yield wish.suggested(Kind.HELPS, beside(need, words), len(words))


async def find_calls(session: AsyncSession, own: Own) -> list[Suggestion]:
    """Open calls near somebody's projects, but those that these answer, and near what they look for."""
    open_ = (Call.state == calls.State.OPEN, Call.closes_at > now())
    rows = (await session.scalars(select(Call).where(*open_).order_by(Call.closes_at, Call.id).limit(MOST_CALLS))).all()
    ids = [need.id for need in own.projects]
    sent = select(Submission.call_id).where(Submission.project_id.in_(ids))
    answered = set(await session.scalars(sent)) if ids and rows else set()
    return [each for call in rows if call.id not in answered for each in _near_call(own, call)]


def _near_call(own: Own, call: Call) -> Iterator[Suggestion]:
    stems = stems_of(call.title, call.summary)
    for need in own.needs:
        words = need.telling.shared(stems)
        if need.source != Source.REQUEST and near_enough(need, words, stems):
            path = f"/calls/{call.id}"
            yield Suggestion(
                Kind.HELPS, Thing.CALL, call.id, call.title, path, (beside(need, words),), len(words), call.language
            )


def _both(one: frozenset[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(one & set(other)))


def _common(own: Own, other: Other) -> str:
    """The first theme that both chose."""
    return next((theme for theme in own.interest.themes if theme in other.interest.themes), "")
