"""The numbers by which a producer knows who lends: brought by people, confirmed by the producer, for one column."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from udi.kit.clock import now
from udi.kit.errors import ConflictError, NotFoundError, field_error
from udi.kit.identity import Actor
from udi.kit.paging import Page
from udi.node.agreements.consents import find_link, find_person_column
from udi.node.agreements.models import (
    ConsentLink,
    HeldConsent,
    LinkState,
    PersonColumn,
)
from udi.node.audit import record_audit_event
from udi.tabular.columns.column import TypedColumn
from udi.tabular.columns.identifiers import (
    UnreadableIdentifierError,
    may_identify,
    normalise_identifier,
)

LONGEST_CODE = 100
MOST_ATTEMPTS = 5
"""How often somebody may bring a number for one consent."""
CONFIRMED_A_PAGE = 50


@dataclass(frozen=True)
class BroughtCode:
    """A number as somebody brings it: which of theirs it is (from 1), and the columns of the table as it is now."""

    text: str
    attempt: int
    columns: Sequence[TypedColumn]


@dataclass(frozen=True)
class ListedLink:
    """A number as its producer sees it; `is_shared`: somebody else brought the same, or the same person twice."""

    link: ConsentLink
    is_shared: bool
    reference: str

    @property
    def version(self) -> str:
        """Which number this is: another one that is brought later has another."""
        return version_of(self.link)


@dataclass(frozen=True)
class LinkDecision:
    """What a producer says of a number, as it stood on the page; `same_person`: whoever else brought it is the same."""

    state: LinkState
    version: str
    same_person: bool = False


def version_of(link: ConsentLink) -> str:
    """Which number a link holds, without telling it."""
    return f"{link.attempts}.{link.code_digest}"


def reference_of(key: bytes, consent_id: UUID, attempt: int) -> str:
    """What somebody tells the producer of a number that they bring; the next number has another."""
    text = f"reference|{consent_id}|{attempt}"
    return hmac.digest(key, text.encode(), "sha256").hex()[:8].upper()


def digest_code(key: bytes, dataset_id: UUID, column_name: str, code: str) -> str:
    """What finds a number without telling it."""
    text = f"{dataset_id}|{column_name}|{code}"
    return hmac.digest(key, text.encode(), "sha256").hex()


async def lock_links(session: AsyncSession, dataset_id: UUID) -> None:
    """Let those who bring, confirm or name take turns until the commit: each must see what the others left."""
    name = f"consent links {dataset_id}"
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0)))
    )


async def bring_code(
    session: AsyncSession, consent: HeldConsent, brought: BroughtCode, key: bytes
) -> ConsentLink:
    """Attach the number by which the producer knows who lends; it counts at once only where it is secret and new.

    Whoever brought one that waits, or that the producer rejected, is not believed any more: the next waits too.

    Raises:
        InvalidError: it is empty or too long, or the column can hold no such number.
        ConflictError: numbers were brought too often for this consent, or another one since the page was opened.
    """
    await lock_links(session, consent.dataset_id)
    person_column = await find_person_column(session, consent.dataset_id)
    column = _find_column(person_column, brought.columns)
    code = _read_code(brought.text, column)
    column_name = column.name if column else ""
    digest = digest_code(key, consent.dataset_id, column_name, code)
    link = await find_link(session, consent.id)
    if (
        link is not None
        and link.attempts == brought.attempt
        and link.code_digest == digest
    ):
        return link
    _require_next(link.attempts if link else 0, brought.attempt)
    is_believed = link is None or link.state == LinkState.CONFIRMED
    if link is None:
        link = ConsentLink(id=consent.id, dataset_id=consent.dataset_id)
        session.add(link)
    link.attempts = brought.attempt
    link.code = code
    link.code_digest = digest
    link.column_name = column_name
    link.brought_at = now()
    is_secret = bool(column and person_column and person_column.codes_are_secret)
    is_taken = await _is_taken(session, link)
    link.state = (
        LinkState.CONFIRMED
        if is_believed and is_secret and not is_taken
        else LinkState.PENDING
    )
    await session.flush()
    return link


def _require_next(attempts: int, attempt: int) -> None:
    if attempts >= MOST_ATTEMPTS:
        raise ConflictError(
            "You brought a number too often.",
            remedy="Write to the organisation that keeps the data: it can help you.",
        )
    if attempt != attempts + 1:
        raise ConflictError(
            "Another number was sent since this page was opened.",
            remedy="Open the page again from your receipt on the portal.",
        )


def _find_column(
    person_column: PersonColumn | None, columns: Sequence[TypedColumn]
) -> TypedColumn | None:
    """The column that says whom rows are about, as the table has it now; None where it cannot say that any more."""
    return next(
        (
            column
            for column in columns
            if person_column
            and column.name == person_column.name
            and may_identify(column)
        ),
        None,
    )


def _read_code(text: str, column: TypedColumn | None) -> str:
    code = " ".join(text.split())
    if not code or len(code) > LONGEST_CODE or not code.isprintable():
        raise field_error(
            "code",
            "This is empty, or too long.",
            "Write the number as it stands on your card, contract or bill.",
        )
    if column is None:
        return code
    try:
        return normalise_identifier(column, code)
    except UnreadableIdentifierError as error:
        raise field_error(
            "code",
            "The numbers of these data are whole: digits only.",
            "Write the digits without a space, a sign, a point or a comma.",
        ) from error


async def _is_taken(session: AsyncSession, link: ConsentLink) -> bool:
    """Whether somebody else brought the same number."""
    with session.no_autoflush:
        query = select(ConsentLink.id).where(
            ConsentLink.code_digest == link.code_digest, ConsentLink.id != link.id
        )
        return await session.scalar(query.limit(1)) is not None


def _is_shared() -> ColumnElement[bool]:
    other = aliased(ConsentLink)
    return (
        exists()
        .where(
            other.dataset_id == ConsentLink.dataset_id,
            other.code_digest == ConsentLink.code_digest,
            other.id != ConsentLink.id,
            other.state != LinkState.REJECTED,
        )
        .correlate(ConsentLink)
    )


async def list_waiting_links(
    session: AsyncSession, dataset_id: UUID, key: bytes
) -> Sequence[ListedLink]:
    """The numbers that were brought for a dataset and wait for its producer, the oldest first."""
    query = (
        select(ConsentLink, _is_shared())
        .where(
            ConsentLink.dataset_id == dataset_id, ConsentLink.state == LinkState.PENDING
        )
        .order_by(ConsentLink.brought_at, ConsentLink.id)
    )
    return [
        ListedLink(link, is_shared, reference_of(key, link.id, link.attempts))
        for link, is_shared in (await session.execute(query)).all()
    ]


async def list_confirmed_links(
    session: AsyncSession, dataset_id: UUID, key: bytes, *, number: int
) -> Page[ListedLink]:
    """The numbers that count, those first that were brought more than once, then the newest."""
    is_shared = _is_shared()
    query = (
        select(ConsentLink, is_shared)
        .where(
            ConsentLink.dataset_id == dataset_id,
            ConsentLink.state == LinkState.CONFIRMED,
        )
        .order_by(is_shared.desc(), ConsentLink.brought_at.desc(), ConsentLink.id)
        .limit(CONFIRMED_A_PAGE)
        .offset((number - 1) * CONFIRMED_A_PAGE)
    )
    items = [
        ListedLink(link, shared, reference_of(key, link.id, link.attempts))
        for link, shared in (await session.execute(query)).all()
    ]
    total = await count_confirmed_links(session, dataset_id)
    return Page(items, total, number, CONFIRMED_A_PAGE)


async def count_confirmed_links(session: AsyncSession, dataset_id: UUID) -> int:
    """How many lend a dataset with a number that counts."""
    query = select(func.count()).where(
        ConsentLink.dataset_id == dataset_id, ConsentLink.state == LinkState.CONFIRMED
    )
    return await session.scalar(query) or 0


async def decide_link(
    session: AsyncSession,
    actor: Actor,
    dataset_id: UUID,
    consent_id: UUID,
    decision: LinkDecision,
) -> None:
    """Say that a number is that of who brought it, or is not; one that was confirmed may be rejected later.

    Whoever else brought a number that is confirmed has to be confirmed again, unless it is the same person.

    Raises:
        NotFoundError: none stands under this id for the dataset.
        ConflictError: another number was brought meanwhile, or this one was brought for another column.
    """
    await lock_links(session, dataset_id)
    link = await find_link(session, consent_id)
    if (
        link is None
        or link.dataset_id != dataset_id
        or link.state == LinkState.REJECTED
    ):
        raise NotFoundError("No number waits for you at this address.")
    if version_of(link) != decision.version:
        raise ConflictError(
            "Another number was brought meanwhile: nothing was decided.",
            remedy="Look at the page again, and check the number that stands there now.",
        )
    if link.state == decision.state:
        return
    if decision.state is LinkState.CONFIRMED:
        await _require_current_column(session, link)
        if not decision.same_person:
            await _reopen_others(session, link)
    link.state = decision.state
    record_audit_event(
        session,
        actor,
        {
            LinkState.PENDING: "",
            LinkState.CONFIRMED: "consent_link.confirmed",
            LinkState.REJECTED: "consent_link.rejected",
        }[decision.state],
        dataset_id,
    )
    await session.flush()


async def _require_current_column(session: AsyncSession, link: ConsentLink) -> None:
    column = await find_person_column(session, link.dataset_id)
    if column is None or column.name != link.column_name:
        raise ConflictError(
            "The column that you named can hold no such number, or none is named.",
            remedy="Ask the person to bring their number again.",
        )


async def _reopen_others(session: AsyncSession, link: ConsentLink) -> None:
    """Let whoever else brought the same number wait again."""
    query = select(ConsentLink).where(
        ConsentLink.dataset_id == link.dataset_id,
        ConsentLink.code_digest == link.code_digest,
        ConsentLink.id != link.id,
        ConsentLink.state == LinkState.CONFIRMED,
    )
    for other in await session.scalars(query.with_for_update()):
        other.state = LinkState.PENDING


@dataclass(frozen=True)
class ColumnChoice:
    """Which column says whom rows are about, by its name (empty: none), and whether only people know their numbers."""

    name: str
    codes_are_secret: bool


async def name_person_column(
    session: AsyncSession,
    actor: Actor,
    dataset_id: UUID,
    choice: ColumnChoice,
    columns: Sequence[TypedColumn],
    key: bytes,
) -> None:
    """Say which column says whom rows are about, or that none does.

    Numbers that were confirmed wait again where they stand for something else now, or are not secret any more.

    Raises:
        InvalidError: the table has no such column, or it is of a kind that cannot say whom a row is about.
    """
    await lock_links(session, dataset_id)
    held = await find_person_column(session, dataset_id)
    chosen = _choose_column(choice.name, columns)
    was_secret = held is not None and held.codes_are_secret
    is_other = held is None or held.name != choice.name
    await _reread_links(
        session,
        dataset_id,
        chosen,
        key,
        reopen=is_other or (was_secret and not choice.codes_are_secret),
    )
    if chosen is None:
        if held is not None:
            await session.delete(held)
    elif held is None:
        session.add(
            PersonColumn(
                dataset_id=dataset_id,
                name=chosen.name,
                codes_are_secret=choice.codes_are_secret,
            )
        )
    else:
        held.name = chosen.name
        held.codes_are_secret = choice.codes_are_secret
        held.changed_at = now()
    record_audit_event(
        session, actor, "person_column.named", dataset_id, named=chosen is not None
    )
    await session.flush()


def _choose_column(name: str, columns: Sequence[TypedColumn]) -> TypedColumn | None:
    if not name:
        return None
    chosen = next((column for column in columns if column.name == name), None)
    if chosen is None:
        raise field_error(
            "column", "The table has no such column.", "Choose one of the list."
        )
    if not may_identify(chosen):
        raise field_error(
            "column",
            "This column holds measures, dates, places or answers: two people could share a value.",
            "Choose a column of whole numbers or of codes.",
        )
    return chosen


async def _reread_links(
    session: AsyncSession,
    dataset_id: UUID,
    column: TypedColumn | None,
    key: bytes,
    *,
    reopen: bool,
) -> None:
    """Read all numbers as a column does; one that it cannot hold counts for no column."""
    query = select(ConsentLink).where(ConsentLink.dataset_id == dataset_id)
    for link in await session.scalars(query.with_for_update()):
        if reopen and link.state == LinkState.CONFIRMED:
            link.state = LinkState.PENDING
        if column is None or link.column_name == column.name:
            continue
        try:
            link.code = normalise_identifier(column, link.code)
            link.column_name = column.name
        except UnreadableIdentifierError:
            link.column_name = ""
        link.code_digest = digest_code(key, dataset_id, link.column_name, link.code)
    await session.flush()
