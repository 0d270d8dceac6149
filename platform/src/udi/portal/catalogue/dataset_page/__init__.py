"""What the page of a dataset shows, and where other domains and packages add to it."""
