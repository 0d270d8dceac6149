"""One random case against the real node: each answer, and the log at the end, compared with the model."""

import csv
import io
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.node.agreements.granting import Grant, replace_struct
from tests.node.agreements.trial import model
from tests.node.agreements.trial.addresses import PLACES, Address
from tests.node.agreements.trial.cases import Case, Event, Step
from tests.node.agreements.trial.comparison import (
    DisagreementError,
    problem_code,
    require_no_cell,
    require_same,
    require_view,
)
from tests.node.agreements.trial.model import ALLOWED, Question, Reader, Situation, Use
from tests.node.agreements.trial.rules import (
    PERSONS,
    Expected,
    Request,
    expect,
    read_named_table,
)
from tests.node.agreements.trial.stage import Publication, Stage
from udi.kit.clock import now
from udi.node.agreements.models import AgreementUse
from udi.protocol.agreement import (
    PROJECT_CREDENTIAL,
    AgreementCredential,
    AgreementValidity,
    fingerprint,
)
from udi.protocol.terms import Terms

EARLIER = timedelta(minutes=2)
LAST_MONTH = timedelta(days=40)
OLD_VOLUME = 10**12
"""Bytes read in another month than that of the present: they count no more."""


@dataclass
class Tally:
    """What was tried, so that a trial of nothing is seen."""

    cases: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    """Answers that gave something of the data, by form of the address."""
    refused: Counter[str] = field(default_factory=Counter)

    def note(self, step: Step, expected: Expected) -> None:
        """Count one reading."""
        counts = self.given if expected.is_given else self.refused
        counts[step.address.name] += 1
        self.verdicts[expected.outcome] += 1


async def run_case(stage: Stage, case: Case, tally: Tally) -> None:
    """Sign and deliver the agreement of a case, read under it, and compare.

    Raises:
        DisagreementError: the node did something else than the reference says.
    """
    stage.clock.moment = None
    await stage.asker.sync(stage.territory)
    trial = await begin(stage, case)
    for step in case.steps:
        await trial.try_step(step, tally)
    await trial.require_log()
    tally.cases += 1


