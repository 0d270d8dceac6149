"""A version of a dataset: what is found in its file, what it changes, and whether it may be published."""
