"""Producers' files: received without being held in memory, kept in the object store, delivered from this origin."""
