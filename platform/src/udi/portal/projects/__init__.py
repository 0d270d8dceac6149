"""Projects, reuses, and calls for projects."""
