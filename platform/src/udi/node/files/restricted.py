"""What is opened to one project at a time: refused here, unless whoever knows the agreements lets a reading through.

Each way by which bytes or rows leave the node asks `let_in` for a restricted file; whoever does not ask is refused by
`files.queries`, so that a way that was forgotten stays closed.
"""

import math
from collections.abc import AsyncIterator, Collection
from typing import Any, Protocol
from uuid import UUID

from litestar import Response

from udi.kit.clock import now
from udi.kit.errors import (
    GoneError,
    HeldBackError,
    NotFoundError,
    Refusal,
    TooManyRequestsError,
    UdiError,
    UnavailableError,
)
from udi.kit.service_registry import ServiceKey
from udi.kit.tenancy import Territory
from udi.node.files.models import StoredFile
from udi.protocol.access_decision import DENIALS, ReadingDecision, RefusalReason, View
from udi.ui.dependencies import AnyRequest
from udi.ui.errors import on_udi_error, render_problem
from udi.ui.site import site_of

CHALLENGE = 'Bearer realm="udi"'
PRIVATE = {"Cache-Control": "private, no-store"}
STALE_WAIT = 60
"""Seconds after which whoever reads rows of people tries again, where the portal is away."""
HELP_RELATION = "help"
"""The relation (IANA) of the page on which one asks."""


class RestrictedError(UdiError):
    """The data are restricted, and whoever asks showed nothing that is known; `page` is where to ask."""

    status = 401
    slug = "restricted"
    title = "These data are restricted"
    meaning = (
        "Their producer gives access to one project at a time. The key that was sent, if any, belongs to no "
        "project known here."
    )
    advice = (
        "Ask for access on the page of the dataset; then send the key of your project."
    )

    def __init__(
        self, dataset_id: UUID, refused: RefusalReason = RefusalReason.NO_CREDENTIAL
    ) -> None:
        denial = DENIALS[refused]
        super().__init__(
            denial.message,
            remedy=denial.remedy,
            headers={"WWW-Authenticate": CHALLENGE},
        )
        self.dataset_id = dataset_id
        self.code = refused.value


class NotGrantedError(UdiError):
    """The project is known, and its agreement does not let this through; `page` is that of the agreement."""

    status = 403
    slug = "not-granted"
    title = "The agreement does not allow this"
    meaning = "The project is known here, but its request is not, or no longer, covered by its agreement with the producer."
    advice = "Read the agreement, or ask its producer for another."

    def __init__(
        self, dataset_id: UUID, decision: ReadingDecision, *, page: str = ""
    ) -> None:
        refused = decision.refused or RefusalReason.UNCONFIRMED
        denial = DENIALS[refused]
        reason = decision.reason
        if reason:
            refusals = [Refusal("reason", "%(reason)s", values={"reason": reason})]
        else:
            refusals = []
        if decision.again_at:
            wait = math.ceil((decision.again_at - now()).total_seconds())
        else:
            wait = 0
        headers = {"Retry-After": str(max(wait, 1))} if decision.again_at else {}
        values: dict[str, Any] = decision.values
        super().__init__(
            denial.message,
            remedy=denial.remedy,
            refusals=refusals,
            values=values,
            headers=headers,
        )
        self.dataset_id = dataset_id
        self.page = page
        self.code = refused.value


READING_ERRORS: tuple[type[UdiError], ...] = (
    RestrictedError,
    NotGrantedError,
    NotFoundError,
    GoneError,
    HeldBackError,
    TooManyRequestsError,
    UnavailableError,
)
"""What everything refuses that gives a dataset, or some of it."""


class ReadingRateError(NotGrantedError):
    """More often in a minute than the agreement says."""

    status = 429
    slug = "too-fast"
    title = "Requests are more frequent than the agreement allows"
    meaning = "The number of requests per minute exceeds what the agreement with the producer allows."
    advice = "Wait as long as the header Retry-After says, then continue more slowly."


