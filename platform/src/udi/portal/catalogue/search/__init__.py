"""Search: one index a territory, made from its public rows, fed by a worker and read by every web worker."""
