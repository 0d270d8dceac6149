"""The running machinery of `udi up`: a territory on one machine, with nothing to install beside Python."""
