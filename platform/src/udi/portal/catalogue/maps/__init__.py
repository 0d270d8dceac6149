"""Areas and services of maps: where data are about, drawn or named."""
