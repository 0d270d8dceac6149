"""The producers of a territory, as its team looks after them."""
