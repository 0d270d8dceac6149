"""The catalogue: datasets as their producers describe them, and how they are found."""
