"""Files as tables: what kind they are, their encoding and dialect, and their rows, one after the other."""
