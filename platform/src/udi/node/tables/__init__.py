"""What a file is and what its first lines say, without keeping any of them."""
