"""For how long what the identity service said of somebody counts, while it cannot be asked again."""

from datetime import datetime, timedelta

from udi.kit.clock import now

VALID_FOR = timedelta(hours=1)
"""What is known of somebody stands for as long; then nothing of theirs opens before the identity service answers."""
FRESH_FOR = timedelta(minutes=10)
"""An act that decides wants to know it better: a quiet one of many territories is read every four or five minutes, and one
reading may have failed; where territories are few, or somebody is at work, each minute."""


def is_confirmation_valid(confirmed_at: datetime | None) -> bool:
    """Whether what was said then still counts."""
    return confirmed_at is not None and now() - confirmed_at <= VALID_FOR


def is_confirmation_fresh(confirmed_at: datetime | None) -> bool:
    """Whether what was said then is enough to decide."""
    return confirmed_at is not None and now() - confirmed_at <= FRESH_FOR
