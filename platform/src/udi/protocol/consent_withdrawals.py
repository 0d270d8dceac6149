"""Consents that people stopped at a node, as it tells the portal: identifiers that the portal drew, and nobody."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

PATH = "/kalim/v1/consents/withdrawals"
MOST_WITHDRAWALS = 500


class WithdrawalOutcome(StrEnum):
    """What became of one that a node told."""

    WITHDRAWN = "withdrawn"
    """It is stopped at the portal too, now or before."""
    ENDED = "ended"
    """It had ended otherwise."""
    UNKNOWN = "unknown"
    """The portal has none of this identifier for this node."""


class ConsentWithdrawals(Struct, frozen=True, kw_only=True):
    """Consents that were stopped at a node; it refuses what rests on them already."""

    consents: Annotated[list[UUID], Meta(max_length=MOST_WITHDRAWALS)]


class ConsentWithdrawalAnswer(Struct, frozen=True, kw_only=True):
    """What became of each."""

    consents: Mapping[UUID, WithdrawalOutcome]
