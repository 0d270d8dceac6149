"""Reading catalogues of others."""
