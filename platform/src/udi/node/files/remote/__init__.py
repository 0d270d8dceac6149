"""Files at other machines: the kinds of places where they are, how each is understood, and how each is read."""
