"""The record of events, readable: who did what on the portal, when."""
