"""What producers hold about people: the register of each, and the page on which everybody reads it."""
