"""What both sides agreed on: signed, listed, delivered to the node, and ended."""
