"""Who could help, and whom one could: people and organisations that let themselves be found, projects, open calls."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.portal.organisations.models import Organisation
from udi.portal.projects.calls import transitions as calls
from udi.portal.projects.calls.models import Call, Submission
from udi.portal.projects.suggestions.dataset_matches import (
    NEAR_ENOUGH,
    THEME_WEIGHT,
    PublicNeed,
    is_near,
)
from udi.portal.projects.suggestions.models import DeclaredInterest
from udi.portal.projects.suggestions.profile import RecipientProfile
from udi.portal.projects.suggestions.significant_terms import stems_of
from udi.portal.projects.suggestions.suggestion import (
    ReasonSource,
    Suggestion,
    SuggestionKind,
    SuggestionReason,
    SuggestionTarget,
    make_reason,
)

MOST_FOUND = 200
MOST_CALLS = 30
SUPPORT_WEIGHT = 2.0


@dataclass(frozen=True)
class InterestedParty:
    """Somebody who let themselves be found."""

    interest: DeclaredInterest
    organisation: Organisation | None

    @property
    def name(self) -> str:
        """As they chose to be named."""
        if self.organisation:
            return self.organisation.name
        return self.interest.name

    @property
    def path(self) -> str:
        """Of a producer's page; a person has none."""
        producer = self.organisation is not None and self.organisation.producer
        if producer and self.organisation:
            return f"/producers/{self.organisation.slug}"
        return ""

    def as_suggestion(
        self, kind: SuggestionKind, why: SuggestionReason, weight: float
    ) -> Suggestion:
        """They, for a reason."""
        return Suggestion(
            kind,
            SuggestionTarget.INTEREST,
            self.interest.id,
            self.name,
            self.path,
            (why,),
            weight,
        )


async def list_interested_parties(
    session: AsyncSession, profile: RecipientProfile
) -> list[InterestedParty]:
    """Those who let themselves be found, the newest first."""
    same = (Organisation.tenant_id == DeclaredInterest.tenant_id) & (
        Organisation.id == DeclaredInterest.organisation_id
    )
    conditions = (
        DeclaredInterest.discoverable,
        DeclaredInterest.id != profile.interest.id,
    )
    query = (
        select(DeclaredInterest, Organisation)
        .outerjoin(Organisation, same)
        .where(*conditions)
    )
    rows = await session.execute(
        query.order_by(DeclaredInterest.declared_at.desc()).limit(MOST_FOUND)
    )
    return [InterestedParty(row.DeclaredInterest, row.Organisation) for row in rows]


def find_holders(
    profile: RecipientProfile, others: Sequence[InterestedParty]
) -> Iterator[Suggestion]:
    """Those who have something near what somebody lacks."""
    for other in others:
        stems = stems_of(other.interest.has)
        for need in profile.needs:
            if words := need.keywords.shared_terms(stems):
                theme = _shared_theme(profile, other)
                weight = len(words) + (THEME_WEIGHT if theme else 0)
                yield other.as_suggestion(
                    SuggestionKind.HAS, make_reason(need, words, theme), weight
                )


def find_helpers(
    profile: RecipientProfile, others: Sequence[InterestedParty]
) -> Iterator[Suggestion]:
    """Those who offer the support that somebody's projects look for, or that they seek; nearer ones first."""
    for other in others:
        stems = stems_of(other.interest.has)
        for need in profile.needs:
            if support := _shared_codes(need.support, other.interest.offers):
                words = need.keywords.shared_terms(stems)
                theme = _shared_theme(profile, other)
                weight = (
                    SUPPORT_WEIGHT * len(support)
                    + len(words)
                    + (THEME_WEIGHT if theme else 0)
                )
                yield other.as_suggestion(
                    SuggestionKind.HELPS,
                    make_reason(need, words, theme, support),
                    weight,
                )


def find_help_seekers(
    profile: RecipientProfile,
    others: Sequence[InterestedParty],
    wishes: Sequence[PublicNeed],
) -> Iterator[Suggestion]:
    """Public projects, and others, that look for what somebody offers."""
    offers = frozenset(profile.interest.offers)
    for wish in wishes:
        if support := _shared_codes(offers, wish.support):
            words = profile.has.shared_terms(wish.keywords.stems)
            why = SuggestionReason(ReasonSource.OFFERS, words=words, support=support)
            yield wish.as_suggestion(
                SuggestionKind.NEEDS, why, SUPPORT_WEIGHT * len(support) + len(words)
            )
    for other in others:
        if support := _shared_codes(offers, other.interest.seeks):
            theme = _shared_theme(profile, other)
            why = SuggestionReason(ReasonSource.OFFERS, theme=theme, support=support)
            yield other.as_suggestion(
                SuggestionKind.NEEDS,
                why,
                SUPPORT_WEIGHT * len(support) + (THEME_WEIGHT if theme else 0),
            )


def find_similar_projects(
    profile: RecipientProfile, wishes: Sequence[PublicNeed]
) -> Iterator[Suggestion]:
    """Public projects near somebody's own."""
    for wish in wishes:
        if wish.thing is SuggestionTarget.PROJECT:
            stems = wish.keywords.stems
        else:
            stems = frozenset()
        for need in profile.projects:
            words = need.keywords.shared_terms(stems)
            if len(words) >= NEAR_ENOUGH:
                yield wish.as_suggestion(
                    SuggestionKind.HELPS, make_reason(need, words), len(words)
                )


async def find_calls(
    session: AsyncSession, profile: RecipientProfile
) -> list[Suggestion]:
    """Open calls near somebody's projects, but those that these answer, and near what they look for."""
    open_ = (Call.state == calls.CallState.OPEN, Call.closes_at > now())
    rows = (
        await session.scalars(
            select(Call)
            .where(*open_)
            .order_by(Call.closes_at, Call.id)
            .limit(MOST_CALLS)
        )
    ).all()
    ids = [need.id for need in profile.projects]
    sent = select(Submission.call_id).where(Submission.project_id.in_(ids))
    answered = set(await session.scalars(sent)) if ids and rows else set()
    return [
        suggestion
        for call in rows
        if call.id not in answered
        for suggestion in _suggest_call(profile, call)
    ]


def _suggest_call(profile: RecipientProfile, call: Call) -> Iterator[Suggestion]:
    stems = stems_of(call.title, call.summary)
    for need in profile.needs:
        words = need.keywords.shared_terms(stems)
        if need.source != ReasonSource.REQUEST and is_near(need, words, stems):
            path = f"/calls/{call.id}"
            yield Suggestion(
                SuggestionKind.HELPS,
                SuggestionTarget.CALL,
                call.id,
                call.title,
                path,
                (make_reason(need, words),),
                len(words),
                call.language,
            )


def _shared_codes(codes: frozenset[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(codes & set(other)))


def _shared_theme(profile: RecipientProfile, other: InterestedParty) -> str:
    """The first theme that both chose."""
    return next(
        (theme for theme in profile.interest.themes if theme in other.interest.themes),
        "",
    )
