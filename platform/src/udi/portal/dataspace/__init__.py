"""Data spaces: agreements negotiated and data fetched between machines, by the Dataspace Protocol 2025-1."""
