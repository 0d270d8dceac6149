"""What a table should look like, as its community wrote it down: read, recognised, checked cell by cell."""
