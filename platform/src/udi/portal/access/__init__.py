"""Restricted data: the terms that a producer sets, who asks for them, what both agree on, and how nodes know it."""
