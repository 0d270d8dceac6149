"""How deep a run goes: `./udi test` proves what must hold, `./udi test --all` proves it on everything there is."""

import os

SWITCH = "UDI_TEST_ALL"
"""The one environment variable that says so; `./udi test --all` sets it to 1."""
FAST_SWITCH = "UDI_TEST_FAST"
"""What `./udi test --fast` sets to 1, for the plugin that leaves tests out; no test looks at it."""


def thorough() -> bool:
    """Whether this run is of everything."""
    return os.environ.get(SWITCH) == "1"


def examples(default: int, thorough: int) -> int:
    """Return how many examples a property is tried on: `default`, or `thorough` under `--all`."""
    if os.environ.get(SWITCH) == "1":
        return thorough
    return default
