"""`tenant.toml`: the shape of it, and changing it from a page."""
