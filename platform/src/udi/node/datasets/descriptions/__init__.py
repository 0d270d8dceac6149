"""What a producer answers about a dataset, what is proposed, and what would make it better."""
