"""The home of a territory, made of blocks."""
