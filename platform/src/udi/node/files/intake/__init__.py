"""Files on their way in: an upload from its announcement to one object."""
