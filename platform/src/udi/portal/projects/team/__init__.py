"""The team of a project, for programs."""
