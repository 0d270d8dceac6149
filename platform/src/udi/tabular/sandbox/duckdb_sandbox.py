"""DuckDB that reaches the files it is given and nothing else, in bounded memory; names and texts for its SQL."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

Connection = duckdb.DuckDBPyConnection
MEMORY = "512MB"
IN_MEMORY = ":memory:"
CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "async_threads": 0,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "preserve_insertion_order": True,
}
"""Of every database, before it is said what it may take. Without threads for reading and writing: eight would wait in each."""


def connect(
    *reached: Path,
    memory: str = MEMORY,
    threads: int = 1,
    spill: Path | None = None,
    database: Path | None = None,
    statements: Iterable[str] = (),
) -> Connection:
    """A database (in memory, or the file `database`) that reaches these files and folders only, and no network.

    `spill` is a folder for what exceeds the memory; without one, such a question ends in an error. `statements` are run
    before everything is locked. With one thread, rows stay in the order of their file.
    """
    connection = open_database(str(database or IN_MEMORY))
    places = [*reached, *([spill] if spill else [])]
    folders = ", ".join(literal(f"{place}/") for place in places if place.is_dir())
    files = ", ".join(literal(place) for place in places if not place.is_dir())
    for statement in (
        f"SET threads = {threads}",
        f"SET memory_limit = {literal(memory)}",
        f"SET temp_directory = {literal(spill / 'spill' if spill else '')}",
        "SET TimeZone = 'UTC'",
        *statements,
        f"SET allowed_directories = [{folders}]",
        f"SET allowed_paths = [{files}]",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(statement)
    return connection


def open_database(place: str) -> Connection:
    """An empty database in memory, or a file, which is not locked yet."""
    return duckdb.connect(place, config=CONFIGURATION)


def identifier(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A text; a NUL, which SQL cannot hold, is left out."""
    return "'" + str(value).replace("\0", "").replace("'", "''") + "'"
