"""Negotiations of the Dataspace Protocol: offers, who asks, and both sides of one."""
