"""Where lines of the log and spans are sent beside the error stream."""
