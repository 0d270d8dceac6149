"""The access policy of a restricted dataset: what its producer says once for everybody who will ask."""
