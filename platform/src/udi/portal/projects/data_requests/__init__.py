"""Requests for data that nobody publishes yet: asked in public, supported by others, sent to likely producers, answered."""
