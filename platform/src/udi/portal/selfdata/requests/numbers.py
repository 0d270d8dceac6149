"""Numbers of requests: short, read aloud without a mistake, and alike for nobody."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U."""
GROUPS = (4, 2)


def draw_number() -> str:
    """A new number (`7F3K-2M`), which tells nothing of who asks whom."""
    return "-".join(
        "".join(secrets.choice(ALPHABET) for _ in range(length)) for length in GROUPS
    )
