"""What a version of a table changes: columns paired by name, rows by key."""
