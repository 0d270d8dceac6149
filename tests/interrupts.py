"""Ctrl-C reaches a run of tests and what it starts, whoever started it."""

import signal


def heed_interrupts() -> None:
    """Take the signal INT again where it was ignored before us: a shell starts what it puts in the background so.

    What is ignored stays ignored in every process that we start, and in every one that it starts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
