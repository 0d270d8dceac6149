"""Sources: catalogues of others that are read at a rhythm, without anything changing on their side."""
