"""Services that stand by themselves in catalogues of others: maps and APIs that are no dataset, and serve some."""
