"""Consents: a project asks in a notice, a producer accepts to hold it, people answer and stop."""
