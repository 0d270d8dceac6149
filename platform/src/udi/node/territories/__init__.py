"""The territories that this node serves."""
