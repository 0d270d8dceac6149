"""What both programs stand on; no word of the domain."""
