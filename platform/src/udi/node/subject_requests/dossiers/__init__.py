"""The dossier of a request, signed by the node."""
