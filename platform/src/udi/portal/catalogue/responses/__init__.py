"""Answers kept for passers-by, and since when they hold."""
