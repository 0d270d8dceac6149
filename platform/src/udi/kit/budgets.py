"""How much one person, address or territory may do in a while: counted in the database, by all processes together.

For what costs others: writes, mails to people who did not ask, drafts of nobody, wrong credentials. Windows are fixed;
what was counted is deleted a day later. An address is kept as a keyed digest, never as it is.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import TooManyRequestsError

RETENTION = timedelta(days=1)
SHOWN_IN_SECONDS = 120
ADD = text(
    "INSERT INTO app.spent_budget (policy, subject, begins_at, used)"
    " SELECT *, :cost FROM unnest(CAST(:policies AS text[]), CAST(:subjects AS text[]), CAST(:beginnings AS timestamptz[]))"
    " ON CONFLICT (tenant_id, policy, subject, begins_at) DO UPDATE SET used = spent_budget.used + excluded.used"
    " RETURNING policy, used"
)
READ = text(
    "SELECT used FROM app.spent_budget WHERE policy = :policy AND subject = :subject AND begins_at = :begins_at"
)
FORGET = text("DELETE FROM app.spent_budget WHERE begins_at < :before")


@dataclass(frozen=True)
class RateLimit:
    """`most` in each window of `seconds`, for one subject; `policy` is its name."""

    policy: str
    limit: int
    seconds: int

    def begins_at(self, moment: datetime) -> datetime:
        """When the window of a moment began."""
        stamp = int(moment.timestamp())
        return datetime.fromtimestamp(stamp - stamp % self.seconds, UTC)

    def seconds_left(self, moment: datetime) -> int:
        """Whole seconds until the next window, at least one."""
        ends = self.begins_at(moment) + timedelta(seconds=self.seconds)
        return max(1, round((ends - moment).total_seconds()))


def address_subject(address: str, key: str) -> str:
    """An address as it is counted: nobody can say from it which address it was."""
    return (
        "address:"
        + hashlib.blake2b(
            address.encode(), key=key.encode()[:64], digest_size=16
        ).hexdigest()
    )


async def spend_budget(
    session: AsyncSession, budget: RateLimit, subject: str, cost: int = 1
) -> None:
    """Count what somebody does; it stays counted when the transaction is committed.

    Raises:
        TooManyRequestsError: nothing is left in this window; says how long to wait.
    """
    await spend_budgets(session, [(budget, subject)], cost)


async def spend_budgets(
    session: AsyncSession, spent: Sequence[tuple[RateLimit, str]], cost: int = 1
) -> None:
    """Count the same for several subjects in one statement, each by a policy of its own.

    Raises:
        TooManyRequestsError: nothing is left of one in its window; says how long to wait for the first such.
    """
    moment = now()
    values = {
        "policies": [budget.policy for budget, _ in spent],
        "subjects": [subject for _, subject in spent],
        "beginnings": [budget.begins_at(moment) for budget, _ in spent],
        "cost": cost,
    }
    rows = await session.execute(ADD, values)
    used_by_policy = {row.policy: row.used for row in rows}
    for budget, _ in spent:
        if used_by_policy[budget.policy] > budget.limit:
            raise refusal(budget, moment)


async def require_budget(
    session: AsyncSession, budget: RateLimit, subject: str
) -> None:
    """Look whether something is left, without counting.

    Raises:
        TooManyRequestsError: nothing is left in this window; says how long to wait.
    """
    moment = now()
    values = {
        "policy": budget.policy,
        "subject": subject,
        "begins_at": budget.begins_at(moment),
    }
    used = (await session.execute(READ, values)).scalar_one_or_none() or 0
    if used >= budget.limit:
        raise refusal(budget, moment)


def refusal(budget: RateLimit, moment: datetime) -> TooManyRequestsError:
    """The message for whoever has nothing left."""
    seconds = budget.seconds_left(moment)
    minutes = -(-seconds // 60)
    is_long = seconds > SHOWN_IN_SECONDS
    if is_long:
        remedy = "Try again in %(minutes)s minutes."
    else:
        remedy = "Try again in %(seconds)s seconds."
    return TooManyRequestsError(
        "Too many requests.",
        remedy=remedy,
        values={"seconds": seconds, "minutes": minutes},
        headers={"Retry-After": str(seconds)},
    )


async def delete_old_counts(session: AsyncSession) -> None:
    """Delete what was counted more than a day ago."""
    await session.execute(FORGET, {"before": now() - RETENTION})
