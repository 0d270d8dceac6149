"""Identity services of others: what a login through one gives."""
