"""The portal: catalogue, nodes, people of every territory; holds metadata only."""
