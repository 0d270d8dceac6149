"""The clone that this program is run from, where it is run from one."""

from pathlib import Path

PYPROJECT = Path(__file__).parents[4] / "pyproject.toml"
"""Says what the program is made of; where the program is installed there is no such file."""
