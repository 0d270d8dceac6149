"""Consents at the portal."""
