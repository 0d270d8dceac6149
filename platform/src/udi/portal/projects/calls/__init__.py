"""Calls for projects: text, criteria, questions, submissions, a jury, results."""
