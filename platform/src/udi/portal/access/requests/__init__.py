"""Asking for restricted data: a request, its thread, its clock, and what its producer answers."""
