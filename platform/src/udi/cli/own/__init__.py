"""A producer's own node: invited by a territory, made and run from one folder."""
