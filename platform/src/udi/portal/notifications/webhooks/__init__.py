"""Webhooks: what changed, told to a person's own program (https://www.standardwebhooks.com)."""
