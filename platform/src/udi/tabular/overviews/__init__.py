"""A table at a glance: first rows, statistics, chart and map."""
