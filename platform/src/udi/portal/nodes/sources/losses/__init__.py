"""What becomes of the fields of a source: what is here, what is changed and what is lost, counted at each reading."""
