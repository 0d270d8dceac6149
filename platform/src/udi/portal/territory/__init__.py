"""The territory's dashboard, for its team: what waits, figures of the catalogue, producers, the journal."""
