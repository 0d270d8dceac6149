"""What is the territory's own, changed by its team on pages: look, settings and texts; drafts, versions, undo."""
