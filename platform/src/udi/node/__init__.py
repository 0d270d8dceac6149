"""The node: producers' files, their description, their delivery."""
