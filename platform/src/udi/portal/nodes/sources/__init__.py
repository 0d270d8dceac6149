"""Sources: catalogues of others that are read at a rhythm, without anything changing on their side."""

OUTGOING = "sources.outgoing"
"""The part of a site with which catalogues of others are read: private ones where the operator named them (`UDI_SOURCE_HOSTS`)."""
