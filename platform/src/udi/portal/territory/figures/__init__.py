"""Figures of a territory for its team, of what the portal's database holds; never of the rows of datasets."""
