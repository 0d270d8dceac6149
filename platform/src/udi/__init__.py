"""Urban Data Interface: a territory's data interface, where metadata circulates and data stay with their producer."""

__version__ = "0.3.0"
