"""How well people are found in files: labelled files of invented values, and the score on them."""
