"""Deleting an account: what must be handed over first, what is erased where, and who is told."""
