"""The ground of maps: outlines that are drawn on the server, and their names."""
