"""The manager of a node as RUDI's clients know it: they log in with a key of a space, and write its catalogue."""
