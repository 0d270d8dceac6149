"""How a command runs: what a refusal looks like at the terminal, and whose files root leaves behind."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog

from udi.cli.local.errors import LocalError
from udi.kit import logs
from udi.kit.errors import ProvisionError, UdiError, UnreleasedRevisionError
from udi.settings import MissingSecretError, get_settings

LEAVE_FOLDERS = {
    "up",
    "serve",
    "work",
    "mailbox",
    "reset",
    "test",
    "bench",
    "version",
}
"""Commands after which root has written nothing in the folders of an installation that an ordinary account runs."""


def run_command(app: Callable[[], Any], command: str) -> None:
    """Run the command of this name; what root wrote for the programs is theirs afterwards."""
    try:
        run(app)
    finally:
        if os.geteuid() == 0 and command not in LEAVE_FOLDERS:
            state = import_module("udi.cli.local.state")
            state.return_to_programs(get_settings())


def run(app: Callable[[], Any]) -> None:
    """Run a command; a refusal is one sentence on the error stream and an exit status that is not 0."""
    logs.configure("text")
    try:
        app()
    except (
        LocalError,
        MissingSecretError,
        ProvisionError,
        UnreleasedRevisionError,
    ) as error:
        _write_refusal(str(error))
        sys.exit(1)
    except UdiError as error:
        sentences = (
            _fill_values(error.detail or error.title, error),
            _fill_values(error.remedy, error),
        )
        _write_refusal(" ".join(filter(None, sentences)))
        for refusal in error.refusals:
            _write_refusal(
                f"  {refusal.field}: {refusal.reason} {refusal.remedy}".rstrip()
            )
        sys.exit(1)
    except ConnectionError as error:
        _write_refusal(
            f"PostgreSQL does not answer ({type(error).__name__}). See `udi doctor`."
        )
        sys.exit(1)


def _write_refusal(words: str) -> None:
    """Say why a command ends: to a person, or as a line where the process writes lines of JSON alone."""
    if logs.writes_json():
        structlog.get_logger().error("command refused", reason=words.strip())
    else:
        print(words, file=sys.stderr)


def _fill_values(words: str, error: UdiError) -> str:
    if error.values:
        return words % error.values
    return words