async def begin(stage: Stage, case: Case) -> "Trial":
    """A new agreement, which the node was told of, and what was read under it before."""
    present = now()
    publication = stage.published[case.source]
    starts_at = (present - case.before).replace(microsecond=0)
    ends_at = (present + case.after).replace(microsecond=0)
    grant = stage.portal.grant(
        publication.dataset,
        case.terms,
        purpose=case.purpose,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    situation = Situation(
        source=publication.source,
        purpose=str(case.purpose),
        terms=case.terms,
        starts_at=starts_at,
        ends_at=ends_at,
        secret=grant.secret,
        secret_ends_at=grant.standing.credentials[0].expires_at,
        uses=_earlier_uses(case, present),
    )
    trial = Trial(stage, case, grant, publication, situation, present)
    await trial.push()
    await trial.write_earlier_uses()
    return trial


def _earlier_uses(case: Case, present: datetime) -> list[Use]:
    """What was read in the month, in the minute and long ago; and a refusal, which counts for nothing."""
    if case.spent:
        uses = [Use("csv", ALLOWED, case.spent, present - EARLIER)]
    else:
        uses = []
    uses += [Use("rows", ALLOWED, 0, present)] * case.readings
    uses.append(Use("file", ALLOWED, OLD_VOLUME, present - LAST_MONTH))
    uses.append(Use("page", "suspended", 0, present - EARLIER))
    return uses


@dataclass
class Trial:
    """The course of one case."""

    stage: Stage
    case: Case
    grant: Grant
    publication: Publication
    situation: Situation
    present: datetime
    replaced: list[str] = field(default_factory=list)
    """The secrets that the project had before."""
    twin: Grant | None = None
    """An agreement about the same without limits, made where one must know how long an answer would have been."""

    async def write_earlier_uses(self) -> None:
        """Put what was read before into the log of the node."""
        database = self.stage.site.database
        async with database.session(self.stage.territory.id, role="owner") as session:
            session.add_all(
                AgreementUse(
                    agreement_id=self.grant.id,
                    dataset_id=UUID(self.publication.dataset),
                    credential_id=None,
                    kind=use.what,
                    outcome=use.outcome,
                    bytes=use.size,
                    happened_at=use.moment,
                )
                for use in self.situation.uses
            )

    async def push(self, **changed: str) -> None:
        """Tell the node how the agreement stands; `changed` documents in the place of the true ones."""
        answer = await self.stage.portal.push(self.stage.client, self.grant, **changed)
        assert answer.status_code == 200, answer.text

    async def tell(self, event: Event) -> None:
        """Let the portal change the standing, and the node learn of it."""
        before = self.grant.signed_status
        closes_at = None
        if event.closes_after is not None:
            closes_at = (self.present + event.closes_after).replace(microsecond=0)
        self.grant.change(state=AgreementValidity(event.state), closes_at=closes_at)
        if event.secret == "replaced":
            self._replace_secret(self.situation.ends_at + timedelta(days=1))
        elif event.secret == "ending":
            self._replace_secret(self.present)
        if event.way == "asked":
            await self.stage.asker.sync(self.stage.territory)
        else:
            await self.push()
        if event.way == "late":
            await self.push(status=before)
        self.situation.state = event.state
        self.situation.closes_at = closes_at

    def _replace_secret(self, ends_at: datetime) -> None:
        """Give the project another secret in the place of the one that it has."""
        ends_at = ends_at.replace(microsecond=0)
        self.replaced.append(self.grant.secret)
        secret = f"{self.grant.secret[:-6]}{len(self.replaced):06}"
        credential = AgreementCredential(
            id=uuid4(), sha256=fingerprint(secret), expires_at=ends_at
        )
        self.grant.standing = replace_struct(
            self.grant.standing, credentials=(credential,)
        )
        self.grant.secret = secret
        self.situation.secret = secret
        self.situation.secret_ends_at = ends_at

    async def try_step(self, step: Step, tally: Tally) -> None:
        """One reading, and everything that can be seen of it."""
        if step.event is not None:
            await self.tell(step.event)
        request = self._request(step)
        self.stage.clock.moment = request.moment
        answer = await self._send(request, self.grant)
        await self.stage.gate.close()
        if not step.address.shows_data:
            require_no_cell(answer, self.publication.source, ())
            if step.address.is_of_named_table:
                noted = read_named_table(self.situation, request)
                assert answer.status_code == noted.status, answer.text[:500]
                self._note(noted, 0)
            return
        expected = expect(self.situation, request)
        if expected.is_given:
            expected = await self._settle(request, expected, answer)
        tally.note(step, expected)
        require_same(self.situation, request, expected, answer)
        self._note(expected, expected.size_of(request, answer.content))

    def _note(self, expected: Expected, size: int) -> None:
        if expected.what:
            self.situation.uses.append(
                Use(expected.what, expected.outcome, size, self.present)
            )

    async def require_nothing(self, address: Address, method: str) -> None:
        """Whoever holds the agreement is shown no cell at an address.

        Raises:
            DisagreementError: one is shown.
        """
        reader = Reader(self.situation.secret)
        request = Request(address, reader, method, Question(), None, self.present)
        require_no_cell(
            await self._send(request, self.grant), self.publication.source, ()
        )

    def _request(self, step: Step) -> Request:
        moments = {
            "present": self.present,
            "start": self.situation.starts_at,
            "end": self.situation.ends_at,
        }
        return Request(
            address=step.address,
            reader=self._reader(step),
            method=step.method,
            question=step.question,
            byte_range=step.byte_range,
            moment=moments[step.moment] + step.offset,
        )

    def _reader(self, step: Step) -> Reader:
        another = "civic" if self.case.purpose != "civic" else "research"
        purposes = {"": "", "agreed": str(self.case.purpose), "another": another}
        purpose = purposes[step.purpose]
        if step.address.form in PERSONS:
            return Reader(purpose=purpose, is_person=True)
        if step.reader == "of another dataset":
            return Reader(
                self.stage.secrets[self.case.source], purpose, other_dataset=True
            )
        secrets = {
            "project": self.situation.secret,
            "nobody": "",
            "unknown": f"{PROJECT_CREDENTIAL.prefix}{'x' * 43}",
            "replaced": self.replaced[-1] if self.replaced else self.situation.secret,
        }
        return Reader(secrets[step.reader], purpose)

    async def _send(self, request: Request, grant: Grant) -> httpx.Response:
        publication = self.publication
        path = request.address.path.format(
            dataset=publication.dataset,
            file=publication.file,
            file_name=publication.source.file_name,
            media=publication.media,
            agreement=grant.id,
        )
        if request.address.form == "list for a person":
            return await self.stage.portal.enter(self.stage.client, grant)
        words: Any = query(request)
        if request.address.form == "export for a person":
            path = self.stage.sign(path)
            words = None
        return await self.stage.client.request(
            request.method, path, params=words or None, headers=headers(request)
        )

    async def _settle(
        self, request: Request, expected: Expected, answer: httpx.Response
    ) -> Expected:
        """What depends on the whole answer: whether too little is left for it, and what a part of it is."""
        is_limited = self.situation.terms.bytes_a_month is not None
        if is_limited and problem_code(answer) == "volume_spent":
            whole = await self._send_without_limits(request)
            if model.fits(self.situation, len(whole), request.moment):
                raise DisagreementError(
                    "volume", f"{len(whole)} bytes are refused that are left"
                )
            limit = self.situation.terms.bytes_a_month or 0
            return Expected(
                403, "volume_spent", expected.what, never_fits=len(whole) > limit
            )
        if (
            expected.status == 206
            and expected.content is None
            and request.byte_range is not None
        ):
            whole = await self._send_without_limits(replace(request, byte_range=None))
            require_view(self.publication.source, request, expected, whole)
            first, last = request.byte_range
            return replace(expected, content=whole[first : last + 1])
        return expected

    async def _send_without_limits(self, request: Request) -> bytes:
        """The answer to the same reading under an agreement that limits nothing but what is shown."""
        if self.twin is None:
            terms: Terms = replace_struct(
                self.case.terms, bytes_a_month=None, requests_a_minute=None
            )
            self.twin = self.stage.portal.grant(
                self.publication.dataset, terms, purpose=self.case.purpose
            )
            pushed = await self.stage.portal.push(self.stage.client, self.twin)
            assert pushed.status_code == 200, pushed.text
        reader = Reader(self.twin.secret, is_person=request.reader.is_person)
        self.stage.clock.moment = None
        answer = await self._send(replace(request, reader=reader), self.twin)
        await self.stage.gate.close()
        assert answer.status_code in {200, 206}, answer.text
        return answer.content

    async def require_log(self) -> None:
        """The log says each reading, with its bytes, and each refusal.

        Raises:
            DisagreementError: it says something else.
        """
        self.stage.clock.moment = None
        answer = await self.stage.client.get(
            self.stage.sign(f"/agreements/{self.grant.id}/files/uses")
        )
        lines = list(
            csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";")
        )[1:]
        readings = Counter[tuple[str, str]]()
        refusals = Counter[tuple[str, str]]()
        for *_, what, outcome, size, times in lines:
            if outcome == ALLOWED:
                readings[what, size] += int(times)
            else:
                refusals[what, outcome] += int(times)
        uses = self.situation.uses
        expected_readings = Counter(
            (use.what, str(use.size)) for use in uses if use.outcome == ALLOWED
        )
        refused = Counter(
            (use.what, use.outcome) for use in uses if use.outcome != ALLOWED
        )
        if (readings, refusals) != (expected_readings, refused):
            raise DisagreementError(
                "log",
                f"{readings} {refusals}\ninstead of\n{expected_readings} {refused}",
            )


def headers(request: Request) -> dict[str, str]:
    """What a reader sends."""
    sent: dict[str, str] = {}
    if request.reader.secret:
        sent["Authorization"] = f"Bearer {request.reader.secret}"
    if request.reader.purpose:
        sent["UDI-Purpose"] = request.reader.purpose
    if request.byte_range is not None:
        first, last = request.byte_range
        sent["Range"] = f"bytes={first}-{last}"
    return sent


def query(request: Request) -> list[tuple[str, str]]:
    """The words in which a question is asked at an address."""
    question = request.question
    words: list[tuple[str, str]] = []
    if request.address.form in PLACES:
        words = [("limit", "100")] if request.address.form == "items" else []
        if question.equal is not None:
            return [*words, question.equal]
        return words
    if question.columns:
        words.append(("columns", ",".join(f'"{name}"' for name in question.columns)))
    if question.equal is not None:
        words.append((f"{question.equal[0]}__exact", question.equal[1]))
    if question.sort is not None:
        name, descending = question.sort
        words.append((f"{name}__sort", "desc" if descending else "asc"))
    if question.group:
        words.append((f"{question.group}__groupby", ""))
    if question.total:
        words += [(f"{question.total}__sum", ""), (f"{question.total}__count", "")]
    return words
