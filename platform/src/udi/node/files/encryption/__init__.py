"""Files that are encrypted at rest or for their reader."""
