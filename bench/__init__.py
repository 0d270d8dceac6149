"""What a machine bears, measured: only a clone of the project has it, and the product imports nothing of it."""
