"""A producer leaves with everything: one archive of its space, and its addresses answered elsewhere."""
