"""Figures on how punctually producers answer."""
