"""A territory as one signed file: leaving an installation, arriving at another, and going for good."""
