"""Random policies against the real node: the tables, the model of the reference, the addresses, the readers, the trial."""
