"""Requests about one's own data, as the portal knows them: whose, to whom, which right, dates. Their words stay at the node."""
