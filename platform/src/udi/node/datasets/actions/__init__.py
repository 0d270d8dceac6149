"""What a producer does with a dataset, and what the portal answers."""
