"""Declaring the territory's catalogue to another portal, and what that portal did with each record."""
