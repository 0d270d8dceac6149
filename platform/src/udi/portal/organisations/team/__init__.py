"""The people who run the territory: its team."""
