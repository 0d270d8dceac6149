"""What is understood of a file: its columns, coverage and facts, what its producer corrects, its typed copy."""
