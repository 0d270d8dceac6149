"""A whole country in one installation: how its territories are made, and what is measured at each step."""
