"""Legal persons of a territory; producers publish data."""
