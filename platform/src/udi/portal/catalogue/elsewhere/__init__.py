"""The same question put elsewhere: to the other territories of this installation, and to other portals that agreed."""
