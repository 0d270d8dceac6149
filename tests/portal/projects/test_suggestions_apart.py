"""Whatever people choose and describe, in two territories: nothing is suggested to or about who did not say so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import hypothesis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from tests.depth import examples
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.projects.fair import TITLES
from udi.kit.clock import now
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.catalogue.search.index import SearchIndexes
from udi.portal.identity.models import Person
from udi.portal.projects.data_requests.models import DataRequest
from udi.portal.projects.models import Project
from udi.portal.projects.suggestions.models import (
    DeclaredInterest,
    SuggestionChoice,
    SuggestionMark,
)
from udi.portal.projects.suggestions.profile import SuggestionRecipient
from udi.portal.projects.suggestions.search import find_suggestions
from udi.portal.projects.suggestions.significant_terms import stems_of
from udi.portal.projects.suggestions.suggestion import (
    ReasonSource,
    Suggestion,
    SuggestionTarget,
)

PEOPLE = 4
TEXTS = st.sampled_from(
    [
        "",
        "bruit des rues",
        "cantines",
        "budget de la ville",
        "rues et cantines bruit",
        "vélos",
    ]
)
HELP = st.frozensets(st.sampled_from(["skills", "testers", "place"]), max_size=2)
THEMES = st.frozensets(st.sampled_from(["environment", "economy"]), max_size=2)
SHOWN_REQUESTS = ("submitted", "promised")


@dataclass(frozen=True)
class Chosen:
    """What one person does with suggestions: nothing, off, or on with this."""

    state: str
    discoverable: bool
    looks_for: str
    has: str
    themes: frozenset[str]
    offers: frozenset[str]
    seeks: frozenset[str]
    never: frozenset[int]
    """Others, by number, of whom they want to hear no more."""


@dataclass(frozen=True)
class World:
    """One territory: its people, projects as (leader, title, confidential, hidden, support), requests as (who, title, state)."""

    people: list[Chosen]
    projects: list[tuple[int, str, bool, bool, frozenset[str]]]
    requests: list[tuple[int, str, str]]


PERSON = st.integers(0, PEOPLE - 1)
CHOSEN = st.builds(
    Chosen, state=st.sampled_from(["on", "on", "on", "off", "undecided"]), discoverable=st.booleans(), looks_for=TEXTS, has=TEXTS,
    themes=THEMES, offers=HELP, seeks=HELP, never=st.frozensets(PERSON, max_size=2),
)  # fmt: skip
WORLDS = st.builds(
    World,
    people=st.lists(CHOSEN, min_size=PEOPLE, max_size=PEOPLE),
    projects=st.lists(
        st.tuples(
            PERSON, TEXTS, st.booleans(), st.booleans(), HELP | st.just({"data"})
        ),
        max_size=5,
    ),
    requests=st.lists(
        st.tuples(
            PERSON, TEXTS, st.sampled_from([*SHOWN_REQUESTS, "hidden", "withdrawn"])
        ),
        max_size=4,
    ),
)


ALL = Chosen(
    "on", True, "bruit des rues", "cantines", frozenset({"economy"}), frozenset({"skills"}), frozenset({"skills"}), frozenset()
)  # fmt: skip
RICH = World(
    [ALL] * PEOPLE,
    [(0, "bruit des rues", False, False, frozenset({"skills", "data"}))],
    [(1, "cantines", "submitted")],
)


async def settle(catalogue: Catalogue, world: World) -> list[DeclaredInterest | None]:
    """Make the world, in place of the one before; what each person declared."""
    tenant = catalogue.territory.id
    moment = now()
    people = [uuid5(tenant, f"person {number}") for number in range(PEOPLE)]
    async with catalogue.database.session(tenant, role="worker") as session:
        for model in (SuggestionChoice, Project, DataRequest, Person):
            await session.execute(delete(model))
        session.add_all(
            Person(
                id=id_,
                issuer="i",
                subject=str(id_),
                name="Compte",
                locale="fr",
                email=f"{id_}@people.example",
                created_at=moment,
            )
            for id_ in people
        )
        await session.flush()
        dates = {"created_at": moment, "changed_at": moment, "published_at": moment}
        for leader, title, confidential, hidden, support in world.projects:
            session.add(Project(
                leader_id=people[leader], title=title or "Sans nom", summary=title, language="fr", confidential=confidential,
                hidden_at=moment if hidden else None, support=sorted(support), **dates,
            ))  # fmt: skip
        for who, title, state in world.requests:
            session.add(DataRequest(
                person_id=people[who], title=title or "Sans nom", words="Pour voir.", language="fr", state=state,
                submitted_at=moment, changed_at=moment, due_on=moment.date(),
            ))  # fmt: skip
        await session.flush()
        session.add_all(
            SuggestionChoice(
                id=uuid5(id_, "choice"),
                person_id=id_,
                enabled=person.state == "on",
                decided_at=moment,
            )
            for id_, person in zip(people, world.people, strict=True)
            if person.state != "undecided"
        )
        await session.flush()
        interests = [
            _declare(person, id_) if person.state == "on" else None
            for id_, person in zip(people, world.people, strict=True)
        ]
        session.add_all(candidate for candidate in interests if candidate)
        await session.flush()
        for interest, owner in zip(interests, world.people, strict=True):
            for other in {interests[number] for number in owner.never} - {
                None,
                interest,
            }:
                if interest and other:
                    session.add(SuggestionMark(
                        interest_id=interest.id, thing="interest", thing_id=other.id, mark="never", other_id=other.id,
                        marked_at=moment,
                    ))  # fmt: skip
    return interests


def _declare(chosen: Chosen, person: UUID) -> DeclaredInterest:
    return DeclaredInterest(
        choice_id=uuid5(person, "choice"), person_id=person, language="fr", looks_for=chosen.looks_for, has=chosen.has,
        themes=sorted(chosen.themes), offers=sorted(chosen.offers), seeks=sorted(chosen.seeks), discoverable=chosen.discoverable,
        name=f"Nom {person}", notified_until=now(), declared_at=now(),
    )  # fmt: skip


@pytest.fixture
async def two(
    armor: Catalogue, elsewhere: Catalogue, feed: SearchFeed
) -> tuple[Catalogue, Catalogue]:
    for catalogue in (armor, elsewhere):
        for line, title in TITLES.items():
            await catalogue.add(line, resource_title=title)
    await feed.run_once()
    return armor, elsewhere


@settings(
    max_examples=examples(5, 40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first_world=WORLDS, second_world=WORLDS)
async def test_nothing_is_suggested_to_or_about_who_did_not_say_so(
    two: tuple[Catalogue, Catalogue],
    indexes: SearchIndexes,
    first_world: World,
    second_world: World,
) -> None:
    met = 0
    for catalogue, world in zip(two, (first_world, second_world), strict=True):
        interests = await settle(catalogue, world)
        rows = await read_all(catalogue)
        for number, interest in enumerate(interests):
            if interest is None:
                continue
            reader = indexes.find(catalogue.territory.id)
            person = interest.person_id
            async with catalogue.database.session(
                catalogue.territory.id, role="app", person=person
            ) as session:
                suggestions = await find_suggestions(
                    session, reader, SuggestionRecipient(interest)
                )
                public = await find_suggestions(
                    session,
                    reader,
                    SuggestionRecipient(interest, in_public=True),
                    new=True,
                )
            never = {
                other_interest.id
                for position in world.people[number].never
                if (other_interest := interests[position])
            }
            all_suggestions = [
                suggestion for those in suggestions.values() for suggestion in those
            ]
            met += len(all_suggestions)
            for suggestion in all_suggestions:
                check(suggestion, interest, rows, never)
            assert not [
                why
                for those in public.values()
                for suggestion in those
                for why in suggestion.why
                if why.confidential
            ]
    hypothesis.target(float(met))


async def test_such_a_world_has_something_of_everything(
    two: tuple[Catalogue, Catalogue], indexes: SearchIndexes
) -> None:
    """So that what is said above is not said of nothing."""
    catalogue = two[0]
    met = set()
    for interest in await settle(catalogue, RICH):
        assert interest
        async with catalogue.database.session(
            catalogue.territory.id, role="app", person=interest.person_id
        ) as session:
            suggestions = await find_suggestions(
                session,
                indexes.find(catalogue.territory.id),
                SuggestionRecipient(interest),
            )
        met |= {
            suggestion.thing for those in suggestions.values() for suggestion in those
        }

    assert met == {
        SuggestionTarget.DATASET,
        SuggestionTarget.REQUEST,
        SuggestionTarget.PROJECT,
        SuggestionTarget.INTEREST,
    }


async def read_all(catalogue: Catalogue) -> dict[tuple[str, UUID], Any]:
    """Every row of the territory that may be suggested, by thing."""
    from_tables = {
        SuggestionTarget.PROJECT: Project,
        SuggestionTarget.REQUEST: DataRequest,
        SuggestionTarget.INTEREST: DeclaredInterest,
    }
    async with catalogue.database.session(
        catalogue.territory.id, role="worker"
    ) as session:
        return {
            (thing, row.id): row
            for thing, model in from_tables.items()
            for row in await session.scalars(select(model))
        }


def check_dataset(
    suggestion: Suggestion, _interest: DeclaredInterest, _row: None
) -> None:
    """It is one of the catalogue's."""
    assert suggestion.title in TITLES.values()


