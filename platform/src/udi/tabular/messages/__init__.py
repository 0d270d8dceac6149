"""Messages about a table: notes, remarks and faults of queries, to be translated where they are shown."""
