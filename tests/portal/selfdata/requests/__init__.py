"""Requests about one's own data at the portal."""