def check_interest(
    suggestion: Suggestion, interest: DeclaredInterest, row: DeclaredInterest
) -> None:
    """It is somebody else's who may be found, under the name that they chose."""
    assert row.discoverable
    assert row.id != interest.id
    assert suggestion.title == row.name


def check_project(
    _suggestion: Suggestion, interest: DeclaredInterest, row: Project
) -> None:
    """It is public, and somebody else leads it."""
    assert (row.confidential, row.hidden_at) == (False, None)
    assert row.leader_id != interest.person_id


def check_request(
    _suggestion: Suggestion, interest: DeclaredInterest, row: DataRequest
) -> None:
    """It is open, and somebody else asked it."""
    assert row.state in SHOWN_REQUESTS
    assert row.person_id != interest.person_id


CHECKS: dict[SuggestionTarget, Callable[[Suggestion, DeclaredInterest, Any], None]] = {
    SuggestionTarget.DATASET: check_dataset,
    SuggestionTarget.INTEREST: check_interest,
    SuggestionTarget.PROJECT: check_project,
    SuggestionTarget.REQUEST: check_request,
}


def check(
    suggestion: Suggestion,
    interest: DeclaredInterest,
    rows: dict[tuple[str, UUID], Any],
    never: set[UUID],
) -> None:
    """What holds of any suggestion to anybody."""
    assert suggestion.id not in never
    assert suggestion.why
    CHECKS[suggestion.thing](
        suggestion, interest, rows.get((suggestion.thing, suggestion.id))
    )
    for why in suggestion.why:
        check_why(suggestion, why.source, why.path, interest, rows)
        assert {*why.words, *why.support, why.theme} - {""}
        assert set(why.support) <= {
            *interest.offers,
            *interest.seeks,
            *projects_support(interest, rows),
        }


def check_why(
    suggestion: Suggestion,
    source: ReasonSource,
    path: str,
    interest: DeclaredInterest,
    rows: dict[tuple[str, UUID], Any],
) -> None:
    """A reason is one's own, and its words are said on both sides."""
    if source in {ReasonSource.PROJECT, ReasonSource.REQUEST}:
        row = rows[source, UUID(path.rpartition("/")[2])]
        assert interest.person_id in {
            getattr(row, "leader_id", None),
            getattr(row, "person_id", None),
        }
    if source in {ReasonSource.HAS, ReasonSource.LOOKS_FOR}:
        declared_stems = stems_of(
            interest.has if source is ReasonSource.HAS else interest.looks_for
        )
        assert all(
            stems_of(word) & declared_stems
            for why in suggestion.why
            if why.source is source
            for word in why.words
        )


def projects_support(
    interest: DeclaredInterest, rows: dict[tuple[str, UUID], Any]
) -> Sequence[str]:
    """What one's own projects look for."""
    mine = [
        row
        for (thing, _), row in rows.items()
        if thing == SuggestionTarget.PROJECT and row.leader_id == interest.person_id
    ]
    return [code for row in mine for code in row.support]
