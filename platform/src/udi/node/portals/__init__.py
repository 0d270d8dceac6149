"""Portals where a producer's own node is shown beside that of its territory: each with its credential and outbox."""
