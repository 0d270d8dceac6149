"""Files on their way out: whole, in parts, by a signed address."""
