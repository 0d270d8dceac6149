"""What a file may hide from the person who publishes it, or do to the one who opens it; nothing of it is ever run."""
