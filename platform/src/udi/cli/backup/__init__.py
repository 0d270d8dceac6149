"""Backups: the whole cluster by pgBackRest, the node's files and the installation's secrets by restic, one repository.

A manifest, written last, ties the parts together: a backup without one does not exist.
"""
