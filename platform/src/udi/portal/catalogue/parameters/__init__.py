"""What an address asks of the catalogue: its query string, its cursor, its documented parameters."""
