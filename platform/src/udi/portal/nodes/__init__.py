"""Producers' nodes: who may push, what they pushed, and the report each of them gets back."""
