"""Faults in datasets that people report, and what their producers answer."""
