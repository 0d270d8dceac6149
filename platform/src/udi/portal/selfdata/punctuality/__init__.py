"""How punctually producers answer requests about one's own data, in figures from which no single request can be told."""
