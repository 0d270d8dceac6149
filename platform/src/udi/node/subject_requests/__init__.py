"""Requests of people about the data that producers hold on them: asked, answered and forgotten at the node."""
