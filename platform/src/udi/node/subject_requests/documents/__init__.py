"""What is written in a request: its entries and its files, each sealed."""
