"""What was granted at the portal, as this node keeps and applies it: who may read what of the restricted data."""
