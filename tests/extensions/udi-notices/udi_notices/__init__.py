"""Notices of a territory: what its team tells everybody."""
