"""A producer's space on the hosted node: who publishes here, and how much place it has."""
