"""Pages of requests: those of people, and those of the producer who answers."""
