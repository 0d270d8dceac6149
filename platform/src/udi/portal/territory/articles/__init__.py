"""Pages and news that a territory wrote, and its pictures."""
