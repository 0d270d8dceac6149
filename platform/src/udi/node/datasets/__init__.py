"""Datasets of the hosted node: described in three steps, published, replaced, withdrawn, announced to the portal."""
