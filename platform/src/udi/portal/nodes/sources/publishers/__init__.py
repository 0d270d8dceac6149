"""Who publishes what a source describes, and the organisation of the territory that this is."""
