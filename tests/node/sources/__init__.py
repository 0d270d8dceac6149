"""Datasets renewed from sources of several kinds, each at a real server of its kind."""
