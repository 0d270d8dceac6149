"""The state of the service, for everybody: measured each minute, kept on the disk, so that it is told while the database is away."""
