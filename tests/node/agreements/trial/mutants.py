"""Nodes with one fault each, which the trial must find: what is patched, and about what the node and the model disagree."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from tests.node.agreements.granting import replace_struct
from tests.node.agreements.trial.sources import READINGS, TREES
from udi.node.agreements import actions, gate, queries
from udi.node.agreements import api as agreements_api
from udi.node.agreements.models import HeldAgreement
from udi.node.files.delivery import downloads as files_pages
from udi.node.tables import requests, views
from udi.protocol.access_decision import (
    ReadingDecision,
    ReadingRequest,
    View,
    decide_reading,
)
from udi.protocol.agreement import AgreementValidity
from udi.tabular.columns.column import GEOMETRY
from udi.tabular.exports.exports import ExportFile, ExportWriter
from udi.tabular.queries.query import Query
from udi.tabular.queries.table import DatasetTable

Patch = Callable[[pytest.MonkeyPatch], None]
FAR = datetime(2100, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
DIGITS = 32
"""Of the name of a part of a table."""


@dataclass(frozen=True)
class Mutant:
    """A fault, and what the trial says of it."""

    patch: Patch
    about: AbstractSet[str]
    forms: tuple[str, ...] = ("file",)
    """The addresses at which it is looked for."""
    in_part: bool = False
    """Whether it is looked for under policies that open a part; a part takes a process to write, and all of it none."""
    found_at: int = 0
    """The case that found it when it was written down: it is tried first, and the others in their order after it."""

    def list_cases(self, most: int) -> list[int]:
        """The numbers of the cases to try, at most so many."""
        numbers = [self.found_at, *range(most)]
        return list(dict.fromkeys(numbers))


def _change_view(**changes: tuple[Any, ...]) -> Patch:
    """A node whose decision is right, but for what is shown."""

    def decide_wrongly(*arguments: Any) -> ReadingDecision:
        decision = decide_reading(*arguments)
        if decision.view is None:
            return decision
        view = View(
            **{"columns": decision.view.columns, "rows": decision.view.rows, **changes}
        )
        return ReadingDecision(view=view, remaining_bytes=decision.remaining_bytes)

    return lambda patch: patch.setattr(gate, "decide_reading", decide_wrongly)


def _change_agreement(**changes: Any) -> Patch:
    """A node that reads another agreement than what was signed."""

    def decide_wrongly(agreement: Any, *arguments: Any) -> ReadingDecision:
        return decide_reading(replace_struct(agreement, **changes), *arguments)

    return lambda patch: patch.setattr(gate, "decide_reading", decide_wrongly)


def _ignore_state(state: AgreementValidity) -> Patch:
    """A node for which a standing of this state is active."""

    def decide_wrongly(
        agreement: Any, standing: Any, *arguments: Any
    ) -> ReadingDecision:
        if standing.state is state:
            standing = replace_struct(standing, state=AgreementValidity.ACTIVE)
        return decide_reading(agreement, standing, *arguments)

    return lambda patch: patch.setattr(gate, "decide_reading", decide_wrongly)


def _change_standing(**changes: Any) -> Patch:
    def decide_wrongly(
        agreement: Any, standing: Any, *arguments: Any
    ) -> ReadingDecision:
        return decide_reading(
            agreement, replace_struct(standing, **changes), *arguments
        )

    return lambda patch: patch.setattr(gate, "decide_reading", decide_wrongly)


def _change_reading(**changes: Any) -> Patch:
    """A node that takes the reading for another."""

    def decide_wrongly(
        agreement: Any, standing: Any, reading: ReadingRequest, moment: datetime
    ) -> ReadingDecision:
        return decide_reading(
            agreement, standing, replace_struct(reading, **changes), moment
        )

    return lambda patch: patch.setattr(gate, "decide_reading", decide_wrongly)


def _keep_credentials_for_ever(patch: pytest.MonkeyPatch) -> None:
    def decide_wrongly(
        agreement: Any, standing: Any, reading: ReadingRequest, moment: datetime
    ) -> ReadingDecision:
        credentials = tuple(
            replace_struct(credential, expires_at=FAR)
            for credential in standing.credentials
        )
        return decide_reading(
            agreement,
            replace_struct(standing, credentials=credentials),
            reading,
            moment,
        )

    patch.setattr(gate, "decide_reading", decide_wrongly)


def _forget_bytes(patch: pytest.MonkeyPatch) -> None:
    async def change_use(*_: Any, **__: Any) -> None:
        """Note nothing."""

    patch.setattr(gate, "update_use", change_use)


def _count_nothing(patch: pytest.MonkeyPatch) -> None:
    async def read_spent(*_: Any, **__: Any) -> tuple[int, int]:
        return 0, 0

    patch.setattr(gate, "read_consumption", read_spent)


def _open_to_any_credential(patch: pytest.MonkeyPatch) -> None:
    async def list_all(session: Any, _: str) -> Any:
        return (await session.scalars(select(HeldAgreement))).all()

    patch.setattr(gate, "list_credential_agreements", list_all)
    _change_reading(credential="")(patch)


def _keep_last_arrived(patch: pytest.MonkeyPatch) -> None:
    """A node that keeps the standing that came last, whatever its revision."""
    keep_signed = actions.store_agreement

    async def keep(session: Any, signed: Any) -> int:
        stored_agreement = await queries.find_agreement(session, signed.agreement.id)
        if stored_agreement is not None:
            stored_agreement.revision = 0
            await session.flush()
        return await keep_signed(session, signed)

    patch.setattr(agreements_api, "store_agreement", keep)


def _note_no_refusal(patch: pytest.MonkeyPatch) -> None:
    async def note_refusal(*_: Any) -> None:
        """Note nothing."""

    patch.setattr(gate, "log_refusal", note_refusal)


def _note_late_refusals_as_readings(patch: pytest.MonkeyPatch) -> None:
    async def refuse_begun_reading(*_: Any) -> None:
        """Leave the line of the log as it is."""

    patch.setattr(gate, "log_reading_as_refusal", refuse_begun_reading)


def _give_the_file_whole(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(files_pages, "derive_file", files_pages.serve_file)


def _show_places(patch: pytest.MonkeyPatch) -> None:
    """A node that shows where the rows are although neither all columns nor `geometry` are opened."""
    cut_of = views.extract_of

    def cut_with_places(table: DatasetTable, view: View) -> Any:
        columns = (*view.columns, GEOMETRY) if view.columns else ()
        return cut_of(table, View(columns=columns, rows=view.rows))

    patch.setattr(views, "extract_of", cut_with_places)


def _know_nothing_hidden(patch: pytest.MonkeyPatch) -> None:
    """A node for which a column that is not opened is a mistake of whoever names it."""
    patch.setattr(views, "_hidden_columns", lambda *_, **__: frozenset())


def _export_every_row(patch: pytest.MonkeyPatch) -> None:
    """A node whose pages are right, and whose exports are of the table itself."""
    write = ExportWriter.write

    async def write_all(
        exports: ExportWriter, table: DatasetTable, query: Query, kind: str
    ) -> ExportFile:
        names = tuple(column.name for column in table.columns)
        whole = table.path.with_name(f"{table.path.stem[: -len('-') - DIGITS]}.parquet")
        has_every_column = names in {READINGS.names, TREES.names} and whole.exists()
        return await write(
            exports,
            replace(table, path=whole) if has_every_column else table,
            query,
            kind,
        )

    patch.setattr(ExportWriter, "write", write_all)


def _let_caches_keep(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(requests, "PRIVATE", {"Cache-Control": "private, max-age=60"})


DECISION_SIGNS = {"verdict", "log"}
"""The answer is another; where it has no body (HEAD), the log says which."""
MUTANTS = {
    "takes a hidden column for none": Mutant(
        _know_nothing_hidden,
        DECISION_SIGNS,
        ("page", "items"),
        in_part=True,
        found_at=16,
    ),
    "shows every column": Mutant(
        _change_view(columns=()),
        {"view", "leak", "verdict"},
        ("page", "file"),
        in_part=True,
        found_at=2,
    ),
    "shows every row": Mutant(
        _change_view(rows=()),
        {"view", "leak", "verdict"},
        ("page", "file"),
        in_part=True,
        found_at=2,
    ),
    "counts nothing": Mutant(_count_nothing, {"verdict", "volume"}, found_at=1),
    "counts no bytes": Mutant(_forget_bytes, {"log", "volume"}),
    "ignores the end": Mutant(
        _change_agreement(ends_at=FAR), DECISION_SIGNS, found_at=13
    ),
    "ignores the beginning": Mutant(
        _change_agreement(starts_at=LONG_AGO), DECISION_SIGNS, found_at=26
    ),
    "ignores a revocation": Mutant(
        _ignore_state(AgreementValidity.REVOKED), DECISION_SIGNS, found_at=9
    ),
    "ignores a notice": Mutant(
        _change_standing(closes_at=None), DECISION_SIGNS, found_at=11
    ),
    "ignores a suspension": Mutant(
        _ignore_state(AgreementValidity.SUSPENDED), DECISION_SIGNS, found_at=2
    ),
    "ignores that it was given up": Mutant(
        _ignore_state(AgreementValidity.GIVEN_UP), DECISION_SIGNS, found_at=23
    ),
    "ignores the purpose": Mutant(_change_reading(purpose=None), DECISION_SIGNS),
    "ignores the end of a credential": Mutant(
        _keep_credentials_for_ever, DECISION_SIGNS, found_at=7
    ),
    "opens to any credential": Mutant(_open_to_any_credential, DECISION_SIGNS),
    "keeps the standing that came last": Mutant(_keep_last_arrived, DECISION_SIGNS),
    "notes no refusal": Mutant(_note_no_refusal, {"log"}),
    "notes late refusals as readings": Mutant(
        _note_late_refusals_as_readings,
        {"log"},
        ("page", "file"),
        in_part=True,
        found_at=6,
    ),
    "gives the file whole": Mutant(
        _give_the_file_whole, {"view", "verdict"}, ("file",), in_part=True, found_at=2
    ),
    "shows places that are hidden": Mutant(
        _show_places, {"verdict", "view"}, ("items", "export"), in_part=True, found_at=3
    ),
    "exports every row": Mutant(
        _export_every_row, {"view"}, ("export",), in_part=True, found_at=4
    ),
    "lets caches keep answers": Mutant(_let_caches_keep, {"headers"}, ("page",)),
}
