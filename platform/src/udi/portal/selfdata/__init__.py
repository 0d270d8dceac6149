"""Which personal data producers hold: the register of each, and the page on which everybody reads it."""
