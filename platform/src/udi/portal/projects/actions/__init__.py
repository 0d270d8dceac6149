"""Writes of projects."""
