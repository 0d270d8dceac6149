"""Services that were read in catalogues of others, as the database keeps them."""
