"""A program of tests that says the same value in every way that a process has: none of them may write it."""

import asyncio
import gc
import json
import logging
import multiprocessing
import sys
import threading
import traceback
import warnings

import structlog

from udi.kit import logs
from udi.settings import Settings


class Falling:
    """Fails where nothing can be raised."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __del__(self) -> None:
        fail(self.value)


def fail(value: str) -> None:
    """Raise what a database raises: the row stands in the message."""
    msg = f"Failing row contains ({value})."
    raise ValueError(msg)


def catch(value: str) -> ValueError:
    """An exception with its traceback."""
    try:
        fail(value)
    except ValueError as error:
        return error
    raise AssertionError


def say_as_ours(value: str) -> None:
    """Our own code notes an exception."""
    log = structlog.get_logger()
    log.error("ours", exc_info=catch(value))
    caused = KeyError(value)
    caused.__cause__ = catch(value)
    log.error("ours caused", exc_info=caused, job="push")


def say_as_a_library(value: str) -> None:
    """A library notes an exception, and values."""
    library = logging.getLogger("library")
    library.error("row refused", exc_info=catch(value))
    library.warning("%s came after %d tries", value, 3)
    library.warning(f"{value} is wrong")
    warnings.warn(value, stacklevel=1)
    caught = catch(value)
    traceback.print_exception(caught)
    sys.stderr.write(f"{value}\n")
    sys.stdout.write(f"{value}\n")


async def fail_in_a_task(value: str) -> None:
    """Nobody asks for the outcome of a task."""

    async def run() -> None:
        fail(value)

    asyncio.get_running_loop().call_soon(fail, value)
    task = asyncio.ensure_future(run())
    await asyncio.wait({task})


def main() -> None:
    """Say it in every way; the last ends the process."""
    value = sys.argv[1]
    logs.configure_program(Settings(), "udi-portal")
    say_as_ours(value)
    say_as_a_library(value)
    asyncio.run(fail_in_a_task(value))
    thread = threading.Thread(target=fail, args=(value,))
    thread.start()
    thread.join()
    Falling(value)
    gc.collect()
    fork = multiprocessing.get_context("fork").Process(target=fail, args=(value,))
    fork.start()
    fork.join()
    structlog.get_logger().info("odd values", seen=[catch(value), json.dumps])
    fail(value)


if __name__ == "__main__":
    main()
