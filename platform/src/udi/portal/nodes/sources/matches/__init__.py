"""Datasets that seem to be one, shown side by side to the team."""
