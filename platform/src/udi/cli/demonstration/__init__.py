"""Content of a demonstration, published by the pages that people use."""
