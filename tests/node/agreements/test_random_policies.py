"""Random policies against the real node, over HTTP: every address that serves data, beside a model of the reference.

An agreement of each is signed by a portal's key and delivered as the protocol has it; the tables are published files.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, get
from litestar.params import FromPath

from tests.depth import examples
from tests.node.agreements.granting import replace_struct
from tests.node.agreements.trial.addresses import NOTHING, group_addresses
from tests.node.agreements.trial.cases import LATER, Case, draw_case
from tests.node.agreements.trial.comparison import DisagreementError
from tests.node.agreements.trial.mutants import MUTANTS
from tests.node.agreements.trial.sources import READINGS
from tests.node.agreements.trial.stage import Stage, move_clock, open_stage
from tests.node.agreements.trial.trial import Tally, begin, run_case
from udi.kit.db import Database
from udi.node import app as node
from udi.protocol.terms import Purpose, Terms
from udi.ui.site import Site

DEFAULT = (
    *(8, 24, 28, 40, 44, 51, 52, 53, 54, 58, 59, 62, 65, 72, 77, 85, 87, 96, 97),
    *(131, 138, 171),
)
"""Cases by default: few of the first two hundred that meet each address and each verdict together.

Others that have a step at an address which none of them meets are tried after them: one that is new, often.
"""
MOST_BY_DEFAULT = 200
THOROUGH = 10_000
PLACED = "trees"
"""The file whose cells are looked for at every other address: a table of which the rows have places."""
ONE_IN = examples(6, 1)
"""Those of the other files are looked for at one address in so many."""
MUTANT = 150
"""Cases under `--all`, and at most for a node with a fault."""
WHOLE_CASE = Case(
    source="readings",
    terms=Terms(purposes=(Purpose.RESEARCH,)),
    purpose=Purpose.RESEARCH,
    before=LATER,
    after=LATER,
    spent=0,
    readings=0,
    steps=(),
)
"""An agreement about all of the data."""

VERDICTS = {
    "allowed",
    "no_credential",
    "unknown_credential",
    "other_dataset",
    "given_up",
    "revoked",
    "suspended",
    "not_started",
    "ended",
    "credential_expired",
    "other_purpose",
    "other_columns",
    "only_in_part",
    "volume_spent",
    "too_often",
}
"""Those of the table «Refusals» that a node which was told of an agreement can give."""


@pytest.fixture(scope="module")
async def stage(
    node_app: Litestar,
    node_site: Site,
    portal_database: Database,
    node_database: Database,
) -> AsyncIterator[Stage]:
    """The node with three restricted files, and a portal that grants."""
    async with open_stage(
        node_app, node_site, (portal_database, node_database)
    ) as opened:
        with pytest.MonkeyPatch.context() as patch:
            move_clock(patch, opened.clock)
            yield opened


async def run_trial(
    stage: Stage,
    numbers: Iterable[int],
    forms: tuple[str, ...] = (),
    *,
    in_part: bool = True,
    tally: Tally | None = None,
) -> Tally:
    """Try the cases of these numbers, until one disagrees; count them with those of a tally.

    `forms` are of the addresses that are tried, all if none; not `in_part`: every policy opens all columns and rows.
    """
    tally = tally or Tally()
    addresses = group_addresses(stage.app)
    if forms:
        addresses = {form: addresses[form] for form in forms}
    for number in numbers:
        case = draw_case(number, addresses)
        if not in_part:
            case = replace(case, terms=replace_struct(case.terms, columns=(), rows=()))
        try:
            await run_case(stage, case, tally)
        except DisagreementError as error:
            error.add_note(f"case {number}: {case}")
            raise
    return tally


def list_untried(tally: Tally, stage: Stage) -> set[str]:
    """Addresses that serve data and gave nothing yet, or refused nothing, and verdicts of the reference that were not met."""
    addresses = group_addresses(stage.app)
    served = {
        address.name
        for group in addresses.values()
        for address in group
        if address.shows_data
    }
    always_refused = {address.name for address in addresses["frame"]}
    never_refused = {"export for a person uses"}
    assert set(tally.given) <= served - always_refused
    assert set(tally.refused) <= served - never_refused
    assert set(tally.verdicts) <= VERDICTS
    return {
        *(f"{name} gives nothing" for name in served - always_refused - {*tally.given}),
        *(
            f"{name} refuses nothing"
            for name in served - never_refused - {*tally.refused}
        ),
        *(VERDICTS - {*tally.verdicts}),
    }


def is_of_use(case: Case, untried: set[str]) -> bool:
    """Whether a case has a step at an address that is untried, or any case may have the verdict that was not met."""
    starts = tuple(f"{step.address.name} " for step in case.steps)
    return bool(untried & VERDICTS) or any(
        sentence.startswith(starts) for sentence in untried
    )


async def test_the_node_does_what_the_reference_says(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = await run_trial(stage, DEFAULT)
    addresses = group_addresses(stage.app)
    for number in sorted({*range(MOST_BY_DEFAULT)} - {*DEFAULT}):
        untried = list_untried(tally, stage)
        if is_of_use(draw_case(number, addresses), untried):
            await run_trial(stage, [number], tally=tally)

    assert list_untried(tally, stage) == set()
    with capsys.disabled():
        print(f"\n{tally}")  # noqa: T201 - the figures of a run


@pytest.mark.thorough
async def test_the_node_does_what_the_reference_says_of_ten_thousand_policies(
    stage: Stage,
) -> None:
    tally = await run_trial(stage, range(THOROUGH))

    assert tally.cases == THOROUGH


@pytest.mark.parametrize("name", MUTANTS)
async def test_a_node_with_a_fault_is_found(
    stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = MUTANTS[name]
    mutant.patch(monkeypatch)

    with pytest.raises(DisagreementError) as error:
        await run_trial(
            stage, mutant.list_cases(MUTANT), mutant.forms, in_part=mutant.in_part
        )

    assert error.value.about in mutant.about


async def test_no_other_address_shows_a_cell(stage: Stage) -> None:
    """By whatever method, to whoever holds an agreement about all of the data."""
    others = group_addresses(stage.app)[NOTHING]

    for rank, name in enumerate(sorted(stage.published)):
        trial = await begin(stage, replace(WHOLE_CASE, source=name))
        addresses = others if name == PLACED else others[rank % ONE_IN :: ONE_IN]
        for address in addresses:
            for method in address.methods:
                await trial.require_nothing(address, method)
    assert len(others) > 50


async def test_an_address_that_nobody_thought_of_is_found(
    node_site: Site, stage: Stage
) -> None:
    @get("/datasets/{dataset_id:uuid}/peek")
    async def peek(dataset_id: FromPath[UUID]) -> str:
        return READINGS.content.decode()

    app = node.create(node_site)
    app.register(peek)
    address = next(
        candidate
        for candidate in group_addresses(app)[NOTHING]
        if candidate.route.endswith("/peek")
    )
    transport = httpx.ASGITransport(app=app)

    async with httpx.AsyncClient(
        transport=transport, base_url=stage.client.base_url
    ) as client:
        trial = await begin(replace(stage, app=app, client=client), WHOLE_CASE)
        with pytest.raises(DisagreementError, match="leak"):
            await trial.require_nothing(address, "GET")


def test_a_parameter_that_nobody_thought_of_is_found() -> None:
    @get("/datasets/{dataset_id:uuid}/layers/{layer:str}")
    async def show_layer(
        dataset_id: FromPath[UUID], layer: FromPath[str]
    ) -> dict[str, Any]:
        return {}

    with pytest.raises(AssertionError, match="layer"):
        group_addresses(Litestar([show_layer]))