class ConsentsStaleError(NotGrantedError):
    """The portal was not heard for too long to know who still lends."""

    status = 503
    slug = "consents-stale"
    title = "This node does not know who still lends these data"
    meaning = "People may have stopped lending these rows, and the portal, which would say so, was not heard for a day."
    advice = "Nothing you did caused this. Try again in a few minutes; if it lasts, write to the producer."

    def __init__(
        self, dataset_id: UUID, decision: ReadingDecision, *, page: str = ""
    ) -> None:
        super().__init__(dataset_id, decision, page=page)
        self.headers["Retry-After"] = str(STALE_WAIT)


class AgreementEndedError(Exception):
    """The agreement ended while its bytes were on their way: the connection is cut, so that nobody takes them for whole."""


class PermittedReading(Protocol):
    """A reading that was let through: what it may see, and what it is given."""

    @property
    def view(self) -> View: ...

    async def give(self, size: int) -> None:
        """Before these bytes are sent: they count, whatever of them arrives.

        Raises:
            NotGrantedError: they are more than the agreement leaves this month.
        """

    def counted(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same bytes, as long as the agreement holds; at the end only those that were really asked for count.

        Raises:
            AgreementEndedError: it does not hold any more.
        """

    async def refuse(
        self, refused: RefusalReason, columns: Collection[str] = ()
    ) -> NotGrantedError:
        """That the agreement leaves nothing of this, with its page, once this is in the log; `columns` are those named."""


class ReadingGate(Protocol):
    """Whoever knows the agreements."""

    async def authorize_reading(
        self, request: AnyRequest, territory: Territory, dataset_id: UUID, kind: str
    ) -> PermittedReading:
        """Let the reading of a restricted dataset through; `kind` is how, for the log: `file`, `table`, `csv` …

        Raises:
            RestrictedError: nothing known is shown.
            NotGrantedError: the agreement does not allow it.
        """


GATE = ServiceKey[ReadingGate]("reading gate", "agreements")


async def authorize_reading(
    request: AnyRequest, territory: Territory, dataset_id: UUID, kind: str
) -> PermittedReading:
    """The same, by whoever knows the agreements of this node; where nobody does, nothing passes."""
    gate = site_of(request).services.find(GATE)
    if gate is None:
        raise RestrictedError(dataset_id)
    return await gate.authorize_reading(request, territory, dataset_id, kind)


class FileDerivation(Protocol):
    """Whoever makes another file of a part of a file."""

    async def __call__(
        self, request: AnyRequest, file: StoredFile, passage: PermittedReading
    ) -> Response[Any]:
        """What of a file may be read, as a CSV.

        Raises:
            NotGrantedError: the file is no table, or has not what the agreement names.
        """


DERIVE = ServiceKey[FileDerivation]("file derivation", "tables")


async def derive_file(
    request: AnyRequest, file: StoredFile, passage: PermittedReading
) -> Response[Any]:
    """The same, by whoever does that on this node."""
    handler = site_of(request).services[DERIVE]
    return await handler(request, file, passage)


def on_restricted(
    request: AnyRequest, error: RestrictedError | NotGrantedError
) -> Response[Any]:
    """The refusal, with the page on which to ask; never a way to a login."""
    add_request_page(request, error)
    asks_page = "text/html" in request.headers.get("accept", "")
    if asks_page:
        return on_udi_error(request, error)
    return render_problem(request, error)


def add_request_page(
    request: AnyRequest, error: RestrictedError | NotGrantedError
) -> None:
    """Name the page on which to ask: that of the agreement, else that of the dataset on the portal."""
    territory: Territory | None = request.scope["state"].get("territory")
    if not error.page and territory is not None:
        error.page = f"{territory.links.get('portal', '')}/data/{error.dataset_id}"
    if error.page:
        error.headers["Link"] = f'<{error.page}>; rel="{HELP_RELATION}"'
    error.headers |= PRIVATE
