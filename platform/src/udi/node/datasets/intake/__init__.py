"""How files become drafts and versions: sent in parts, put by a script, fetched from an address."""
