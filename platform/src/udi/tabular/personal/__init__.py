"""Personal data looked for in a typed table, and the ways out of it; no value of a cell is ever kept or logged."""
