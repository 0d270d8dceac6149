"""Which territory: its files, its row, its public texts."""
