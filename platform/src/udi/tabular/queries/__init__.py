"""Questions about the rows of a table, as CKAN, OGC API Features and the tabular API ask them, and who is answered first."""
