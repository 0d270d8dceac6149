"""What of the catalogue can be followed, as Atom and by notifications."""
